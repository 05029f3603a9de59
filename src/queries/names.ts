import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";

/** PostgreSQL's bigint has 19 digits; longer ones can only be payment ids. A sale's id is never written `09445`. */
const isId = (name: string) => /^(0|[1-9]\d{0,17})$/.test(name);

/**
 * The ids that these names may mean: a number is itself, anything is a payment id. Two selects instead of an `or`,
 * which would keep PostgreSQL from using the unique indexes and have it read the whole table.
 */
export function idsNamed(tx: Tx, names: readonly string[]): Fragment {
  return tx`
    select value::bigint from jsonb_array_elements_text(${tx.json(names.filter(isId))}::jsonb)
    union
    select q.id from payments q
    where q.payment_id in (select value from jsonb_array_elements_text(${tx.json(names)}::jsonb))`;
}
