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

/** ISO-8601 in UTC with milliseconds: `2026-11-20T14:03:00.000Z`. @throws RangeError beyond the year 275760 */
export function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}
