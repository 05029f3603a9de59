import type { LiveTask, Trace } from "./evidence.js";
import { hasRun, runsOf } from "./task-runs.js";
import type { BrokerReading, BrokerTask, TaskEvent, TaskResult, TaskTie } from "./tasks.js";

/** What broker and results tell about one event id. */
export interface TaskFacts {
  readonly live: readonly LiveTask[];
  readonly traces: readonly Trace[];
  /** The broker was read twice and whole, and no task that bears the id lives. It does not say that none ever ran. */
  readonly noTaskLives: boolean;
}

/** Broker, results and ties put together; ties come from logs, or from what an observer saw earlier. */
export interface TaskEvidence {
  tasksOf(eventId: string): TaskFacts;
}

/** The task ids whose results are wanted: results are found by no other name. */
export function taskIdsOf(reading: BrokerReading | null, ties: readonly TaskTie[]): Set<string> {
  return new Set([...(reading?.tasks.keys() ?? []), ...ties.map(({ taskId }) => taskId)]);
}

export function mergeTasks(
  reading: BrokerReading | null,
  results: ReadonlyMap<string, TaskResult>,
  ties: readonly TaskTie[],
): TaskEvidence {
  const known = new Map<string, TaskEvent>();
  const byEvent = new Map<string, Set<string>>();
  for (const { taskId, eventId, pixelId } of [...ties, ...(reading?.tasks.values() ?? [])]) {
    if (eventId === null) continue;
    // A task's arguments never change: what the broker holds is read last, and wins over a log's cut id.
    known.set(taskId, { eventId, pixelId: pixelId ?? known.get(taskId)?.pixelId ?? null });
    byEvent.set(eventId, (byEvent.get(eventId) ?? new Set()).add(taskId));
  }
  return {
    tasksOf: (eventId) => {
      const ids = [...(byEvent.get(eventId) ?? [])].filter((id) => known.get(id)?.eventId === eventId);
      const tasks = ids.map((taskId) => ({
        event: known.get(taskId) ?? { eventId, pixelId: null },
        task: reading?.tasks.get(taskId) ?? null,
        result: results.get(taskId) ?? null,
      }));
      const live = tasks.flatMap(liveOf);
      const retries = tasks.some(({ result }) => result?.status === "RETRY");
      return {
        live,
        traces: tasks.flatMap((of) => tracesOf(of, reading)),
        // Whoever retries has queued its next run; one that is in no place may still be on its way.
        noTaskLives: reading?.complete === true && live.length === 0 && !retries,
      };
    },
  };
}

interface Told {
  readonly event: TaskEvent;
  readonly task: BrokerTask | null;
  readonly result: TaskResult | null;
}

/**
 * A task that the second look met no more has ended where its only copy left a result since the first: an older result
 * is another copy's, and this one may be on its way between two places.
 */
function isLive({ task, result }: Told): boolean {
  if (task === null) return false;
  if (!task.gone || task.copies > 1 || result === null || result.doneAt === null) return true;
  const hasEnded = result.status !== "RETRY" && result.status !== "other" && result.doneAt >= task.seenAt;
  return !hasEnded;
}

function liveOf(told: Told): LiveTask[] {
  const { task, event } = told;
  if (task === null || !isLive(told)) return [];
  const { taskId, state, copies, seenAt, runsBy } = task;
  return [
    {
      source: "broker",
      // To a judge it is all the same where a task waits for its first turn.
      state: state === "reserved" ? "queued" : state,
      ...event,
      seenAt,
      runsBy,
      taskId,
      copies,
    },
  ];
}

function tracesOf(told: Told, reading: BrokerReading | null): Trace[] {
  const { task, result, event } = told;
  const base = { by: "application", ...event, unsettled: false } as const;
  const traces: Trace[] = [];
  if (task !== null && isLive(told) && hasRun(task)) {
    const because = `its task has begun: ${runsOf(task)}`;
    traces.push({
      ...base,
      source: "broker",
      at: task.seenAt,
      result: "unknown",
      because,
      taskId: task.taskId,
    });
  }
  if (result !== null) {
    const { taskId, doneAt, because } = result;
    const at = doneAt ?? task?.seenAt ?? reading?.readAt[1] ?? null;
    // A time is needed to compare attempts, and an invented one would be believed.
    if (at !== null) {
      traces.push({
        ...base,
        source: "task result",
        at,
        result: outcomeOf(told),
        because: ended(because, told),
        taskId,
        // `None` says how the task returned, not what Meta answered: a log that saw its runs speaks for it.
        ...(result.status === "SUCCESS" && result.outcome === "unknown" ? { unseen: true } : {}),
      });
    }
  }
  return traces;
}

/** A failure is the end of one run: while a copy lives, or may have run beside it, it proves nothing. */
function outcomeOf(told: Told): Trace["result"] {
  const { result, task } = told;
  if (result === null) return "unknown";
  if (result.outcome === "accepted") return "accepted";
  return isLive(told) || (task?.copies ?? 1) > 1 || task?.redelivered === true ? "unknown" : result.outcome;
}

function ended(because: string, told: Told): string {
  const { task } = told;
  if (task === null || !isLive(told)) return because;
  return `${because}; ${task.copies === 1 ? "a copy of it lives" : `${task.copies} copies of it live`}`;
}
