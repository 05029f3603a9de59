import type { Tx } from "./database.js";
import { list } from "./list.js";

/** Which of these sales somebody else holds locked at this moment. Those that are free stay ours until the transaction ends. */
export async function lockedAmong(tx: Tx, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const wanted = list(tx, "bigint", ids);
  const rows = await tx<{ id: string }[]>`
    with free as (
      select p.id from payments p
      where p.id = any(${wanted})
      order by p.id
      for no key update of p skip locked
    )
    select p.id from payments p
    where p.id = any(${wanted})
      and p.id not in (select id from free)`;
  return rows.map((row) => Number(row.id));
}
