import type { Instant } from "../sales/sale.js";
import { asInstant } from "./columns.js";
import type { Tx } from "./database.js";

/** An entry of the journal, as far as it is evidence. */
export interface JournalRow {
  id: string;
  sale_id: string;
  command: string;
  run_id: string;
  event_id: string | null;
  pixel_id: string | null;
  answer: "accepted" | "refused" | "unconfirmed" | "not-sent" | null;
  effect: string | null;
  code: number | null;
  subcode: number | null;
  because: string | null;
  attempted: string;
  flagged_at_before: string | null;
}

/** All entries about these sales, the oldest first. */
export async function readJournal(tx: Tx, ids: readonly number[]): Promise<JournalRow[]> {
  return await tx<JournalRow[]>`
    select a.id, a.sale_id, r.command, a.run_id, a.event_id, a.pixel_id, a.answer, a.effect, a.code, a.subcode, a.because,
           (extract(epoch from a.attempted_at) * 1000)::text as attempted,
           (extract(epoch from a.flagged_at_before_instant) * 1000)::text as flagged_at_before
    from purchase_fix.attempt a join purchase_fix.run r on r.id = a.run_id
    where a.sale_id in (select value::bigint from jsonb_array_elements_text(${tx.json(ids)}::jsonb))
    order by a.id`;
}

/** When the flag had been set, before each entry. */
export function flagTimes(rows: readonly JournalRow[]): Instant[] {
  return rows.map((row) => asInstant(row.flagged_at_before)).filter((at) => at !== null);
}
