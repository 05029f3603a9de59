import type { CauseName } from "./causes.js";
import type { Fate } from "./fate.js";
import type { Sum } from "./outcome.js";
import type { Instant } from "./sale.js";

export type { Fate, FateTold, Reach, Standing, Trail } from "./fate.js";
export { fateOf, fateTable, fates, reaches } from "./fate.js";

/** What the sales of a report can be put together by. */
export const groupings = ["day", "bot", "pixel", "cause"] as const;
export type Grouping = (typeof groupings)[number];

/** One sale, as a report counts it. */
export interface Counted {
  /** Day of the sale, `2026-11-20`, in the shop's zone; null where its row has no time. */
  readonly day: string | null;
  readonly botId: number;
  readonly botName: string;
  readonly pixelId: string | null;
  readonly cause: CauseName;
  readonly fate: Fate;
  /** As the row has it; what is no number counts as none. */
  readonly amount: string | null;
}

/** How many, and how much, by what became of them. */
export interface Sums extends Sum {
  readonly byFate: Readonly<Record<Fate, Sum>>;
}

/** The sales of one day, bot, pixel or cause. */
export interface Group extends Sums {
  /** The day, the bot's id, the pixel or the cause; null where it is not known. */
  readonly key: string | null;
  /** For people: the bot's name, the cause in words; else the key. */
  readonly label: string;
}

/** All that a report tells. */
export interface Account {
  readonly generatedAt: Instant;
  readonly since: Instant;
  /** Exclusive; null where the window is open. */
  readonly until: Instant | null;
  readonly timeZone: string;
  readonly currency: string;
  readonly totals: Sums;
  readonly groups: Readonly<Record<Grouping, readonly Group[]>>;
  /** Open sales before or after the window. */
  readonly outside: Sum;
}
