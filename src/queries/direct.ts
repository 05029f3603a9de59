import type { Attempts, Guard, Lease, Writes } from "../ports.js";
import type { Shape } from "./attempts.js";
import { closeAbandoned } from "./closing.js";
import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";
import type { Columns } from "./list.js";
import { table } from "./list.js";
import { lockedAmong } from "./locks.js";
import type { WrittenRow } from "./written.js";
import { currentXid } from "./settle.js";
import { writtenOf } from "./written.js";

type Sales<Verb extends "revert" | "confirm"> = Parameters<Attempts[Verb]>[1];

const guards: Columns<Guard> = {
  sale_id: ["bigint", ({ saleId }) => saleId],
  flagged_at: ["text", ({ mark }) => mark.flaggedAt],
  last_attempt: ["bigint", ({ lastAttempt }) => lastAttempt],
  cause: ["text", ({ cause = null }) => cause],
};

/**
 * Locks the rows that still are what was judged, the journal's word about them included: an attempt that another run
 * made meanwhile may have arrived. Rows that somebody else has locked are stepped over.
 */
function held(tx: Tx, guard: Fragment) {
  const fits = tx`p.status = 'paid' and p.meta_event_id is null and ${guard}
        and p.meta_purchase_sent_at::text is not distinct from w.flagged_at
        and (select max(a.id) from purchase_fix.attempt a where a.sale_id = p.id) is not distinct from w.last_attempt`;
  return tx`
      select w.sale_id as held, p.flagged_before, w.*
      from w cross join lateral (
        select coalesce(p.meta_purchase_sent, false) as flagged_before from payments p
        where p.id = w.sale_id and ${fits}
        for no key update of p skip locked
      ) p`;
}

/** Gives stuck sales back to the application, guarded inside the update, with their journal rows in the same statement. */
export async function revert(tx: Tx, shape: Shape, lease: Lease, sales: Sales<"revert">): Promise<Writes> {
  // The guard sees to it that the others had none.
  const attempted = sales.some(({ lastAttempt }) => lastAttempt !== null);
  const [into, cause] = shape.causes ? [tx`, cause`, tx`, c.cause`] : [tx``, tx``];
  const rows = await tx<WrittenRow[]>`
    with w as (
      select * from ${table(tx, "w", sales, guards)}
    ), held as (${held(tx, tx`p.meta_purchase_sent and ${attempted ? tx`not ${mayHaveArrived(tx)}` : tx`true`}`)}
    ), changed as (
      update payments p set meta_purchase_sent = false, meta_purchase_sent_at = null
      from held h where p.id = h.held
      returning p.id, h.flagged_at, h.cause
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, flagged_before, flagged_at_before, flagged_at_before_instant, flagged_after, effect, because, settled_at${into}
    )
    select ${lease.run}, c.id, true, c.flagged_at, ${shape.flagInstant(tx`c.flagged_at`)}, false, 'reverted',
           'given back to the application', clock_timestamp()${cause}
    from changed c order by c.id
    returning sale_id, id, effect, ${currentXid(tx)} as xid, flagged_after, flagged_at_after, meta_event_id_after`;
  return await writes(tx, sales, rows);
}

/** Writes the event id of sales that Meta already has, guarded like an acceptance. */
export async function confirm(tx: Tx, shape: Shape, lease: Lease, sales: Sales<"confirm">): Promise<Writes> {
  const [into, cause] = shape.causes ? [tx`, cause`, tx`, c.cause`] : [tx``, tx``];
  const rows = await tx<WrittenRow[]>`
    with w as (
      select * from ${table(tx, "w", sales, {
        ...guards,
        event_id: ["text", ({ eventId }) => eventId],
        origin: ["text", ({ origin }) => origin],
        pixel_id: ["text", ({ pixelId }) => pixelId],
        because: ["text", ({ because = null }) => because],
      })}
    ), held as (${held(tx, sales.some(({ because }) => because !== undefined) ? unborne(tx, shape.clicks) : tx`true`)}
    ), changed as (
      update payments p set meta_purchase_sent = true, meta_event_id = ${shape.eventId(tx`h.event_id`)},
             meta_purchase_sent_at = coalesce(p.meta_purchase_sent_at, ${shape.now})
      from held h where p.id = h.held
      returning p.id, p.meta_purchase_sent_at::text as flagged_at_now, p.meta_event_id::text as event_id_now, h.*
    )
    insert into purchase_fix.attempt (
      run_id, sale_id, event_id, event_id_origin, pixel_id, flagged_before, flagged_at_before, flagged_at_before_instant,
      flagged_after, flagged_at_after, meta_event_id_after, effect, because, settled_at${into}
    )
    select ${lease.run}, c.id, c.event_id, c.origin, c.pixel_id, c.flagged_before, c.flagged_at,
           ${shape.flagInstant(tx`c.flagged_at`)}, true, c.flagged_at_now, c.event_id_now, 'confirmed',
           coalesce(c.because, 'Meta had it already'), clock_timestamp()${cause}
    from changed c order by c.id
    returning sale_id, id, effect, ${currentXid(tx)} as xid, flagged_after, flagged_at_after, meta_event_id_after`;
  return await writes(tx, sales, rows);
}

/**
 * No sale of another click is stored under the id: an operator's word may name the wrong sale. It takes a pass over
 * `payments`, so that it is asked for such words only.
 */
function unborne(tx: Tx, clicks: boolean): Fragment {
  const same = clicks ? tx`coalesce(s.pageview_event_id = p.pageview_event_id, false)` : tx`false`;
  return tx`not exists (
          select from payments s where s.meta_event_id::text = w.event_id and s.id <> p.id and not ${same}
        )`;
}

/** An attempt of ours has no answer, and no later acceptance of the same event id settles it. */
function mayHaveArrived(tx: Tx): Fragment {
  return tx`exists (
          select from purchase_fix.attempt a
          where a.sale_id = p.id and (a.answer = 'unconfirmed' or (a.answer is null and a.settled_at is null))
            and not exists (
              select from purchase_fix.attempt b
              where b.sale_id = a.sale_id and b.id > a.id and b.answer = 'accepted' and b.event_id = a.event_id
            )
        )`;
}

/** What was written, and which of the others were locked. */
export async function writes(
  tx: Tx,
  sales: readonly Pick<Guard, "saleId" | "lastAttempt">[],
  rows: readonly WrittenRow[],
): Promise<Writes> {
  const written = rows.map(writtenOf);
  const done = new Set(written.map((row) => row.saleId));
  // A run that died between Meta's answer and the row left its attempt open; the row has now got what followed from it.
  const attempted = sales.filter(({ saleId, lastAttempt }) => lastAttempt !== null && done.has(saleId));
  await closeAbandoned(
    tx,
    attempted.map(({ saleId }) => saleId),
  );
  const missed = sales.filter(({ saleId }) => !done.has(saleId)).map(({ saleId }) => saleId);
  return { written, locked: await lockedAmong(tx, missed) };
}
