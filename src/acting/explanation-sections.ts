import type { Item, Section, Tone } from "../context.js";
import type { Explanation } from "../sales/explained.js";
import type { Offer } from "../sales/offers.js";
import type { Instant } from "../sales/sale.js";
import { DAY } from "../sales/sale.js";
import type { StoryLine } from "../sales/story.js";
import { age, iso } from "../sales/time.js";
import { shortened } from "./shortened.js";

/** A line without a command. Places and task ids are shortened for people: the documents have them whole. */
export function item(label: string, text: string, tone?: Tone): Item {
  return { label, text: shortened(text), tone };
}

export function limitsSection({ judged }: Explanation, now: Instant): Section {
  const { kind, foldedUntil, expiresAt } = judged;
  const left = (at: Instant) => `${age(at - now)} left, until ${iso(at)}`;
  const folds =
    foldedUntil !== null && foldedUntil > now
      ? `${left(foldedUntil)}: Meta folds a second copy`
      : foldedUntil !== null || kind === "untraceable"
        ? "past, or not certain: a second copy may count"
        : "nothing has to be folded";
  const accepts =
    expiresAt === null
      ? "the row has no time"
      : expiresAt > now
        ? `${left(expiresAt)}: Meta accepts the event`
        : `past since ${iso(expiresAt)}: Meta rejects the event`;
  return {
    title: "Deadlines",
    items: [item("47 h", folds, soon(foldedUntil, now)), item("7 days", accepts, soon(expiresAt, now))],
  };
}

const soon = (at: Instant | null, now: Instant): Tone | undefined =>
  at !== null && at - now < DAY ? "warn" : undefined;

export function storySection({ story }: Explanation): Section {
  return { title: "What was found (times in UTC)", items: story.map(storyItem) };
}

function storyItem({ at, source, text, where, times, until }: StoryLine): Item {
  const again = times === 1 ? "" : ` ×${times}${until === null ? "" : `, until ${clock(until)}`}`;
  const place = where === null ? "" : ` (${where})`;
  return item(`${at === null ? "-".padEnd(15) : clock(at)}  ${source}`, `${text}${place}${again}`);
}

const clock = (at: Instant) => `${iso(at).slice(5, 19).replace("T", " ")}Z`;

export function offersSection({ offers }: Explanation, lack: string | null): Section {
  const lacking = lack === null ? [] : [`whether it can be sent was not checked: ${lack}`];
  return {
    title: "What is permitted",
    items: [...offers.map(offerItem), ...lacking.map((text) => item("lacking", text, "warn"))],
  };
}

function offerItem({ action, allowed, because, named, flag, command }: Offer): Item {
  const text = allowed
    ? `yes${named ? ", when named" : ""}: ${because}`
    : `no: ${because}${flag === null ? "" : `; allowed by ${flag}`}`;
  return { ...item(action, text, allowed ? "good" : flag === null ? "dim" : "warn"), command };
}
