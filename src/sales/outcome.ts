import { amountOf, cents, parseAmount } from "./money.js";
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

/** A number of sales and their money, exactly, added up while they go by. Amounts that are no amounts count, and add nothing. */
export class RunningSum {
  count = 0;
  #cents = 0n;

  add({ amount }: { readonly amount: string | null }): void {
    this.count += 1;
    this.#cents += cents(worth(amount));
  }

  sum(): Sum {
    return { count: this.count, amount: amountOf(this.#cents) };
  }
}

/** The same of sales in hand. */
export function total(sales: readonly { readonly amount: string | null }[]): Sum {
  const running = new RunningSum();
  for (const sale of sales) running.add(sale);
  return running.sum();
}

/** An amount to reckon with; none for what is no number. */
export function worth(amount: string | null): string {
  return (amount === null ? null : parseAmount(amount)) ?? "0.00";
}

/** Outcomes by effect, with their money, added up while they go by. */
export class Effects {
  readonly #sums = new Map<Effect, RunningSum>();

  add({ effect, judged }: Outcome): void {
    const sum = this.#sums.get(effect) ?? new RunningSum();
    sum.add(judged.sale);
    this.#sums.set(effect, sum);
  }

  sums(): Readonly<Record<string, Sum>> {
    const found = effects.flatMap((effect) => {
      const sum = this.#sums.get(effect)?.sum();
      return sum === undefined ? [] : [[effect, sum] as const];
    });
    return Object.fromEntries(found);
  }
}

/** The same of outcomes in hand. */
export function tally(outcomes: readonly Outcome[]): Readonly<Record<string, Sum>> {
  const found = new Effects();
  for (const outcome of outcomes) found.add(outcome);
  return found.sums();
}
