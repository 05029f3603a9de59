import type { Lease, Undoing, Writes } from "../ports.js";
import type { Shape } from "./attempts.js";
import type { Tx } from "./database.js";
import { writes } from "./direct.js";
import type { WrittenRow } from "./written.js";
import { currentXid } from "./settle.js";

/**
 * Makes rows what they were before a run, their journal entries in the same statement. Each must still be, column by
 * column, what that run made of it, and no entry may have been added since it was read; amount and status may have
 * moved, but it is still paid. The entry's effect says what the row is now: `reverted` keeps it listed as given back.
 */
export async function undo(tx: Tx, shape: Shape, lease: Lease, sales: readonly Undoing[]): Promise<Writes> {
  const flat = sales.map(({ from, to, ...rest }) => ({
    ...rest,
    isFlagged: from.flagged,
    isAt: from.flaggedAt,
    isId: from.metaEventId,
    toFlagged: to.flagged,
    toAt: to.flaggedAt,
    toId: to.metaEventId,
  }));
  const rows = await tx<WrittenRow[]>`
    with w as (
      select * from jsonb_to_recordset(${tx.json(flat)}::jsonb)
        w("saleId" bigint, "lastAttempt" bigint, because text, "isFlagged" boolean, "isAt" text, "isId" text,
          "toFlagged" boolean, "toAt" text, "toId" text)
    ), held as (
      select p.id as held, w.*
      from payments p join w on p.id = w."saleId"
      where p.status = 'paid'
        and p.meta_purchase_sent is not distinct from w."isFlagged"
        and p.meta_purchase_sent_at::text is not distinct from w."isAt"
        and p.meta_event_id::text is not distinct from w."isId"
        and (select max(a.id) from purchase_fix.attempt a where a.sale_id = p.id) is not distinct from w."lastAttempt"
      order by p.id
      for no key update of p skip locked
    ), changed as (
      update payments p
      set meta_purchase_sent = h."toFlagged", meta_purchase_sent_at = ${shape.flagTime(tx`h."toAt"`)},
          meta_event_id = ${shape.eventId(tx`h."toId"`)}
      from held h where p.id = h.held
      returning p.id, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
                p.meta_event_id::text as event_id, h.*
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, flagged_before, flagged_at_before, flagged_at_before_instant, meta_event_id_before,
      flagged_after, flagged_at_after, meta_event_id_after, effect, because, settled_at
    )
    select ${lease.run}, c.id, c."isFlagged", c."isAt", ${shape.flagInstant(tx`c."isAt"`)}, c."isId",
           c.flagged, c.flagged_at, c.event_id,
           case when c.event_id is not null then 'confirmed' when c.flagged then 'restored' else 'reverted' end,
           c.because, clock_timestamp()
    from changed c order by c.id
    returning sale_id, id, effect, ${currentXid(tx)} as xid, flagged_after, flagged_at_after, meta_event_id_after`;
  return await writes(tx, sales, rows);
}
