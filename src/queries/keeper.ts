import type { KeptEvent, KeptLog, Keeper, Observed } from "../ports.js";
import type { BrokerTask, TaskResult, TaskTie } from "../sales/tasks.js";
import type { Database, Tx } from "./database.js";
import { demandHome } from "./home.js";
import { readPositions } from "./kept.js";
import { prune } from "./prune.js";

/** Rows per statement. */
const CHUNK = 2_000;
/** A result that is not Celery's last word may be overwritten until the task's retries have ended (17 h), and an hour more. */
const MAY_CHANGE = "2 days";
/** Tasks whose lines may still come: as long, and a worker's log that is read a day late. */
const MAY_BE_LOGGED = "3 days";
/**
 * Keeps what would vanish. Every write merges, and gives the same result when it is done twice or by two hosts at once:
 * so that an observer who dies in the middle, or comes late, does no harm.
 */
export function openKeeper(database: Database): Keeper {
  const name = (host: string) => `observe:${host}`;
  return {
    // A lease as the run lock's, under another name: an advisory lock of the session would not hold behind a pooler,
    // one of a transaction would keep it open while gigabytes are read.
    begin: ({ id, host }, ttlMs) =>
      database.write(async (tx) => {
        await demandHome(tx);
        const rows = await tx`
          insert into purchase_fix.lease as l (name, token, run_id, expires_at)
          values (${name(host)}, 1, ${id}, clock_timestamp() + ${ttlMs} * interval '1 millisecond')
          on conflict (name) do update
            set token = l.token + 1, run_id = excluded.run_id, expires_at = excluded.expires_at
            where l.expires_at <= clock_timestamp()
          returning token`;
        return rows.length === 1;
      }),
    end: ({ id, host }) =>
      database.write(async (tx) => {
        await tx`
          update purchase_fix.lease set expires_at = clock_timestamp()
          where name = ${name(host)} and run_id = ${id} and expires_at > clock_timestamp()
          returning token`;
      }),
    open: () =>
      database.read(async (tx) => {
        const rows = await tx<{ id: string }[]>`
          select o.task_id as id from purchase_fix.observation o
          where o.result_final is not true and o.noticed_at > clock_timestamp() - ${MAY_CHANGE}::interval
          order by 1`;
        return rows.map(({ id }) => id);
      }),
    positions: () =>
      database.read(async (tx) => {
        const rows = await tx<{ id: string }[]>`
          select distinct e.task_id as id from purchase_fix.log_event e
          where e.task_id is not null and not e.unclaimed and e.at > clock_timestamp() - ${MAY_BE_LOGGED}::interval`;
        return { logs: await readPositions(tx), tasks: rows.map(({ id }) => id) };
      }),
    keep: (seen) => keep(database, seen),
    prune: () => database.write(prune),
  };
}

/** Positions come last: lines whose events are not kept yet are read again. */
async function keep(database: Database, seen: Observed): Promise<{ results: number; events: number }> {
  let events = 0;
  await database.write((tx) => keepTasks(tx, seen.ties, seen.living));
  const results = await database.write((tx) => keepResults(tx, seen.results));
  for (let at = 0; at < seen.events.length; at += CHUNK) {
    const chunk = seen.events.slice(at, at + CHUNK);
    events += await database.write((tx) => keepEvents(tx, chunk));
  }
  if (seen.logs.length > 0) await database.write((tx) => keepPositions(tx, seen.logs));
  return { results, events };
}

/** A task's arguments never change: what was known stays, what was not is added. */
async function keepTasks(tx: Tx, ties: readonly TaskTie[], living: readonly BrokerTask[]): Promise<void> {
  const tasks = new Map<string, object>(ties.map((tie) => [tie.taskId, tieOnly(tie)]));
  for (const { state, copies, ...tie } of living) tasks.set(tie.taskId, { ...tieOnly(tie), state, copies });
  await tx`
    insert into purchase_fix.observation as o (task_id, event_id, pixel_id, state, copies, first_seen_at, last_seen_at)
    select w."taskId", w."eventId", w."pixelId", w.state, w.copies,
           case when w.state is not null then clock_timestamp() end, case when w.state is not null then clock_timestamp() end
    from jsonb_to_recordset(${tx.json([...tasks.values()] as never)}::jsonb)
      w("taskId" text, "eventId" text, "pixelId" text, state text, copies integer)
    order by 1
    on conflict (task_id) do update
      set event_id = coalesce(o.event_id, excluded.event_id), pixel_id = coalesce(o.pixel_id, excluded.pixel_id),
          state = coalesce(excluded.state, o.state), copies = coalesce(excluded.copies, o.copies),
          first_seen_at = coalesce(o.first_seen_at, excluded.first_seen_at),
          last_seen_at = coalesce(excluded.last_seen_at, o.last_seen_at), observed_at = clock_timestamp()
    returning task_id`;
}

/** Never the arguments: they hold the access token and the customer. */
function tieOnly({ taskId, eventId, pixelId }: TaskTie): TaskTie {
  return { taskId, eventId, pixelId };
}

/** Celery's last word is never overwritten; RETRY is no end, and an hour later nothing would take it back. */
async function keepResults(tx: Tx, results: readonly TaskResult[]): Promise<number> {
  const ended = results.filter(({ status }) => status !== "RETRY" && status !== "other");
  const rows = await tx`
    update purchase_fix.observation o
    set result_status = r.status, result_outcome = r.outcome, result_final = r.final, result_because = r.because,
        result_done_at = to_timestamp(r."doneAt" / 1000), observed_at = clock_timestamp()
    from jsonb_to_recordset(${tx.json(ended as never)}::jsonb)
      r("taskId" text, status text, outcome text, final boolean, because text, "doneAt" double precision)
    where o.task_id = r."taskId" and o.result_final is not true
      and (o.result_status, o.result_outcome, o.result_because) is distinct from (r.status, r.outcome, r.because)
    returning o.task_id`;
  return rows.length;
}

async function keepEvents(tx: Tx, events: readonly KeptEvent[]): Promise<number> {
  const rows = await tx`
    insert into purchase_fix.log_event (log, line, kind, at, task_id, unclaimed, event)
    select e.log, e.line, e.kind, to_timestamp(e.at / 1000), e."taskId", e.unclaimed, e.event
    from jsonb_to_recordset(${tx.json(events as never)}::jsonb)
      e(log text, line bigint, kind text, at double precision, "taskId" text, unclaimed boolean, event jsonb)
    on conflict do nothing
    returning line`;
  return rows.length;
}

async function keepPositions(tx: Tx, logs: readonly KeptLog[]): Promise<void> {
  await tx`
    insert into purchase_fix.log_position as l (log, lineage, position, stats)
    select p.log, p.lineage, p.position, p.stats
    from jsonb_to_recordset(${tx.json(logs as never)}::jsonb) p(log text, lineage text, position jsonb, stats jsonb)
    order by 1
    on conflict (log) do update
      set position = excluded.position, stats = excluded.stats, read_at = clock_timestamp()
    returning log`;
}
