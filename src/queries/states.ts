import type { Span } from "../ports.js";
import type { Catalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import { isZoned } from "./columns.js";
import type { Tx } from "./database.js";

/** Stuck, as the incident report has it: literal and bare, so that a partial index over it is used. */
export function isStuck(tx: Tx): Fragment {
  return tx`p.status = 'paid' and p.meta_purchase_sent = true and p.meta_event_id is null`;
}

/** The state that a revert leaves; nearly all sales that the application has yet to send are in it too. */
export function isUnsent(tx: Tx): Fragment {
  return tx`p.status = 'paid' and p.meta_purchase_sent is not true and p.meta_event_id is null`;
}

/** A sale whose last entry in the journal is a revert, and that nobody has flagged or confirmed since. */
export function isGivenBack(tx: Tx): Fragment {
  return tx`(select a.effect from purchase_fix.attempt a where a.sale_id = p.id order by a.id desc limit 1) = 'reverted'
      and ${isUnsent(tx)}`;
}

/** The same, for whoever looks for all of them. */
export function isReverted(tx: Tx): Fragment {
  return tx`p.id in (select sale_id from purchase_fix.attempt where effect = 'reverted')
      and ${isGivenBack(tx)}`;
}

/** Sales that are open: stuck, or given back. Two selects instead of an `or`, which would keep the partial index from being used. */
export function openSales(
  tx: Tx,
  { journal }: Pick<Catalogue, "journal">,
  select: (state: Fragment) => Fragment,
  givenBack = isReverted(tx),
): Fragment {
  return journal ? tx`${select(isStuck(tx))} union all ${select(givenBack)}` : select(isStuck(tx));
}

/** The parameter is converted, never the column, so that an index over `created_at` is used. */
export function inSpan(tx: Tx, catalogue: Catalogue, { since, until }: Span, timeZone: string): Fragment {
  const zoned = isZoned(catalogue, "payments", "created_at");
  const at = (ms: number) => {
    const moment = tx`${new Date(ms).toISOString()}::timestamptz`;
    return zoned ? moment : tx`(${moment} at time zone ${timeZone})`;
  };
  const from = tx`p.created_at >= ${at(since)}`;
  return until === null ? from : tx`${from} and p.created_at < ${at(until)}`;
}
