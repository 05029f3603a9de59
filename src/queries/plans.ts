import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";

/*
 * What PostgreSQL plans for a batch must not hang on what it believes of tables that nobody analysed since they grew,
 * such as a journal that is a minute old: the right plan is always the same. Rows of the shop are locked by a lateral join,
 * one key after the other: nothing else can be planned for that (a revert from payments of 20,000 rows: 26 µs a row, not 31).
 */

/**
 * A condition whose odds PostgreSQL does not guess. It took the open attempts of a run for one row and compared all of
 * them with every answer (20,000 sales: 27 s instead of 3), and every changed row with every attempt (0.28 s of each 1,000).
 */
export function unguessed(tx: Tx, condition: Fragment): Fragment {
  return tx`case when ${condition} then true else false end`;
}

/**
 * A batch finds its rows by their keys. PostgreSQL would rather read through a journal that is small, up to some 8,000
 * pages on what it takes for a disk that turns: 5 and then 50 ms for what takes 2.
 */
export async function byKey(tx: Tx): Promise<void> {
  await tx.unsafe("set local random_page_cost = 1.1");
}
