import type { KeptEvent, KeptLog } from "../../ports.js";
import { KEPT_FOR } from "../../ports.js";
import type { LogEvent } from "./event.js";
import type { Position } from "./position.js";
import type { ReadLogs } from "./read-logs.js";
import type { FileStats } from "./scan.js";

/*
 * What is kept of the logs between runs. Several hosts keep in one place, where `/var/log/gunicorn.log` may stand for
 * two logs: paths bear the host's name there, and a log that is read elsewhere later (copied, or by a container with
 * another name) keeps the lineage that it had.
 */

/** What one reading adds to what is known. `tasks`: those that earlier runs knew to send a Purchase. */
export function newsOf(
  read: ReadLogs,
  known: readonly KeptLog[],
  host: string,
  tasks: Iterable<string>,
): { readonly logs: readonly KeptLog[]; readonly events: readonly KeptEvent[] } {
  const lineageOf = lineages(read.stats, known, host);
  const ids = new Map(read.stats.map(({ path, id }) => [path, id]));
  const positions = new Map(read.positions.map((position) => [position.id, position]));
  const claimed = claimedTasks(read.events, known, tasks);
  return {
    logs: read.stats.flatMap((stats) => {
      const position = positions.get(stats.id);
      if (position === undefined) return [];
      const before = known.find(({ log }) => log === stats.id);
      const lineage = lineageOf(stats);
      const own = { ...stats, lineage, path: placed(stats.path, host) };
      const all = grown((before?.stats ?? []) as FileStats[], own);
      return [
        {
          log: stats.id,
          lineage,
          position: { ...position, path: placed(position.path, host) },
          stats: all,
        },
      ];
    }),
    events: read.events.map((event) => {
      const { line, kind, at, taskId = null } = event;
      const log = ids.get(event.file) ?? event.file;
      const kept = { ...event, lineage: lineageOf(event), file: placed(event.file, host) };
      const unclaimed = taskId !== null && ofAnyTask.has(kind) && !claimed.has(taskId);
      return { log, line, kind, at, taskId, unclaimed, event: kept };
    }),
  };
}

/** Where reading goes on, as the reader wants it: logs of this host under their own paths. */
export function positionsIn(known: readonly KeptLog[], host: string): Position[] {
  return known.map(({ position }) => {
    const own = position as Position;
    return { ...own, path: atHome(own.path, host) };
  });
}

/** As it is called here: another host's keeps the host before it. */
export function atHome(path: string, host: string): string {
  return path.startsWith(`${host}:/`) ? path.slice(host.length + 1) : path;
}

function placed(path: string, host: string): string {
  return path.startsWith("/") ? `${host}:${path}` : path;
}

/** A part that is new belongs to the log whose older parts stand beside it. */
export function lineages(
  stats: readonly FileStats[],
  known: readonly KeptLog[],
  host: string,
): (of: { readonly lineage: string }) => string {
  const kept = new Map(known.map(({ log, lineage }) => [log, lineage]));
  const names = new Map<string, string>();
  for (const { id, lineage } of stats) {
    const name = kept.get(id);
    if (name !== undefined) names.set(lineage, name);
  }
  return ({ lineage }) => names.get(lineage) ?? placed(lineage, host);
}

/** One more reading of a log: what begins where the last one ended continues it, so that the list stays short. */
export function grown(parts: readonly FileStats[], one: FileStats): FileStats[] {
  if (one.from === one.to && parts.length > 0) return [...parts];
  const last = parts.at(-1);
  if (last === undefined || last.to !== one.from || one.from === 0) return [...parts, one];
  const end = one.last ?? last.last;
  const sum = (of: "lines" | "meaningful" | "unreadable" | "cut") => last[of] + one[of];
  const merged: FileStats = {
    ...one,
    follows: last.follows,
    from: last.from,
    logs: [...new Set([...last.logs, ...one.logs])],
    lines: sum("lines"),
    meaningful: sum("meaningful"),
    unreadable: sum("unreadable"),
    cut: sum("cut"),
    first: last.first ?? one.first,
    last: end,
    quiet: [...last.quiet, ...one.quiet].filter(({ to }) => end === null || to > end - KEPT_FOR),
  };
  return [...parts.slice(0, -1), merged];
}

/** What the worker says of every task in the same words, whatever event it sends. */
const ofAnyTask = new Set<LogEvent["kind"]>(["received", "succeeded", "retrying", "raised", "time-limit"]);
const ofProcesses = new Set<LogEvent["kind"]>(["worker-started", "process-gone", "other-event", "unseen"]);

/** Purchases' tasks: a line says so, or the worker process spoke of a Purchase before it told the task's end. */
function claimedTasks(
  events: readonly LogEvent[],
  known: readonly KeptLog[],
  tasks: Iterable<string>,
): Set<string> {
  const claimed = new Set(tasks);
  // As the reader left it: a process may have been in the middle of one.
  const busy = new Set(
    known.flatMap(({ position }) => (position as Position).busy.map((process) => process)),
  );
  for (const { kind, taskId, process, log } of events) {
    if (taskId !== undefined && !ofAnyTask.has(kind)) claimed.add(taskId);
    if (log !== "worker" || process === undefined) continue;
    if (taskId === undefined && !ofProcesses.has(kind)) busy.add(process);
    else if (kind === "other-event") busy.delete(process);
    else if (taskId !== undefined && ofAnyTask.has(kind) && kind !== "received" && busy.delete(process))
      claimed.add(taskId);
  }
  return claimed;
}
