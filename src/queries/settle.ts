import type { Lease, Settlement, Written } from "../ports.js";
import { LeaseLost } from "../ports.js";
import type { Effect } from "../sales/outcome.js";
import type { Shape } from "./attempts.js";
import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";

export interface WrittenRow {
  sale_id: string;
  id: string;
  effect: Effect;
  xid: string | null;
  flagged_after: boolean | null;
  flagged_at_after: string | null;
  meta_event_id_after: string | null;
}

/** The transaction's id in the form of a row's `xmin`: 32 bits. The witness looks for it. */
export function currentXid(tx: Tx): Fragment {
  return tx`(txid_current() % 4294967296)::text`;
}

/**
 * Writes down how attempts ended, and does to the row what follows, in one statement.
 * Accepted: flag and id are set together, unless the row has another id, was flagged anew (and has no id yet), or is no
 * longer paid: then it is left (`overtaken`), and the acceptance stays on record.
 */
export async function settle(
  tx: Tx,
  shape: Shape,
  lease: Lease,
  settlements: readonly Settlement[],
): Promise<Written[]> {
  const rows = await tx<WrittenRow[]>`
    with d as (
      select a.sale_id, a.event_id, a.flagged_at_claimed, s.*
      from jsonb_to_recordset(${tx.json(settlements as never)}::jsonb)
        s(attempt bigint, answer text, revert boolean, status integer, code integer, subcode integer,
          "fbtraceId" text, because text)
      join purchase_fix.attempt a on a.id = s.attempt and a.run_id = ${lease.run} and a.settled_at is null
    ), confirmed as (
      update payments p
      set meta_purchase_sent = true, meta_event_id = ${shape.eventId(tx`d.event_id`)},
          meta_purchase_sent_at = coalesce(p.meta_purchase_sent_at, ${shape.flagTime(tx`d.flagged_at_claimed`)})
      from d
      where p.id = d.sale_id and d.answer = 'accepted' and p.status = 'paid'
        and (p.meta_event_id is null or p.meta_event_id = ${shape.eventId(tx`d.event_id`)})
        and (p.meta_event_id is not null or p.meta_purchase_sent is not true
             or p.meta_purchase_sent_at::text is not distinct from d.flagged_at_claimed)
      returning p.id, 'confirmed' as effect, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
                p.meta_event_id::text as event_id
    ), reverted as (
      update payments p set meta_purchase_sent = false, meta_purchase_sent_at = null
      from d
      where p.id = d.sale_id and d.revert and p.status = 'paid' and p.meta_event_id is null and p.meta_purchase_sent
        and p.meta_purchase_sent_at::text is not distinct from d.flagged_at_claimed
      returning p.id, 'reverted' as effect, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
                p.meta_event_id::text as event_id
    ), changed as (
      select * from confirmed union all select * from reverted
    )
    update purchase_fix.attempt t
    set answer = d.answer, http_status = d.status, code = d.code, subcode = d.subcode, fbtrace_id = d."fbtraceId",
        because = d.because, settled_at = clock_timestamp(),
        effect = coalesce(c.effect, case when d.answer = 'accepted' or d.revert then 'overtaken' else 'kept' end),
        flagged_after = c.flagged, flagged_at_after = c.flagged_at, meta_event_id_after = c.event_id
    from d left join changed c on c.id = d.sale_id
    where t.id = d.attempt
    returning t.sale_id, t.id, t.effect, case when c.id is null then null else ${currentXid(tx)} end as xid,
              t.flagged_after, t.flagged_at_after, t.meta_event_id_after`;
  if (rows.length < settlements.length)
    throw new LeaseLost(`run ${lease.run}: its attempts were settled by another run`);
  return rows.map(writtenOf);
}

export function writtenOf(row: WrittenRow): Written {
  return {
    saleId: Number(row.sale_id),
    attempt: row.id,
    effect: row.effect,
    xid: row.xid,
    flagged: row.flagged_after,
    flaggedAt: row.flagged_at_after,
    metaEventId: row.meta_event_id_after,
  };
}
