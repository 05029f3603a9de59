import { InvalidArgumentError } from "commander";
import { KnownError } from "./errors.js";
import type { CauseName } from "./sales/causes.js";
import { causeNames } from "./sales/causes.js";
import { fromLocal } from "./sales/days.js";
import { parseAmount } from "./sales/money.js";
import { iso } from "./sales/time.js";

/** The longest window: what lies further back, Meta no longer accepts, but an owner may want to see it. */
const MOST_HOURS = 24 * 366;

/** `--hours 24`: positive, fractions allowed. */
export function hours(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > MOST_HOURS) {
    throw new InvalidArgumentError(`Give a number of hours from above 0 to ${MOST_HOURS}.`);
  }
  return value;
}

/** `--days 30`: whole days. */
export function days(text: string): number {
  const value = Number(text);
  if (!/^[1-9]\d{0,3}$/.test(text) || value > MOST_HOURS / 24)
    throw new InvalidArgumentError(`Give a whole number of days from 1 to ${MOST_HOURS / 24}.`);
  return value;
}

/** `--html report.html`: a file, and no stream: what is read half-way is no page. */
export function file(text: string): string {
  if (text.trim() === "" || text === "-") throw new InvalidArgumentError("Give the name of a file.");
  return text;
}

/** `--limit 50`: a whole number from 1. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 1.");
  return Number(text);
}

/** Timers of Node fire at once beyond 24.8 days, and no patience of ours reaches past Meta's seven. */
const LONGEST = 168 * 3_600_000;

const unit: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600 };

/** A span of time in milliseconds: `90`, `90s`, `20m`, `18h`; at most seven days. */
export function duration(text: string): number {
  const match = /^(\d{1,7}(?:\.\d+)?)([smh]?)$/.exec(text);
  const ms = Number(match?.[1]) * (unit[match?.[2] ?? ""] ?? 1) * 1000;
  if (!match || ms > LONGEST)
    throw new InvalidArgumentError("Give seconds, or a number with s, m or h, such as 20m; at most 168h.");
  return ms;
}

/** Like `duration`, but not nothing. */
export function someTime(text: string): number {
  const ms = duration(text);
  if (ms <= 0) throw new InvalidArgumentError("Give more than 0.");
  return ms;
}

/** `--watch` and `--watch=10`: milliseconds between two looks, at least a second; null where it was not asked for. */
export function watchEvery(watch: number | true | undefined): number | null {
  if (watch === undefined) return null;
  return watch === true ? 5_000 : Math.max(1_000, watch);
}

/** `--cause meta-refused`: repeats and takes commas. */
export function cause(text: string, earlier: readonly CauseName[] = []): readonly CauseName[] {
  const names = text.split(",").map((name) => name.trim());
  const known = names.flatMap((name) => causeNames.find((one) => one === name) ?? []);
  if (known.length < names.length) throw new InvalidArgumentError(`Give one of ${causeNames.join(", ")}.`);
  return [...new Set([...earlier, ...known])];
}

/** `--accept-duplicate=500`: money as a decimal number. */
export function money(text: string): string {
  const amount = /^\d+([.,]\d{1,2})?$/.test(text) ? parseAmount(text.replace(",", ".")) : null;
  if (amount === null) throw new InvalidArgumentError("Give an amount of money, such as 500 or 497.00.");
  return amount;
}

/** `--id` repeats and takes commas: ids, payment ids, or `-` for standard input. */
export function references(text: string, earlier: readonly string[] = []): readonly string[] {
  const names = splitReferences(text);
  if (names.length === 0)
    throw new InvalidArgumentError(
      "Give an id such as 9445, or a payment id such as BOT19_1763607031_ab12cd.",
    );
  return [...new Set([...earlier, ...names])];
}

/**
 * Commas and line ends divide, blanks only between numbers: a payment id may hold one.
 * @throws KnownError where no sale can bear a name
 */
export function splitReferences(text: string): string[] {
  const names = text
    .split(/[,\n\r]+/)
    .flatMap((part) => (/^[\d\s]+$/.test(part) ? part.split(/\s+/) : [part.trim()]))
    .filter((name) => name !== "");
  for (const name of names) refuseUnstorable(name);
  return names;
}

/** `explain ID`: one name, an id or a payment id. */
export function reference(text: string): string {
  const [name, ...more] = splitReferences(text);
  if (name === undefined || more.length > 0)
    throw new InvalidArgumentError("Give one sale: an id such as 9445, or its payment id.");
  return name;
}

/** `undo RUN`: as we name runs, or whoever wrote the journal did. */
export function runId(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("Give one run as journal lists it, such as 3f9c2a7d10be.");
}

/** NUL, and half a surrogate pair: the database would refuse the whole list, without saying which name it is. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

function refuseUnstorable(name: string): void {
  const [found] = UNSTORABLE.exec(name) ?? [];
  if (found === undefined) return;
  const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  throw new KnownError({
    what: `The name ${JSON.stringify(name.slice(0, 60))} holds U+${code}, which no text in PostgreSQL can`,
    why: found === "\0" ? "a NUL after every letter is the mark of a UTF-16 file" : undefined,
    next: "give the names as UTF-8 text, separated by commas or line ends",
  });
}

/**
 * `--since` and `--until`: ISO-8601. Without a zone it is read in the shop's, like the shop's own columns. Returns a
 * function of that zone, since the configuration is read later than the options.
 */
export function moment(text: string): (timeZone: string) => number {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/i.exec(
      text,
    );
  const naive = match ? Date.parse(`${match[1]}T${match[2] ?? "00:00"}Z`) : Number.NaN;
  // Date.parse takes February 31st for March 3rd; and nobody sold anything before 1970.
  if (!match || !(naive >= 0) || iso(Date.parse(`${match[1]}T00:00Z`)).slice(0, 10) !== match[1]) {
    throw new InvalidArgumentError(
      "Give a time such as 2026-11-20, 2026-11-20T14:00 or 2026-11-20T17:00:00Z.",
    );
  }
  const zone = match[3]?.toUpperCase();
  if (zone === undefined) return (timeZone) => fromLocal(naive, timeZone);
  const [, sign, h = "0", m = "0"] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  const offset = (Number(h) * 60 + Number(m)) * 60_000 * (sign === "-" ? -1 : 1);
  return () => naive - offset;
}
