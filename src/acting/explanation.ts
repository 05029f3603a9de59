import type { Item, Page, Section, Tone } from "../context.js";
import { causeTable } from "../sales/causes.js";
import type { Explanation } from "../sales/explained.js";
import { stateOf } from "../sales/explained.js";
import { because } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import type { Offer } from "../sales/offers.js";
import type { Instant } from "../sales/sale.js";
import { paidMoment } from "../sales/sale.js";
import { ACCEPTED_FOR } from "../sales/verdict.js";
import type { StoryLine } from "../sales/story.js";
import { age, iso } from "../sales/time.js";
import { notStuck } from "./words.js";

/** The sections of `explain`: what it is, why, what was found, and last, beside the prompt, what to type. */
export function explanationPage(
  explanation: Explanation,
  { currency, now, lack }: { readonly currency: string; readonly now: Instant; readonly lack: string | null },
): Omit<Page, "document"> {
  const { judged, open } = explanation;
  const { sale } = judged;
  const paid = paidMoment(sale);
  const when = paid === null ? "" : `, paid ${age(now - paid)} ago`;
  const title = `Sale ${sale.id} (${sale.paymentId}): ${stateOf(explanation)}`;
  const about = `${sale.botName}, ${showAmount(sale.amount ?? "0.00", currency)}${when}`;
  const sections = open
    ? [
        verdictOf(explanation),
        rulesOf(explanation),
        causeSection(explanation),
        identityOf(explanation),
        limitsOf(explanation, now),
      ]
    : [{ title: "Nothing to do", items: [plain("", notStuck(sale), "good")] }];
  return {
    title: `${title} · ${about}`,
    sections: [...sections, storySection(explanation), offersOf(explanation, lack)],
  };
}

const plain = (label: string, text: string, tone?: Tone): Item => ({ label, text, tone });

function verdictOf({ judged, contradictions, person }: Explanation): Section {
  const { kind, obstacle, evidence } = judged;
  const items = [
    plain(kind, because(judged), kind === "untraceable" || obstacle.kind !== "none" ? "warn" : "good"),
  ];
  for (const line of contradictions) items.push(plain("but", line, "warn"));
  if (person !== null) items.push(plain("person", `needs a person: ${person}`, "warn"));
  if (evidence.workers !== null) items.push(plain("workers", `not well: ${evidence.workers}`, "warn"));
  return { title: "Verdict", items };
}

function rulesOf({ steps }: Explanation): Section {
  return {
    title: "Why: the first rule that holds decides",
    items: steps.map(({ question, answer, because: why, decides }, at) =>
      plain(
        `${at + 1}`,
        decides ? `${question} ${answer}: this decides` : `${question} ${answer}: ${why}`,
        decides ? "strong" : "dim",
      ),
    ),
  };
}

function causeSection({ cause, wouldTell }: Explanation): Section {
  if (cause === null) {
    return { title: "Cause: unknown; this would tell", items: wouldTell.map((text) => plain("give", text)) };
  }
  const { number, title, symptom, check, remedy } = causeTable[cause];
  return {
    title: `Cause${number === null ? "" : ` ${number}`}: ${title}`,
    items: [
      plain("symptom", symptom),
      ...check.map((text) => plain("check", text)),
      plain("remedy", remedy, "strong"),
    ],
  };
}

const sureness = {
  known: "known",
  presumed: "presumed, and treated as known (risk R1)",
  unknown: "not known to be the earlier attempt's",
} as const;

function identityOf({ judged: { identity } }: Explanation): Section {
  const { eventId, origin, knowledge, pixelId, pool, carrier } = identity;
  const place =
    pool === null ? "no pool has it" : `pool ${pool.id}${pool.name === null ? "" : ` (${pool.name})`}`;
  const items = [
    plain("event id", `${eventId}: ${sureness[knowledge]}; origin ${origin}`),
    plain("pixel", pixelId === null ? "none is known" : `…${pixelId.slice(-4)}, ${place}`),
  ];
  if (carrier !== null)
    items.push(plain("click", `sale ${carrier.id} carries the event id of the click that both share`));
  return { title: "What a send would bear", items };
}

function limitsOf({ judged: { foldedUntil, expiresAt } }: Explanation, now: Instant): Section {
  const left = (at: Instant) =>
    at > now ? `${age(at - now)} left, until ${iso(at)}` : `past since ${iso(at)}`;
  const items = [
    plain(
      "47 h",
      foldedUntil === null ? "does not matter here" : `${left(foldedUntil)}: Meta folds a second copy`,
      soon(foldedUntil, now),
    ),
    plain(
      "7 days",
      expiresAt === null ? "the row has no time" : `${left(expiresAt)}: Meta accepts the event`,
      soon(expiresAt, now),
    ),
  ];
  return { title: "Deadlines", items };
}

/** Under a day left, or nothing. */
const soon = (at: Instant | null, now: Instant): Tone | undefined =>
  at !== null && at - now < ACCEPTED_FOR / 7 ? "warn" : undefined;

function storySection({ story }: Explanation): Section {
  return { title: "What was found (times in UTC)", items: story.map(storyItem) };
}

function storyItem({ at, source, text, where, times, until }: StoryLine): Item {
  const again = times === 1 ? "" : ` ×${times}${until === null ? "" : `, until ${clock(until)}`}`;
  const label = `${at === null ? "-" : clock(at)}  ${source}`;
  return plain(label, `${text}${again}${where === null ? "" : ` (${where})`}`);
}

const clock = (at: Instant) => `${iso(at).slice(5, 19).replace("T", " ")}Z`;

function offersOf({ offers }: Explanation, lack: string | null): Section {
  const items = offers.map((offer) => offerItem(offer));
  if (lack !== null && offers.length > 0)
    items.push(plain("lacking", `whether it can be sent was not checked: ${lack}`, "warn"));
  return { title: "What is permitted", items };
}

function offerItem({ action, allowed, because: why, flag, command, mayDouble }: Offer): Item {
  const risk = mayDouble ? "; it may then count twice" : "";
  const text = allowed ? `yes: ${why}` : `no: ${why}${flag === null ? "" : `; allowed by ${flag}${risk}`}`;
  return { label: action, text, command, tone: allowed ? "good" : flag === null ? "dim" : "warn" };
}
