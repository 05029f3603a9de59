import { isWhole } from "./logged-evidence.js";
import type { LoggedAttempt } from "./logged.js";
import type { LogsTold, TasksTold } from "./found.js";
import { MINUTE } from "./sale.js";

/*
 * Attempts that came to nothing. A log alone shows no more than that nobody went on; that nobody can have gone on, logs
 * and broker show together, where both are known to be whole.
 */

/** From "about to queue" to the event, two statements in a row; from the page's first line, with what is read between. */
const NEXT = 10_000;
const REQUEST = 10 * MINUTE;
/** A worker that is well takes a task within seconds. Between the reading of its log and of the broker lie as many. */
const SETTLED = 20 * MINUTE;
/** A log that is silent for longer is not known to be whole. */
const QUIET = 10 * MINUTE;

/** The attempt, as not sent where that is proven; otherwise as it was. */
export function withoutRuns(attempt: LoggedAttempt, logs: LogsTold, tasks: TasksTold | null): LoggedAttempt {
  if (attempt.result !== "unknown") return attempt;
  const because = wasNeverQueued(attempt, logs) ?? wasNeverTaken(attempt, logs, tasks);
  return because === null ? attempt : { ...attempt, result: "not-sent", because, mayStillRun: false };
}

/** The event is built before it is queued, and each step writes a line. */
function wasNeverQueued({ reached, at, lastAt }: LoggedAttempt, logs: LogsTold): string | null {
  if (reached !== "page" && reached !== "queueing") return null;
  if (!isWhole(logs.coverage.application, at, lastAt + REQUEST)) return null;
  if (reached === "page") return "its web process went no further than the delivery page's first lines";
  if (logs.mayBeBuilt(at, lastAt + NEXT)) return null;
  return "its web process ended before it had built the event";
}

/**
 * No worker ever took its task, by logs that are whole until the broker was read, and the broker, read twice and whole,
 * has it no more. A task that no line names is told by no line of its own either: there, nothing may have run since
 * that nobody knows.
 */
function wasNeverTaken(
  { reached, cause, at, lastAt, eventId, eventIdCut }: LoggedAttempt,
  logs: LogsTold,
  tasks: TasksTold | null,
): string | null {
  if (reached !== "queued" && reached !== "built") return null;
  // Somebody answered for it: a worker's log is missing.
  if (cause === "meta-refused" || cause === "task-failed") return null;
  if (eventId === null || eventIdCut || tasks === null || tasks.workers !== null) return null;
  const { readAt, answered } = tasks;
  if (readAt === null || lastAt > readAt - SETTLED || answered > logs.workerLogs) return null;
  if (!tasks.tasksOf(eventId).noTaskLives) return null;
  const { application, worker } = logs.coverage;
  if (!isWhole(worker, at - MINUTE, readAt - QUIET)) return null;
  const lost = "no worker ever took its task, and the broker has it no more";
  if (reached === "queued") return lost;
  if (!isWhole(application, at, lastAt + REQUEST) || logs.nobodysRunSince(at - MINUTE)) return null;
  // Of sales of one click each has this event id, and a run that names no sale may be any of theirs.
  if (logs.nobodys(eventId).some(({ taskId }) => taskId !== null)) return null;
  return "nothing shows that it was queued: no worker ever ran such a task, and the broker has none";
}
