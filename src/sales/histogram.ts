import type { Instant } from "./sale.js";
import { HOUR } from "./sale.js";
import { iso } from "./time.js";

/** A bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly count: number;
}

/** More lines would push the table off the screen. */
const MOST_BARS = 24;

/** Names, and how often each occurred. */
export class Tally<Name> {
  readonly #counts = new Map<Name, number>();

  add(name: Name): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  entries(): readonly (readonly [Name, number])[] {
    return [...this.#counts];
  }
}

/** The hour of a moment, as `byHour` counts them. */
export const hourOf = (at: Instant): number => Math.floor(at / HOUR);

/** The incident's shape: every hour (or few hours) from the first to the last, so that a gap shows. */
export function byHour(found: Tally<number>): { readonly title: string; readonly bars: readonly Bar[] } {
  const hours = found.entries();
  if (hours.length === 0) return { title: "", bars: [] };
  const first = hours.reduce((least, [hour]) => Math.min(least, hour), Infinity);
  const last = hours.reduce((most, [hour]) => Math.max(most, hour), -Infinity);
  const width = [1, 2, 3, 6, 12].find((step) => (last - first) / step < MOST_BARS - 1) ?? 24;
  const start = Math.floor(first / width) * width;
  const counts = new Map<number, number>();
  for (const [hour, count] of hours) {
    const at = Math.floor((hour - start) / width);
    counts.set(at, (counts.get(at) ?? 0) + count);
  }
  const bars = Array.from({ length: Math.floor((last - start) / width) + 1 }, (_, at) => ({
    label: `${iso((start + at * width) * HOUR)
      .slice(5, 13)
      .replace("T", " ")}h`,
    count: counts.get(at) ?? 0,
  }));
  return {
    title: width === 1 ? "by hour of sale" : `by ${width} hours of sale`,
    bars: bars.slice(-MOST_BARS),
  };
}

/** The most frequent names first, at most ten. */
export function byName(found: Tally<string>): readonly Bar[] {
  return found
    .entries()
    .map(([label, count]) => ({ label, count }))
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 10);
}
