import type { Lease, Settlement, Writes, Written } from "../ports.js";
import { LeaseLost } from "../ports.js";
import type { Shape } from "./attempts.js";
import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";
import { list, table } from "./list.js";
import { unguessed } from "./plans.js";
import type { WrittenRow } from "./written.js";
import { writtenOf } from "./written.js";

/** The transaction's id in the form of a row's `xmin`: 32 bits. The witness looks for it. */
export function currentXid(tx: Tx): Fragment {
  return tx`(txid_current() % 4294967296)::text`;
}

/**
 * Does to the rows what follows from the answers on record, in one statement, and closes the attempts.
 * Accepted: flag and id are set together, unless the row has another id, was flagged anew (and has no id yet), or is no
 * longer paid: then it is left (`overtaken`); one whose id was known when it was claimed is `kept`. A row that somebody else has locked keeps its attempt open.
 */
export async function settle(
  tx: Tx,
  shape: Shape,
  lease: Lease,
  settlements: readonly Settlement[],
): Promise<Writes> {
  const s = table(tx, "s", settlements, {
    attempt: ["bigint", ({ attempt }) => attempt],
    revert: ["boolean", ({ revert }) => revert],
  });
  const mayConfirm = tx`p.status = 'paid'
        and (p.meta_event_id is null or p.meta_event_id = ${shape.eventId(tx`d.event_id`)})
        and (p.meta_event_id is not null or p.meta_purchase_sent is not true
             or p.meta_purchase_sent_at::text is not distinct from d.flagged_at_claimed)`;
  const mayRevert = tx`p.status = 'paid' and p.meta_event_id is null and p.meta_purchase_sent
        and p.meta_purchase_sent_at::text is not distinct from d.flagged_at_claimed`;
  const rows = await tx<WrittenRow[]>`
    with d as (
      select a.id, a.sale_id, a.event_id, a.flagged_before, a.flagged_at_claimed, a.meta_event_id_before,
             s.revert,
             a.answer = 'accepted' as accepted, a.answer = 'accepted' or s.revert as moves
      from ${s}
      join purchase_fix.attempt a on a.id = s.attempt
        and ${unguessed(tx, tx`a.run_id = ${lease.run} and a.settled_at is null`)}
    ), held as (
      select d.*, p.keeps_id
      from d cross join lateral (
        select p.status = 'paid' and p.meta_event_id::text = d.meta_event_id_before as keeps_id from payments p
        where p.id = d.sale_id
        for no key update of p skip locked
      ) p
      where d.moves
    ), confirmed as (
      update payments p
      set meta_purchase_sent = true, meta_event_id = ${shape.eventId(tx`d.event_id`)},
          meta_purchase_sent_at = coalesce(p.meta_purchase_sent_at, ${shape.flagTime(tx`d.flagged_at_claimed`)})
      from held d
      where p.id = d.sale_id and d.accepted and ${unguessed(tx, mayConfirm)}
      returning p.id, 'confirmed' as effect, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
                p.meta_event_id::text as event_id
    ), reverted as (
      update payments p set meta_purchase_sent = false, meta_purchase_sent_at = null
      from held d
      where p.id = d.sale_id and d.revert and ${unguessed(tx, mayRevert)}
      returning p.id, 'reverted' as effect, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
                p.meta_event_id::text as event_id
    ), changed as (
      select * from confirmed union all select * from reverted
    )
    update purchase_fix.attempt t
    set settled_at = clock_timestamp(),
        effect = coalesce(c.effect, case when d.moves and h.keeps_id is not true then 'overtaken' else 'kept' end),
        -- A sale that was taken back and kept stays flagged, by our claim.
        flagged_after = case when c.id is not null then c.flagged when not d.flagged_before then true end,
        flagged_at_after = case when c.id is not null then c.flagged_at when not d.flagged_before then d.flagged_at_claimed end,
        meta_event_id_after = c.event_id
    from d
    left join changed c on c.id = d.sale_id
    left join held h on h.id = d.id
    where t.id = d.id
      and (not d.moves or h.id is not null or not exists (select from payments p where p.id = d.sale_id))
    returning t.sale_id, t.id, t.effect, case when c.id is null then null else ${currentXid(tx)} end as xid,
              t.flagged_after, t.flagged_at_after, t.meta_event_id_after`;
  const done = new Set(rows.map((row) => row.id));
  const open = settlements.filter(({ attempt }) => !done.has(attempt)).map(({ attempt }) => attempt);
  return { written: rows.map((row) => writtenOf(row)), locked: await stillOpen(tx, lease, open) };
}

/** @throws LeaseLost where another run has closed one of them */
async function stillOpen(tx: Tx, lease: Lease, attempts: readonly string[]): Promise<number[]> {
  if (attempts.length === 0) return [];
  const rows = await tx<{ sale_id: string }[]>`
    select a.sale_id from purchase_fix.attempt a
    where a.id = any(${list(tx, "bigint", attempts)})
      and a.run_id = ${lease.run} and a.settled_at is null`;
  if (rows.length < attempts.length)
    throw new LeaseLost(`run ${lease.run}: its attempts were settled by another run`);
  return rows.map((row) => Number(row.sale_id));
}

/** Closes attempts whose rows could not be had. Their answers stay on record, and say what the sale is. */
export async function close(
  tx: Tx,
  lease: Lease,
  attempts: readonly string[],
  because: string,
): Promise<Written[]> {
  const rows = await tx<WrittenRow[]>`
    update purchase_fix.attempt a
    set effect = 'overtaken', settled_at = clock_timestamp(), because = concat_ws('; ', a.because, ${because}::text)
    where a.id = any(${list(tx, "bigint", attempts)})
      and a.run_id = ${lease.run} and a.settled_at is null
    returning a.sale_id, a.id, a.effect, null as xid, a.flagged_after, a.flagged_at_after, a.meta_event_id_after`;
  return rows.map((row) => ({ ...writtenOf(row), because }));
}
