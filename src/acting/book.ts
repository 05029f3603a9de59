import type { Claim, Claimed, RowState, Written } from "../ports.js";
import type { Outcome } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import type { Consequence } from "./lane.js";
import { claimOf, stateInWords } from "./state.js";

type Follows = Pick<Consequence, "answer" | "because">;

/** What a lane knows of its sales: bookkeeping without I/O, so that sending.ts shows the order of steps and no more. */
export class Book {
  readonly outcomes = new Map<number, Outcome>();
  readonly written = new Map<number, Written>();
  readonly unreached: { item: Planned; because: string }[] = [];
  /** Sales of which an attempt of ours has no answer: no later refusal makes them "never arrived". */
  readonly #doubtful: Set<number>;
  /** What our own claims made of the rows since they were judged: later claims compare with that. */
  readonly #ours = new Map<number, Pick<Claim, "lastAttempt" | "takeBack" | "mark">>();

  constructor(sales: readonly Planned[]) {
    const open = sales.filter(({ judged }) => judged.kind === "unsettled");
    this.#doubtful = new Set(open.map(({ judged }) => judged.sale.id));
  }

  claimOf(item: Planned): Claim {
    const ours = this.#ours.get(item.judged.sale.id);
    return ours === undefined ? claimOf(item) : { ...claimOf(item), ...ours };
  }

  /** A sale that was taken back is flagged now, with a time of ours. */
  claimed(item: Planned, { attempt, flaggedAt }: Claimed): void {
    const { mark } = item.judged.sale;
    this.#ours.set(item.judged.sale.id, {
      lastAttempt: attempt,
      takeBack: false,
      mark: { ...mark, flaggedAt },
    });
  }

  /** Nothing more is done about it in this run. A sale that had an attempt keeps its outcome. */
  leave(item: Planned, because: string): void {
    if (!this.outcomes.has(item.judged.sale.id)) this.unreached.push({ item, because });
  }

  /** Does the answer give the sale to the application (again)? Asked before `answered`. */
  reverts(item: Planned, { answer }: Follows): boolean {
    const { sale } = item.judged;
    if (this.#doubtful.has(sale.id)) return false;
    // Taken back from the application in vain, and certainly not sent: it is the application's again.
    const givenBack = !sale.flagged && (answer === "not-sent" || answer === "refused");
    return givenBack || (answer === "refused" && item.revertIfRefused);
  }

  answered(item: Planned, { answer }: Follows): void {
    if (answer === "unconfirmed") this.#doubtful.add(item.judged.sale.id);
  }

  settled(item: Planned, row: Written, follows: Follows, state: RowState | undefined, now: Instant): void {
    const { judged } = item;
    const { eventId } = judged.identity;
    const open = this.#doubtful.has(row.saleId) && follows.answer !== "accepted";
    const notes = [
      open && follows.answer !== "unconfirmed"
        ? `an earlier attempt has no answer; ${follows.because}`
        : follows.because,
    ];
    if (row.effect === "overtaken") {
      const why = row.because ?? stateInWords(this.claimOf(item), state, now);
      notes.push(`as ${eventId}, but the row was left: ${why}`);
    }
    if (row.effect === "kept" && follows.answer === "accepted")
      notes.push(`as ${eventId}; the row keeps event id ${judged.sale.metaEventId}`);
    if (row.effect === "reverted") {
      const { mark, takeBack } = claimOf(item);
      this.#ours.set(row.saleId, { lastAttempt: row.attempt, takeBack, mark });
    }
    this.written.set(row.saleId, row);
    const answer = open ? "unconfirmed" : follows.answer;
    this.outcomes.set(row.saleId, { judged, answer, effect: row.effect, because: notes.join(" "), eventId });
  }

  /** The row is no longer what was judged: nothing (more) was sent, and the outcome says what it is now. */
  overtaken(item: Planned, why: string): void {
    const { judged } = item;
    const earlier = this.outcomes.get(judged.sale.id);
    const outcome: Outcome = earlier
      ? { ...earlier, because: `${earlier.because}; not repeated: ${why}` }
      : { judged, answer: null, effect: "overtaken", because: `nothing was sent: ${why}`, eventId: null };
    this.outcomes.set(judged.sale.id, outcome);
  }
}
