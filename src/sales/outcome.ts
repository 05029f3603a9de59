import { addAmounts, parseAmount } from "./money.js";
import type { Judged } from "./verdict.js";

/** Meta's answer to an attempt. */
export const answers = ["accepted", "refused", "unconfirmed", "not-sent"] as const;
export type Answer = (typeof answers)[number];

/** Whose fault it is that an attempt was not accepted, where that can be told. */
export const blames = ["sale", "pixel", "network"] as const;
export type Blame = (typeof blames)[number];

/** What the attempt did to the row; `restored`: flagged again, without id, by `undo`. An acceptance is never forgotten because the row moved. */
export const effects = ["confirmed", "reverted", "restored", "kept", "overtaken"] as const;
export type Effect = (typeof effects)[number];

/** How one sale ended in this run. `answer` is null where nothing was to be sent. */
export interface Outcome {
  readonly judged: Judged;
  readonly answer: Answer | null;
  readonly effect: Effect;
  readonly because: string;
  readonly eventId: string | null;
}

/** Did it end as the command meant it to? */
export function endedWell({ answer, effect }: Pick<Outcome, "answer" | "effect">): boolean {
  // An accepted sale whose row is kept was confirmed before, under an id that Meta had counted for another.
  return (
    effect === "confirmed" ||
    (answer === "accepted" && effect === "kept") ||
    (answer === null && (effect === "reverted" || effect === "restored"))
  );
}

export interface Sum {
  readonly count: number;
  readonly amount: string;
}

/** Counts and adds up money, exactly. Amounts that are no amounts count, and add nothing. */
export function total(sales: readonly { readonly amount: string | null }[]): Sum {
  return { count: sales.length, amount: addAmounts(sales.map((sale) => worth(sale.amount))) };
}

/** An amount to reckon with; none for what is no number. */
export function worth(amount: string | null): string {
  return (amount === null ? null : parseAmount(amount)) ?? "0.00";
}

/** Outcomes by effect, with their money. */
export function tally(outcomes: readonly Outcome[]): Readonly<Record<string, Sum>> {
  const groups = effects.map(
    (effect) => [effect, outcomes.filter((outcome) => outcome.effect === effect)] as const,
  );
  return Object.fromEntries(
    groups
      .filter(([, list]) => list.length > 0)
      .map(([effect, list]) => [effect, total(list.map((o) => o.judged.sale))]),
  );
}
