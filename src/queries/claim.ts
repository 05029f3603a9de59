import type { Claim, Claimed, Claims, Lease } from "../ports.js";
import type { Shape } from "./attempts.js";
import type { Tx } from "./database.js";
import { lockedAmong } from "./locks.js";

/** Puts attempts on record for the sales that are still what was judged. The others are left out of the answer. */
export async function claim(tx: Tx, shape: Shape, lease: Lease, claims: readonly Claim[]): Promise<Claims> {
  const wanted = tx.json(claims.map(({ mark, ...rest }) => ({ ...rest, ...mark })));
  const ids = await lockFitting(tx, shape, wanted);
  const fit = tx.json(ids);
  await closeAbandoned(tx, fit);
  const claimed = await record(tx, shape, lease, wanted, fit);
  const got = new Set(claimed.map(({ saleId }) => saleId));
  const missed = claims.filter(({ saleId }) => !got.has(saleId));
  return { claimed, hindered: missed.length === 0 ? [] : await hindrances(tx, missed) };
}

type Json = ReturnType<Tx["json"]>;

/**
 * Locks the rows that are still paid, without id (or with the one that was judged), and bear the flag time and amount that were judged: a revert and a
 * new visit in between, or a refund, are noticed here; by the journal, another run's attempt; by the siblings, a sale
 * of the same click whose task came through and which Meta now counts in this one's place. Deadlines are compared with
 * the database's own clock. Rows that somebody else has locked are stepped over: one of them must not end a run.
 */
async function lockFitting(tx: Tx, shape: Shape, wanted: Json): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    select p.id
    from payments p
    join jsonb_to_recordset(${wanted}::jsonb)
      w("saleId" bigint, "flaggedAt" text, amount text, before double precision, "takeBack" boolean,
        "lastAttempt" bigint, siblings jsonb, "eventId" text, "metaEventId" text)
      on w."saleId" = p.id
    where p.status = 'paid' and p.meta_event_id::text is not distinct from w."metaEventId"
      and coalesce(p.meta_purchase_sent, false) is distinct from w."takeBack"
      and p.meta_purchase_sent_at::text is not distinct from w."flaggedAt"
      and ${shape.amount} is not distinct from w.amount
      and (w.before is null or clock_timestamp() < to_timestamp(w.before / 1000))
      and (select max(a.id) from purchase_fix.attempt a where a.sale_id = p.id) is not distinct from w."lastAttempt"
      and not ${confirmedSibling(tx)}
    order by p.id
    for no key update of p skip locked`;
  return rows.map((row) => row.id);
}

/** A sale of the same click was stored under the event id that `w` is about to bear. */
function confirmedSibling(tx: Tx) {
  return tx`exists (
        select from jsonb_array_elements_text(w.siblings) o(id) join payments s on s.id = o.id::bigint
        where s.meta_event_id::text = w."eventId"
      )`;
}

/** Why these could not be claimed, where the row's own state does not tell. */
async function hindrances(tx: Tx, missed: readonly Claim[]): Promise<Claims["hindered"]> {
  const rows = await tx<{ id: string }[]>`
    select w."saleId" as id
    from jsonb_to_recordset(${tx.json(missed as never)}::jsonb) w("saleId" bigint, siblings jsonb, "eventId" text)
    where ${confirmedSibling(tx)}`;
  const siblings = rows.map((row) => ({ saleId: Number(row.id), by: "sibling" as const }));
  const locked = await lockedAmong(
    tx,
    missed.map(({ saleId }) => saleId),
  );
  return [...locked.map((saleId) => ({ saleId, by: "lock" as const })), ...siblings];
}

/** An attempt that a dead run left open: where no answer is on record there never will be one, and it is unconfirmed. */
export async function closeAbandoned(tx: Tx, sales: Json): Promise<void> {
  await tx`
    update purchase_fix.attempt
    set answer = coalesce(answer, 'unconfirmed'), effect = 'kept', settled_at = clock_timestamp(),
        because = coalesce(because, 'its run ended before an answer came')
    where settled_at is null and sale_id in (select value::bigint from jsonb_array_elements_text(${sales}::jsonb))
    returning id`;
}

/**
 * An answer that moves no row leaves nothing to be done: whoever takes the lease over closes what a dead run had not,
 * since no claim may come for it (a refused sale waits to be named). One that a zombie still writes to is stepped over.
 * Looked for first, so that a lock on the whole journal is waited for only where there is such a thing.
 */
export async function closeAnswered(tx: Tx): Promise<void> {
  const left = await tx<{ id: string }[]>`
    select id from purchase_fix.attempt where settled_at is null and answer <> 'accepted'`;
  if (left.length === 0) return;
  await tx`
    update purchase_fix.attempt
    set effect = 'kept', settled_at = clock_timestamp()
    where id in (
      select id from purchase_fix.attempt where settled_at is null and answer <> 'accepted' for update skip locked
    )
    returning id`;
}

/** One journal row per attempt, before its request leaves; sets the flag again on sales that are taken back. */
async function record(tx: Tx, shape: Shape, lease: Lease, wanted: Json, fit: Json): Promise<Claimed[]> {
  const [into, cause] = shape.causes ? [tx`, cause`, tx`, w.cause`] : [tx``, tx``];
  const rows = await tx<{ sale_id: string; id: string; flagged_at_claimed: string | null }[]>`
    with w as (
      select * from jsonb_to_recordset(${wanted}::jsonb)
        w("saleId" bigint, "eventId" text, origin text, "pixelId" text, "flaggedAt" text, "takeBack" boolean,
          "metaEventId" text, cause text)
      where w."saleId" in (select value::bigint from jsonb_array_elements_text(${fit}::jsonb))
    ), taken as (
      update payments p set meta_purchase_sent = true, meta_purchase_sent_at = ${shape.now}
      from w where p.id = w."saleId" and w."takeBack"
      returning p.id, p.meta_purchase_sent_at::text as flagged_at
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, event_id, event_id_origin, pixel_id,
      flagged_before, flagged_at_before, flagged_at_before_instant, flagged_at_claimed, meta_event_id_before${into}
    )
    select ${lease.run}, w."saleId", w."eventId", w.origin, w."pixelId",
           not w."takeBack", w."flaggedAt", ${shape.flagInstant(tx`w."flaggedAt"`)},
           case when w."takeBack" then t.flagged_at else w."flaggedAt" end, w."metaEventId"${cause}
    from w left join taken t on t.id = w."saleId"
    order by w."saleId"
    returning sale_id, id, flagged_at_claimed`;
  return rows.map((row) => ({
    saleId: Number(row.sale_id),
    attempt: row.id,
    flaggedAt: row.flagged_at_claimed,
  }));
}
