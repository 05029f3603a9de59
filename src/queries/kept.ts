import type { KeptEvent, KeptLog, KeptReader } from "../ports.js";
import type { TaskResult, TaskTie } from "../sales/tasks.js";
import { readWords } from "./attestations.js";
import { ownTables } from "./catalogue.js";
import { isWithout } from "./known-catalogue.js";
import type { Database, Tx } from "./database.js";
import { millis, momentOf } from "./moments.js";

/** What earlier runs kept, in the journal's schema; nothing where it is of the first version, or not there. */
export function openKept(database: Database): KeptReader {
  return {
    of: async (since) => {
      if (isWithout(database, "attestation", "observation"))
        return { attestations: [], ties: [], results: new Map() };
      return await database.read(async (tx) => {
        const own = await ownTables(tx);
        const attestations = own.has("attestation") ? await readWords(tx, { withdrawn: false }) : [];
        const rows = own.has("observation") ? await readObservations(tx, since) : [];
        return {
          attestations,
          ties: rows.map(tieOf),
          results: new Map(rows.flatMap(resultOf).map((result) => [result.taskId, result])),
        };
      });
    },
    logs: async (since) => {
      if (isWithout(database, "log_event")) return { logs: [], events: [] };
      return await database.read(async (tx) => {
        if (!(await ownTables(tx)).has("log_event")) return { logs: [], events: [] };
        return { logs: await readPositions(tx), events: await readEvents(tx, since) };
      });
    },
  };
}

interface ObservationRow {
  task_id: string;
  event_id: string | null;
  pixel_id: string | null;
  status: "SUCCESS" | "FAILURE" | "REVOKED" | null;
  outcome: TaskResult["outcome"];
  final: boolean;
  done_at: string | null;
  because: string;
}

/** Whatever was last noticed before a sale was paid cannot be of that sale. */
async function readObservations(tx: Tx, since: number): Promise<ObservationRow[]> {
  return await tx<ObservationRow[]>`
    select o.task_id, o.event_id, o.pixel_id, o.result_status as status, o.result_outcome as outcome,
           o.result_final as final, ${millis(tx, "o.result_done_at")} as done_at, o.result_because as because
    from purchase_fix.observation o
    where o.observed_at >= ${momentOf(tx, since)}
    order by o.task_id`;
}

function tieOf({ task_id, event_id, pixel_id }: ObservationRow): TaskTie {
  return { taskId: task_id, eventId: event_id, pixelId: pixel_id };
}

function resultOf({ task_id, status, outcome, final, done_at, because }: ObservationRow): TaskResult[] {
  if (status === null) return [];
  const doneAt = done_at === null ? null : Number(done_at);
  return [{ taskId: task_id, status, outcome, final, doneAt, because }];
}

export async function readPositions(tx: Tx): Promise<KeptLog[]> {
  return await tx<KeptLog[]>`
    select p.log, p.lineage, p.position, p.stats from purchase_fix.log_position p order by p.log`;
}

async function readEvents(tx: Tx, since: number): Promise<KeptEvent[]> {
  const rows = await tx<(Omit<KeptEvent, "line" | "at"> & { line: string; at: string })[]>`
    select e.log, e.line::text as line, e.kind, ${millis(tx, "e.at")} as at, e.task_id as "taskId", e.unclaimed, e.event
    from purchase_fix.log_event e
    where e.at >= ${momentOf(tx, since)}
    order by e.log, e.line, e.kind`;
  return rows.map((row) => ({ ...row, line: Number(row.line), at: Number(row.at) }));
}
