import type { Claim, Guard, RowState, Undoing } from "../ports.js";
import { causeOf } from "../sales/causes.js";
import { rivalsOf } from "../sales/click.js";
import type { Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";

/** The row as it was judged. */
export function guardOf({ judged: { sale, evidence } }: Pick<Planned, "judged">): Guard {
  return { saleId: sale.id, mark: sale.mark, lastAttempt: evidence.lastAttempt, cause: causeOf(evidence) };
}

/** What a planned send puts on record, against the row as it was judged. */
export function claimOf(item: Planned): Claim {
  const { sale, identity, evidence } = item.judged;
  // Written out: to spread a guard into it took five times as long, four times for each sale that is sent.
  return {
    saleId: sale.id,
    mark: sale.mark,
    lastAttempt: evidence.lastAttempt,
    cause: causeOf(evidence),
    eventId: identity.eventId,
    origin: identity.origin,
    pixelId: identity.pixelId ?? "",
    metaEventId: sale.metaEventId,
    before: item.before,
    takeBack: !sale.flagged,
    siblings: rivalsOf(sale, evidence, identity.eventId),
  };
}

/** What a row was taken to be by whoever wanted to write it. */
export type Expected = Pick<Claim, "mark" | "metaEventId" | "before" | "takeBack" | "lastAttempt">;

/** Says why a row could not be claimed or changed: what it is now, against what was expected. */
export function stateInWords(expected: Expected, row: RowState | undefined, now: Instant): string {
  const { mark, metaEventId, takeBack, before, lastAttempt } = expected;
  if (!row) return "the sale is gone";
  if (row.status !== "paid") return `the sale is ${row.status} now`;
  if (row.metaEventId !== metaEventId) {
    if (row.metaEventId === null) return "its event id was taken away meanwhile";
    return `confirmed meanwhile with event id ${row.metaEventId}`;
  }
  if (row.mark.amount !== mark.amount) return `its amount changed from ${mark.amount} to ${row.mark.amount}`;
  if (row.flagged === takeBack) return row.flagged ? "flagged again meanwhile" : "reverted meanwhile";
  if (row.mark.flaggedAt !== mark.flaggedAt) return `flagged anew at ${row.mark.flaggedAt}`;
  if (row.lastAttempt !== lastAttempt) return "another run attempted it meanwhile";
  if (now >= before) return "its deadline passed";
  return LOCKED;
}

/** Says why a row is not what a run had made of it, as far as one can tell from what it is now. */
export function touchedInWords(
  { from, lastAttempt }: Pick<Undoing, "from" | "lastAttempt">,
  row: RowState | undefined,
): string {
  if (!row) return "the sale is gone";
  if (row.status !== "paid") return `the sale is ${row.status} now`;
  if (row.metaEventId !== from.metaEventId) {
    if (row.metaEventId === null) return "its event id was taken away meanwhile";
    return `confirmed meanwhile with event id ${row.metaEventId}`;
  }
  if (row.flagged !== from.flagged) return row.flagged ? "flagged again meanwhile" : "reverted meanwhile";
  if (row.mark.flaggedAt !== from.flaggedAt) return `flagged anew at ${row.mark.flaggedAt}`;
  if (row.lastAttempt !== lastAttempt) return "another run attempted it meanwhile";
  return LOCKED;
}

/** All that is left where nothing about the row has changed. */
export const LOCKED = "its row was locked by somebody else";
