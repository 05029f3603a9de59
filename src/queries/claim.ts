import type { Claim, Claimed, Claims, Lease } from "../ports.js";
import type { Shape } from "./attempts.js";
import type { Tx } from "./database.js";
import { closeAbandoned } from "./closing.js";
import type { Fragment } from "./columns.js";
import { table } from "./list.js";
import { lockedAmong } from "./locks.js";

/** Puts attempts on record for the sales that are still what was judged. The others are left out of the answer. */
export async function claim(tx: Tx, shape: Shape, lease: Lease, claims: readonly Claim[]): Promise<Claims> {
  await closeAbandoned(tx, await lockAttempted(tx, shape, claims));
  const claimed = await record(tx, shape, lease, claims);
  const got = new Set(claimed.map(({ saleId }) => saleId));
  const missed = claims.filter(({ saleId }) => !got.has(saleId));
  return { claimed, hindered: missed.length === 0 ? [] : await hindrances(tx, missed) };
}

/**
 * Locks the rows that are still paid, without id (or with the one that was judged), and bear the flag time and amount that were judged: a revert and a
 * new visit in between, or a refund, are noticed here; by the journal, another run's attempt; by the siblings, a sale
 * of the same click whose task came through and which Meta now counts in this one's place. Deadlines are compared with
 * the database's own clock. Rows that somebody else has locked are stepped over: one of them must not end a run.
 */
function fitting(tx: Tx, shape: Shape, claims: readonly Claim[]): Fragment {
  const w = table(tx, "w", claims, {
    sale_id: ["bigint", ({ saleId }) => saleId],
    event_id: ["text", ({ eventId }) => eventId],
    origin: ["text", ({ origin }) => origin],
    pixel_id: ["text", ({ pixelId }) => pixelId],
    flagged_at: ["text", ({ mark }) => mark.flaggedAt],
    amount: ["text", ({ mark }) => mark.amount],
    before: ["double precision", ({ before }) => (before === Infinity ? null : before)],
    take_back: ["boolean", ({ takeBack }) => takeBack],
    last_attempt: ["bigint", ({ lastAttempt }) => lastAttempt],
    meta_event_id: ["text", ({ metaEventId }) => metaEventId],
    cause: ["text", ({ cause = null }) => cause],
  });
  const pairs = pairsOf(claims);
  const alone = pairs.length === 0 ? tx`true` : tx`w.sale_id not in (${withSiblingConfirmed(tx, pairs)})`;
  const fits = tx`p.status = 'paid' and p.meta_event_id::text is not distinct from w.meta_event_id
        and coalesce(p.meta_purchase_sent, false) is distinct from w.take_back
        and p.meta_purchase_sent_at::text is not distinct from w.flagged_at
        and ${shape.amount} is not distinct from w.amount
        and (w.before is null or clock_timestamp() < to_timestamp(w.before / 1000))
        and (select max(a.id) from purchase_fix.attempt a where a.sale_id = p.id) is not distinct from w.last_attempt`;
  return tx`
      select w.*
      from ${w} cross join lateral (
        select from payments p
        where p.id = w.sale_id and ${fits}
        for no key update of p skip locked
      ) p
      where ${alone}`;
}

/** The sales that may have an attempt to be closed before there can be another: those that ever had one. */
async function lockAttempted(tx: Tx, shape: Shape, claims: readonly Claim[]): Promise<number[]> {
  const attempted = claims.filter(({ lastAttempt }) => lastAttempt !== null);
  if (attempted.length === 0) return [];
  const rows = await tx<{ sale_id: string }[]>`
    with held as (${fitting(tx, shape, attempted)}
    )
    select sale_id from held`;
  return rows.map((row) => Number(row.sale_id));
}

interface Pair {
  readonly saleId: number;
  readonly eventId: string;
  readonly sibling: number;
}

const pairsOf = (claims: readonly Claim[]): Pair[] =>
  claims.flatMap(({ saleId, eventId, siblings }) =>
    siblings.map((sibling) => ({ saleId, eventId, sibling })),
  );

/** The sales of which one of the same click was stored under the event id that they are about to bear. */
function withSiblingConfirmed(tx: Tx, pairs: readonly Pair[]): Fragment {
  const o = table(tx, "o", pairs, {
    sale_id: ["bigint", ({ saleId }) => saleId],
    event_id: ["text", ({ eventId }) => eventId],
    sibling: ["bigint", ({ sibling }) => sibling],
  });
  return tx`select o.sale_id from ${o} join payments s on s.id = o.sibling where s.meta_event_id::text = o.event_id`;
}

/** Why these could not be claimed, where the row's own state does not tell. */
async function hindrances(tx: Tx, missed: readonly Claim[]): Promise<Claims["hindered"]> {
  const pairs = pairsOf(missed);
  const rows = pairs.length === 0 ? [] : await tx<{ sale_id: string }[]>`${withSiblingConfirmed(tx, pairs)}`;
  const siblings = rows.map((row) => ({ saleId: Number(row.sale_id), by: "sibling" as const }));
  const locked = await lockedAmong(
    tx,
    missed.map(({ saleId }) => saleId),
  );
  return [...locked.map((saleId) => ({ saleId, by: "lock" as const })), ...siblings];
}

/** One journal row per attempt, before its request leaves; sets the flag again on sales that are taken back. */
async function record(tx: Tx, shape: Shape, lease: Lease, claims: readonly Claim[]): Promise<Claimed[]> {
  const [into, cause] = shape.causes ? [tx`, cause`, tx`, h.cause`] : [tx``, tx``];
  const rows = await tx<{ sale_id: string; id: string; flagged_at_claimed: string | null }[]>`
    with held as (${fitting(tx, shape, claims)}
    ), taken as (
      update payments p set meta_purchase_sent = true, meta_purchase_sent_at = ${shape.now}
      from held h where p.id = h.sale_id and h.take_back
      returning p.id, p.meta_purchase_sent_at::text as flagged_at
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, event_id, event_id_origin, pixel_id,
      flagged_before, flagged_at_before, flagged_at_before_instant, flagged_at_claimed, meta_event_id_before${into}
    )
    select ${lease.run}, h.sale_id, h.event_id, h.origin, h.pixel_id,
           not h.take_back, h.flagged_at, ${shape.flagInstant(tx`h.flagged_at`)},
           case when h.take_back then t.flagged_at else h.flagged_at end, h.meta_event_id${cause}
    from held h left join taken t on t.id = h.sale_id
    order by h.sale_id
    returning sale_id, id, flagged_at_claimed`;
  return rows.map((row) => ({
    saleId: Number(row.sale_id),
    attempt: row.id,
    flaggedAt: row.flagged_at_claimed,
  }));
}
