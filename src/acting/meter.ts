import type { Output } from "../context.js";
import type { Clock } from "../ports.js";
import { showAmount } from "../sales/money.js";
import type { Plan } from "../sales/plan.js";
import { age } from "../sales/time.js";
import { RunningSum } from "../sales/outcome.js";

/** Whoever watches sees no more than that, and each text is made of some ten parts. */
const EVERY_MS = 100;

/** A rate of less time than this says more of the first request than of those to come. */
const SETTLED_MS = 2_000;

type Amount = { readonly amount: string | null };

/** How far long work is, for whoever watches: number, rate, time left and money. Nothing is drawn but on a terminal. */
export class Meter {
  readonly #action: Plan["action"];
  readonly #total: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #currency: string;
  readonly #begun: number;
  readonly #well = new RunningSum();
  #done = 0;
  #shown = -Infinity;

  constructor(
    action: Plan["action"],
    total: number,
    { clock, currency }: { readonly clock: Pick<Clock, "now">; readonly currency: string },
  ) {
    this.#action = action;
    this.#total = total;
    this.#clock = clock;
    this.#currency = currency;
    this.#begun = clock.now();
  }

  /** Draws on a bar of its own until it is stopped: a table or a question would be drawn over. */
  on(output: Pick<Output, "progress">): {
    add(sales: readonly Amount[], well: boolean): void;
    stop(): void;
  } {
    const bar = output.progress(this.text());
    return {
      add: (sales, well) => {
        this.#done += sales.length;
        if (well) for (const sale of sales) this.#well.add(sale);
        const now = this.#clock.now();
        if (now - this.#shown < EVERY_MS) return;
        this.#shown = now;
        bar.update(this.text());
      },
      stop: () => bar.stop(),
    };
  }

  /** `resend: 12000 of 100000, 5400/s, 16s left, BRL 1163000.00 recovered`. */
  text(): string {
    const { count, amount } = this.#well.sum();
    const money = count === 0 ? "" : `, ${showAmount(amount, this.#currency)} ${this.#word()}`;
    return `${this.#action}: ${this.#done} of ${this.#total}${this.#pace()}${money}`;
  }

  #pace(): string {
    const spent = this.#clock.now() - this.#begun;
    if (this.#done === 0 || spent < SETTLED_MS) return "";
    const perSecond = (this.#done * 1000) / spent;
    const rate = perSecond >= 10 ? Math.round(perSecond) : Math.round(perSecond * 10) / 10;
    const left = ((this.#total - this.#done) / perSecond) * 1000;
    return `, ${rate}/s${left > 0 ? `, ${age(left)} left` : ""}`;
  }

  #word(): string {
    return this.#action === "revert" ? "given back" : this.#action === "undo" ? "undone" : "recovered";
  }
}
