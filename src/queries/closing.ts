import type { Tx } from "./database.js";
import { list } from "./list.js";

/** An attempt that a dead run left open: where no answer is on record there never will be one, and it is unconfirmed. */
export async function closeAbandoned(tx: Tx, sales: readonly number[]): Promise<void> {
  if (sales.length === 0) return;
  await tx`
    update purchase_fix.attempt
    set answer = coalesce(answer, 'unconfirmed'), effect = 'kept', settled_at = clock_timestamp(),
        because = coalesce(because, 'its run ended before an answer came')
    where settled_at is null and sale_id = any(${list(tx, "bigint", sales)})
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
