import { DAY, HOUR, MINUTE, type Instant } from "./sale.js";

const SECOND = 1_000;

const units: readonly (readonly [string, number])[] = [
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", SECOND],
];

/** A span in milliseconds as its two largest units, cut rather than rounded: `3h 12m`, `2d 4h`, `45s`. Negative with a minus. */
export function age(ms: number): string {
  if (!Number.isFinite(ms)) return "unknown";
  if (ms < 0) return age(-ms) === "0s" ? "0s" : `-${age(-ms)}`;
  const first = units.findIndex(([, size]) => ms >= size);
  if (first < 0) return "0s";
  let rest = ms;
  const parts = units.slice(first, first + 2).map(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? "" : `${count}${name}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}

/** `2026-11-20T` by its day since 1970: the moments of a list lie in a few days. */
const days = new Map<number, string>();
const MOST_DAYS = 1_000;

const padded = (count: number, digits: number) =>
  Array.from({ length: count }, (_, n) => String(n).padStart(digits, "0"));
const pairs = padded(60, 2);
const thousandths = padded(SECOND, 3);

/**
 * ISO-8601 in UTC with milliseconds: `2026-11-20T14:03:00.000Z`. By hand, since a date for each of four moments was a
 * third of the time of writing a sale. @throws RangeError beyond the year 275760
 */
export function iso(instant: Instant): string {
  const whole = Math.trunc(instant);
  const day = Math.floor(whole / DAY);
  let ms = whole - day * DAY;
  const part = (size: number) => {
    const count = Math.floor(ms / size);
    ms -= count * size;
    return count;
  };
  return `${dayOf(day)}${pairs[part(HOUR)]}:${pairs[part(MINUTE)]}:${pairs[part(SECOND)]}.${thousandths[ms]}Z`;
}

function dayOf(day: number): string {
  const known = days.get(day);
  if (known !== undefined) return known;
  const text = new Date(day * DAY).toISOString().slice(0, -"00:00:00.000Z".length);
  if (days.size >= MOST_DAYS) days.clear();
  days.set(day, text);
  return text;
}
