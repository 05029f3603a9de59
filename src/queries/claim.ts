import type { Claim, Claimed, Lease } from "../ports.js";
import type { Shape } from "./attempts.js";
import type { Tx } from "./database.js";

/** Puts attempts on record for the sales that are still what was judged. The others are left out of the answer. */
export async function claim(
  tx: Tx,
  shape: Shape,
  lease: Lease,
  claims: readonly Claim[],
): Promise<Claimed[]> {
  const wanted = tx.json(claims.map(({ mark, ...rest }) => ({ ...rest, ...mark })));
  const fit = tx.json(await lockFitting(tx, shape, wanted));
  await closeAbandoned(tx, fit);
  return await record(tx, shape, lease, wanted, fit);
}

type Json = ReturnType<Tx["json"]>;

/**
 * Locks the rows that are still paid, without id, and bear the flag time and amount that were judged: a revert and a
 * new visit in between, or a refund, are noticed here. Deadlines are compared with the database's own clock.
 */
async function lockFitting(tx: Tx, shape: Shape, wanted: Json): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    select p.id
    from payments p
    join jsonb_to_recordset(${wanted}::jsonb)
      w("saleId" bigint, "flaggedAt" text, amount text, before double precision, "takeBack" boolean)
      on w."saleId" = p.id
    where p.status = 'paid' and p.meta_event_id is null
      and coalesce(p.meta_purchase_sent, false) is distinct from w."takeBack"
      and p.meta_purchase_sent_at::text is not distinct from w."flaggedAt"
      and ${shape.amount} is not distinct from w.amount
      and (w.before is null or clock_timestamp() < to_timestamp(w.before / 1000))
    order by p.id
    for update of p`;
  return rows.map((row) => row.id);
}

/** An attempt that a dead run left open has no answer and never will: it is unconfirmed, and a new one may begin. */
async function closeAbandoned(tx: Tx, sales: Json): Promise<void> {
  await tx`
    update purchase_fix.attempt
    set answer = 'unconfirmed', effect = 'kept', settled_at = clock_timestamp(),
        because = 'its run ended before an answer came'
    where settled_at is null and sale_id in (select value::bigint from jsonb_array_elements_text(${sales}::jsonb))
    returning id`;
}

/** One journal row per attempt, before its request leaves; sets the flag again on sales that are taken back. */
async function record(tx: Tx, shape: Shape, lease: Lease, wanted: Json, fit: Json): Promise<Claimed[]> {
  const rows = await tx<{ sale_id: string; id: string; flagged_at_claimed: string | null }[]>`
    with w as (
      select * from jsonb_to_recordset(${wanted}::jsonb)
        w("saleId" bigint, "eventId" text, origin text, "pixelId" text, "flaggedAt" text, "takeBack" boolean)
      where w."saleId" in (select value::bigint from jsonb_array_elements_text(${fit}::jsonb))
    ), taken as (
      update payments p set meta_purchase_sent = true, meta_purchase_sent_at = ${shape.now}
      from w where p.id = w."saleId" and w."takeBack"
      returning p.id, p.meta_purchase_sent_at::text as flagged_at
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, event_id, event_id_origin, pixel_id,
      flagged_before, flagged_at_before, flagged_at_before_instant, flagged_at_claimed
    )
    select ${lease.run}, w."saleId", w."eventId", w.origin, w."pixelId",
           not w."takeBack", w."flaggedAt", ${shape.flagInstant(tx`w."flaggedAt"`)},
           case when w."takeBack" then t.flagged_at else w."flaggedAt" end
    from w left join taken t on t.id = w."saleId"
    order by w."saleId"
    returning sale_id, id, flagged_at_claimed`;
  return rows.map((row) => ({
    saleId: Number(row.sale_id),
    attempt: row.id,
    flaggedAt: row.flagged_at_claimed,
  }));
}
