import type { Restraints } from "../ports.js";
import type { Evidence } from "../sales/evidence.js";
import type { Acknowledgement } from "../sales/restraint.js";
import type { Instant } from "../sales/sale.js";
import { triesOf } from "../sales/tries.js";
import type { JournalRow } from "./attempt-rows.js";
import { sendsOf } from "./attempt-rows.js";
import { hold } from "./attempts.js";
import { ownTables } from "./catalogue.js";
import { asInstant } from "./columns.js";
import type { Database, Tx } from "./database.js";
import { list } from "./list.js";
import { millis } from "./moments.js";
import type { WithdrawalRow } from "./withdrawal.js";
import { withdrawalColumns, withdrawalOf } from "./withdrawal.js";

/** What people decided about sales: when each was last released from quarantine, and which they let rest. */
export interface Words {
  readonly released: ReadonlyMap<number, Instant>;
  readonly acknowledged: ReadonlyMap<number, Acknowledgement>;
}

export const noRestraints: Words = { released: new Map(), acknowledged: new Map() };

/** Null where this role may not read them. */
export async function readRestraints(tx: Tx, ids: readonly number[]): Promise<Words | null> {
  // To a role that was granted nothing of an update's tables the journal is told all the same.
  const [right] = await tx<{ may: boolean }[]>`
    select has_table_privilege('purchase_fix.release', 'select')
       and has_table_privilege('purchase_fix.acknowledgement', 'select') as may`;
  if (right?.may !== true) return null;
  const wanted = list(tx, "bigint", ids);
  const released = await tx<{ id: string; at: string }[]>`
    select r.sale_id as id, max(extract(epoch from r.given_at) * 1000)::text as at
    from purchase_fix.release r
    where r.sale_id = any(${wanted})
    group by r.sale_id`;
  const acknowledged = await tx<{ id: string; reason: string; by: string; at: string }[]>`
    select k.sale_id as id, k.reason, k.given_by as by, ${millis(tx, "k.given_at")} as at
    from purchase_fix.acknowledgement k
    where k.withdrawn_at is null
      and k.sale_id = any(${wanted})`;
  return {
    released: new Map(released.map((row) => [Number(row.id), Number(row.at)])),
    acknowledged: new Map(
      acknowledged.map(({ id, reason, by, at }) => [Number(id), { reason, by, at: Number(at) }]),
    ),
  };
}

/** The evidence with what our own tries came to since the last release, and what a person said. */
export function restrained(
  evidence: Evidence,
  rows: readonly JournalRow[],
  id: number,
  { released, acknowledged }: Words,
): Evidence {
  const from = released.get(id) ?? -Infinity;
  const tried = sendsOf(rows)
    .map((row) => ({
      run: row.run_id,
      // To the microsecond, as the release is: a try that follows at once counts.
      exactly: Number(row.attempted),
      at: asInstant(row.attempted) ?? 0,
      answer: row.answer,
      blame: row.blame,
      alone: row.events === 1,
      pixelTook: row.pixel_took,
      othersRefused: row.others_refused,
      because: row.because,
    }))
    .filter(({ exactly }) => exactly > from);
  return { ...evidence, tries: triesOf(tried), acknowledged: acknowledged.get(id) ?? null };
}

/** Both are given under the run lock, and never deleted. */
export function openRestraints(database: Database): Restraints {
  return {
    release: (lease, ids, reason, by) =>
      database.write(async (tx) => {
        await hold(tx, lease);
        await tx`
          insert into purchase_fix.release (run_id, sale_id, reason, given_by)
          select ${lease.run}, value::bigint, ${reason}, ${by}
          from jsonb_array_elements_text(${tx.json(ids)}::jsonb)
          returning id`;
      }),
    acknowledge: (lease, ids, reason, by) =>
      database.write(async (tx) => {
        await hold(tx, lease);
        const rows = await tx<{ id: string }[]>`
          insert into purchase_fix.acknowledgement (run_id, sale_id, reason, given_by)
          select ${lease.run}, value::bigint, ${reason}, ${by}
          from jsonb_array_elements_text(${tx.json(ids)}::jsonb)
          on conflict (sale_id) where withdrawn_at is null do nothing
          returning sale_id as id`;
        return rows.map((row) => Number(row.id));
      }),
    withdraw: (lease, ids, reason, by) =>
      database.write(async (tx) => {
        await hold(tx, lease);
        const rows = await tx<{ id: string }[]>`
          update purchase_fix.acknowledgement
          set withdrawn_at = clock_timestamp(), withdrawn_by = ${by}, withdrawn_because = ${reason},
              withdrawn_run_id = ${lease.run}
          where withdrawn_at is null
            and sale_id in (select value::bigint from jsonb_array_elements_text(${tx.json(ids)}::jsonb))
          returning sale_id as id`;
        return rows.map((row) => Number(row.id));
      }),
    list: () => database.read(readAcknowledgements),
  };
}

interface AcknowledgementRow extends WithdrawalRow {
  id: string;
  sale_id: string;
  run_id: string;
  reason: string;
  given_by: string;
  given_at: string;
}

/** The newest first; none where the schema has no place for them yet. */
async function readAcknowledgements(tx: Tx): ReturnType<Restraints["list"]> {
  if (!(await ownTables(tx)).has("acknowledgement")) return [];
  const rows = await tx<AcknowledgementRow[]>`
    select id, sale_id, run_id, reason, given_by, ${millis(tx, "given_at")} as given_at,
           ${withdrawalColumns(tx)}
    from purchase_fix.acknowledgement
    order by id desc`;
  return rows.map((row) => ({
    id: Number(row.id),
    saleId: Number(row.sale_id),
    run: row.run_id,
    reason: row.reason,
    by: row.given_by,
    at: Number(row.given_at),
    withdrawn: withdrawalOf(row),
  }));
}
