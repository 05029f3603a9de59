import type { RowState } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import type { Judged } from "../sales/verdict.js";

/** Says why a row could not be claimed or changed: what it is now, against what was judged. */
export function stateInWords(
  judged: Judged,
  row: RowState | undefined,
  before: Instant,
  now: Instant,
): string {
  const { sale } = judged;
  if (!row) return "the sale is gone";
  if (row.status !== "paid") return `the sale is ${row.status} now`;
  if (row.metaEventId !== null) return `confirmed meanwhile with event id ${row.metaEventId}`;
  if (row.mark.amount !== sale.mark.amount)
    return `its amount changed from ${sale.mark.amount} to ${row.mark.amount}`;
  if (row.flagged !== sale.flagged) return row.flagged ? "flagged again meanwhile" : "reverted meanwhile";
  if (row.mark.flaggedAt !== sale.mark.flaggedAt) return `flagged anew at ${row.mark.flaggedAt}`;
  if (now >= before) return "its deadline passed";
  return "another attempt of it is unsettled";
}
