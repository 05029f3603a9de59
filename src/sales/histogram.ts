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

/** The incident's shape: every hour (or few hours) from the first to the last, so that a gap shows. */
export function byHour(moments: readonly (Instant | null)[]): {
  readonly title: string;
  readonly bars: readonly Bar[];
} {
  const hours = moments.filter((at) => at !== null).map((at) => Math.floor(at / HOUR));
  if (hours.length === 0) return { title: "", bars: [] };
  const first = hours.reduce((a, b) => Math.min(a, b));
  const last = hours.reduce((a, b) => Math.max(a, b));
  const width = [1, 2, 3, 6, 12].find((step) => (last - first) / step < MOST_BARS - 1) ?? 24;
  const start = Math.floor(first / width) * width;
  const counts = new Map<number, number>();
  for (const hour of hours) {
    const at = Math.floor((hour - start) / width);
    counts.set(at, (counts.get(at) ?? 0) + 1);
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

/** How often each name occurs, the most frequent first, at most ten. */
export function byName(names: readonly string[]): readonly Bar[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([label, count]) => ({ label, count }))
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 10);
}
