import { addAmounts } from "../sales/money.js";
import { worth } from "../sales/outcome.js";
import type { Plan, Wishes } from "../sales/plan.js";

/** What the limits of the command line still leave to the waves to come. */
export class Budget {
  #acts = 0;
  #doubled = "0.00";

  of<H extends { readonly wishes: Wishes }>(how: H): H {
    return { ...how, wishes: { ...how.wishes, spent: { acts: this.#acts, doubled: this.#doubled } } };
  }

  spend({ act }: Plan): void {
    this.#acts += act.length;
    const risky = act.filter(({ mayDouble }) => mayDouble).map(({ judged }) => worth(judged.sale.amount));
    this.#doubled = addAmounts([this.#doubled, ...risky]);
  }
}
