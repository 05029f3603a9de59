import type { Instant } from "../sales/sale.js";
import type { Fragment } from "./columns.js";
import type { Tx } from "./database.js";

/** A moment of ours as the journal keeps it. */
export function momentOf(tx: Tx, instant: Instant): Fragment {
  return tx`to_timestamp(${String(instant)}::double precision / 1000)`;
}

/** Milliseconds since 1970 of a `timestamptz` of ours, as text: rounded, since older servers reckon in floating point. */
export function millis(tx: Tx, column: string): Fragment {
  return tx`round(extract(epoch from ${tx.unsafe(column)}) * 1000)::text`;
}
