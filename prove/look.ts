import type { LedgerEntry, RequestEntry } from "../demo/graph/start.js";
import type { Database } from "./server.js";

/** A row of `payments` as far as the product may write it, and a digest of all that it may not. */
export interface Row {
  readonly id: number;
  readonly flagged: boolean | null;
  readonly at: string | null;
  readonly event: string | null;
  readonly rest: string;
}

export interface Attempt {
  readonly sale: number;
  readonly event: string | null;
  readonly answer: string | null;
  readonly effect: string | null;
  readonly settled: boolean;
}

/** All that the invariants look at, at one moment. */
export interface Look {
  readonly rows: readonly Row[];
  readonly attempts: readonly Attempt[];
  readonly ledger: readonly LedgerEntry[];
  readonly requests: readonly RequestEntry[];
}

/** What a run that was undone had found, and the sales that somebody else touched since. */
export interface Restored {
  readonly rows: readonly Row[];
  readonly touched: readonly number[];
}

export const rowsOf = async (db: Database) =>
  await db.query<Row & Record<string, unknown>>(
    `select id, meta_purchase_sent as flagged, meta_purchase_sent_at::text as at, meta_event_id as event,
            md5((to_jsonb(p) - array['meta_purchase_sent', 'meta_purchase_sent_at', 'meta_event_id'])::text) as rest
     from payments p order by id`,
  );

export async function attemptsOf(db: Database): Promise<Attempt[]> {
  const [schema] = await db.query<{ found: boolean }>(
    "select to_regclass('purchase_fix.attempt') is not null as found",
  );
  if (schema?.found !== true) return [];
  return await db.query<Attempt & Record<string, unknown>>(
    `select sale_id::integer as sale, event_id as event, answer, effect, settled_at is not null as settled
     from purchase_fix.attempt order by id`,
  );
}
