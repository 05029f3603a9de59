import type { Lease, Undoing, Writes } from "../ports.js";
import type { Shape } from "./attempts.js";
import type { Tx } from "./database.js";
import { writes } from "./direct.js";
import { table } from "./list.js";
import type { WrittenRow } from "./written.js";
import { currentXid } from "./settle.js";

/**
 * Makes rows what they were before a run, their journal entries in the same statement. Each must still be, column by
 * column, what that run made of it, and no entry may have been added since it was read; amount and status may have
 * moved, but it is still paid. The entry's effect says what the row is now: `reverted` keeps it listed as given back.
 */
export async function undo(tx: Tx, shape: Shape, lease: Lease, sales: readonly Undoing[]): Promise<Writes> {
  const w = table(tx, "w", sales, {
    sale_id: ["bigint", ({ saleId }) => saleId],
    last_attempt: ["bigint", ({ lastAttempt }) => lastAttempt],
    because: ["text", ({ because }) => because],
    is_flagged: ["boolean", ({ from }) => from.flagged],
    is_at: ["text", ({ from }) => from.flaggedAt],
    is_id: ["text", ({ from }) => from.metaEventId],
    to_flagged: ["boolean", ({ to }) => to.flagged],
    to_at: ["text", ({ to }) => to.flaggedAt],
    to_id: ["text", ({ to }) => to.metaEventId],
  });
  const rows = await tx<WrittenRow[]>`
    with w as (
      select * from ${w}
    ), held as (
      select p.id as held, w.*
      from payments p join w on p.id = w.sale_id
      where p.status = 'paid'
        and p.meta_purchase_sent is not distinct from w.is_flagged
        and p.meta_purchase_sent_at::text is not distinct from w.is_at
        and p.meta_event_id::text is not distinct from w.is_id
        and (select max(a.id) from purchase_fix.attempt a where a.sale_id = p.id) is not distinct from w.last_attempt
      order by p.id
      for no key update of p skip locked
    ), changed as (
      update payments p
      set meta_purchase_sent = h.to_flagged, meta_purchase_sent_at = ${shape.flagTime(tx`h.to_at`)},
          meta_event_id = ${shape.eventId(tx`h.to_id`)}
      from held h where p.id = h.held
      returning p.id, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
                p.meta_event_id::text as event_id, h.*
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, flagged_before, flagged_at_before, flagged_at_before_instant, meta_event_id_before,
      flagged_after, flagged_at_after, meta_event_id_after, effect, because, settled_at
    )
    select ${lease.run}, c.id, c.is_flagged, c.is_at, ${shape.flagInstant(tx`c.is_at`)}, c.is_id,
           c.flagged, c.flagged_at, c.event_id,
           case when c.event_id is not null then 'confirmed' when c.flagged then 'restored' else 'reverted' end,
           c.because, clock_timestamp()
    from changed c order by c.id
    returning sale_id, id, effect, ${currentXid(tx)} as xid, flagged_after, flagged_at_after, meta_event_id_after`;
  return await writes(tx, sales, rows);
}
