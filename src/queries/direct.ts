import type { Attempts, Lease, Written } from "../ports.js";
import type { Shape } from "./attempts.js";
import type { Tx } from "./database.js";
import type { WrittenRow } from "./settle.js";
import { currentXid, writtenOf } from "./settle.js";

type Sales<Verb extends "revert" | "confirm"> = Parameters<Attempts[Verb]>[1];

/** Gives stuck sales back to the application, guarded inside the update, with their journal rows in the same statement. */
export async function revert(tx: Tx, shape: Shape, lease: Lease, sales: Sales<"revert">): Promise<Written[]> {
  const rows = await tx<WrittenRow[]>`
    with w as (
      select * from jsonb_to_recordset(${flat(tx, sales)}::jsonb) w("saleId" bigint, "flaggedAt" text)
    ), changed as (
      update payments p set meta_purchase_sent = false, meta_purchase_sent_at = null
      from w
      where p.id = w."saleId" and p.status = 'paid' and p.meta_purchase_sent and p.meta_event_id is null
        and p.meta_purchase_sent_at::text is not distinct from w."flaggedAt"
        and not exists (
          select from purchase_fix.attempt a
          where a.sale_id = p.id and (a.settled_at is null or a.answer = 'unconfirmed')
            and not exists (
              select from purchase_fix.attempt b
              where b.sale_id = a.sale_id and b.id > a.id and b.answer = 'accepted' and b.event_id = a.event_id
            )
        )
      returning p.id, w."flaggedAt"
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, flagged_before, flagged_at_before, flagged_at_before_instant, flagged_after, effect, because, settled_at
    )
    select ${lease.run}, c.id, true, c."flaggedAt", ${shape.flagInstant(tx`c."flaggedAt"`)}, false, 'reverted',
           'given back to the application', clock_timestamp()
    from changed c order by c.id
    returning sale_id, id, effect, ${currentXid(tx)} as xid, flagged_after, flagged_at_after, meta_event_id_after`;
  return rows.map(writtenOf);
}

/** Writes the event id of sales that Meta already has, guarded like an acceptance; an update returns no value before, so it is read under the lock. */
export async function confirm(
  tx: Tx,
  shape: Shape,
  lease: Lease,
  sales: Sales<"confirm">,
): Promise<Written[]> {
  const rows = await tx<WrittenRow[]>`
    with w as (
      select * from jsonb_to_recordset(${flat(tx, sales)}::jsonb)
        w("saleId" bigint, "flaggedAt" text, "eventId" text, origin text, "pixelId" text)
    ), held as (
      select p.id as held, coalesce(p.meta_purchase_sent, false) as flagged_before, w.*
      from payments p join w on p.id = w."saleId"
      where p.status = 'paid' and p.meta_event_id is null
        and p.meta_purchase_sent_at::text is not distinct from w."flaggedAt"
      for update of p
    ), changed as (
      update payments p set meta_purchase_sent = true, meta_event_id = ${shape.eventId(tx`h."eventId"`)},
             meta_purchase_sent_at = coalesce(p.meta_purchase_sent_at, ${shape.now})
      from held h where p.id = h.held
      returning p.id, p.meta_purchase_sent_at::text as flagged_at, p.meta_event_id::text as event_id, h.*
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, event_id, event_id_origin, pixel_id, flagged_before, flagged_at_before, flagged_at_before_instant,
      flagged_after, flagged_at_after, meta_event_id_after, effect, because, settled_at
    )
    select ${lease.run}, c.id, c."eventId", c.origin, c."pixelId", c.flagged_before, c."flaggedAt",
           ${shape.flagInstant(tx`c."flaggedAt"`)}, true, c.flagged_at, c.event_id, 'confirmed', 'Meta had it already',
           clock_timestamp()
    from changed c order by c.id
    returning sale_id, id, effect, ${currentXid(tx)} as xid, flagged_after, flagged_at_after, meta_event_id_after`;
  return rows.map(writtenOf);
}

function flat(tx: Tx, sales: readonly { readonly mark: { readonly flaggedAt: string | null } }[]) {
  return tx.json(sales.map((sale) => ({ ...sale, flaggedAt: sale.mark.flaggedAt })));
}
