import type { GraphAnswer } from "../ports.js";
import type { Batch, Consequence } from "./lane.js";
import { refusalCode } from "./lane.js";

/** Equal refusals of single sales in a row, with no acceptance between, after which a pixel is not tried further. */
const EQUAL_REFUSALS = 10;

/** Requests in a row whose answer stayed lost after all tries: Meta is not answering, and each costs minutes. */
const LOST_ANSWERS = 2;

/** Tells when the fault is not in the sales: then the pixel's other sales are left for a later run. */
export class Breaker {
  #code = "";
  #refused = 0;
  #lost = 0;

  /** Why to stop, or null. */
  notice(answer: GraphAnswer, batch: Batch, follows: Pick<Consequence, "answer" | "again">): string | null {
    if (answer.kind === "accepted") this.#refused = 0;
    if (answer.kind !== "unknown") this.#lost = 0;
    else if (follows.again.length === 0) this.#lost += 1;
    if (this.#lost >= LOST_ANSWERS)
      return `${LOST_ANSWERS} requests in a row stayed without a certain answer`;
    // A sale that is tried again has not had its last word: three tries of one sale are not three sales.
    if (answer.kind !== "refused" || batch.sales.length !== 1 || follows.again.length > 0) return null;
    const code = refusalCode(answer);
    this.#refused = code === this.#code ? this.#refused + 1 : 1;
    this.#code = code;
    return this.#refused >= EQUAL_REFUSALS
      ? `${EQUAL_REFUSALS} sales in a row were refused with ${code}`
      : null;
  }
}
