import type { PastRun, PastRuns } from "../ports.js";
import type { Entry } from "../sales/undo.js";
import { changesOf } from "../sales/undo.js";
import { commandOf } from "./attempt-rows.js";
import { ownTables } from "./catalogue.js";
import type { Database, Tx } from "./database.js";

/** Looks up runs of the past, and what they changed. Read-only. */
export function openPastRuns(database: Database): PastRuns {
  return { find: (run) => database.read((tx) => findRun(tx, run)) };
}

/** Null where there is no such run, or no journal yet. */
export async function findRun(tx: Tx, id: string): Promise<PastRun | null> {
  if (!(await ownTables(tx)).has("attempt")) return null;
  const [run] = await tx<{ command: string; host: string; user_name: string; started: string }[]>`
    select r.command, r.host, r.user_name, (extract(epoch from r.started_at) * 1000)::text as started
    from purchase_fix.run r where r.id = ${id}`;
  if (!run) return null;
  return {
    id,
    command: run.command,
    host: run.host,
    user: run.user_name,
    startedAt: Math.floor(Number(run.started)),
    changes: changesOf(await entriesOf(tx, id)),
  };
}

interface EntryRow {
  sale_id: string;
  command: string;
  flagged_before: boolean | null;
  flagged_at_before: string | null;
  meta_event_id_before: string | null;
  flagged_after: boolean | null;
  flagged_at_after: string | null;
  meta_event_id_after: string | null;
  flagged_at_claimed: string | null;
  effect: string | null;
  answer: string | null;
  event_id: string | null;
  event_id_origin: string | null;
  at: string;
}

async function entriesOf(tx: Tx, run: string): Promise<Entry[]> {
  const rows = await tx<EntryRow[]>`
    select a.sale_id, ${commandOf(tx)} as command, a.flagged_before, a.flagged_at_before, a.meta_event_id_before, a.flagged_after, a.flagged_at_after,
           a.meta_event_id_after, a.flagged_at_claimed, a.effect, a.answer, a.event_id, a.event_id_origin,
           (extract(epoch from coalesce(a.settled_at, a.attempted_at)) * 1000)::text as at
    from purchase_fix.attempt a join purchase_fix.run r on r.id = a.run_id
    where a.run_id = ${run}
    order by a.id`;
  return rows.map((row) => ({
    saleId: Number(row.sale_id),
    command: row.command,
    before: {
      flagged: row.flagged_before === true,
      flaggedAt: row.flagged_at_before,
      metaEventId: row.meta_event_id_before,
    },
    after: {
      flagged: row.flagged_after,
      flaggedAt: row.flagged_at_after,
      metaEventId: row.meta_event_id_after,
    },
    claimedAt: row.flagged_at_claimed,
    effect: row.effect,
    answer: row.answer,
    eventId: row.event_id,
    origin: row.event_id_origin,
    at: Math.floor(Number(row.at)),
  }));
}
