import type { Instant, Sale } from "./sale.js";
import { MINUTE } from "./sale.js";

/** Rates are of so many minutes: short enough to see an incident begin and end, long enough for a quiet shop. */
export const TREND_SPAN = 10 * MINUTE;

/** What came and went between the looks of a watch. */
export interface Trend {
  /** Of the span that the counts below cover, in milliseconds; 0 at the first look. */
  readonly spanMs: number;
  /** Sales that became stuck. */
  readonly came: number;
  /** Sales that are stuck no more: confirmed, given back, refunded. Those that only left the window are not counted. */
  readonly went: number;
}

interface Look {
  readonly at: Instant;
  readonly came: number;
  readonly went: number;
}

/** Compares each look with the one before, and adds up those of the last ten minutes. */
export class Trends {
  #known: ReadonlyMap<number, Instant | null> | null = null;
  #looks: Look[] = [];

  /** `since`: where the window begins at this look; null where sales were named. */
  look(sales: readonly Pick<Sale, "id" | "createdAt">[], now: Instant, since: Instant | null): Trend {
    const current = new Map(sales.map((sale) => [sale.id, sale.createdAt]));
    const before = this.#known;
    const came = before === null ? [] : [...current.keys()].filter((id) => !before.has(id));
    const went = [...(before ?? [])].filter(
      ([id, created]) => !current.has(id) && (since === null || created === null || created >= since),
    );
    this.#known = current;
    this.#looks.push({ at: now, came: came.length, went: went.length });
    // The oldest look that is kept only says since when: what it found came before.
    while (this.#looks.length > 2 && (this.#looks[1]?.at ?? now) <= now - TREND_SPAN) this.#looks.shift();
    const [first, ...later] = this.#looks;
    const sum = (of: (look: Look) => number) => later.reduce((total, look) => total + of(look), 0);
    return {
      spanMs: now - (first?.at ?? now),
      came: sum((look) => look.came),
      went: sum((look) => look.went),
    };
  }
}

/** `0.4 a minute`; whole numbers from ten on. */
export function perMinute(count: number, spanMs: number): string {
  const rate = (count * MINUTE) / spanMs;
  return `${rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10} a minute`;
}
