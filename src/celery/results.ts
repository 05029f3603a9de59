import type { TaskResult } from "../sales/tasks.js";
import type { Connection } from "./queue/connection.js";
import { rows, wordsOf } from "./queue/connection.js";
import { readResult } from "./result.js";

/** Results by task id. An id without one is missing: queued, running, or finished over an hour ago. */
export interface Results {
  readonly of: ReadonlyMap<string, TaskResult>;
  /** Why some may be missing that are there; null where all were read. */
  readonly because: string | null;
}

/** 200 results of 0.3 kB are a fraction of a millisecond for Redis; a traceback makes one 3 kB. */
const CHUNK = 200;
const PREFIX = "celery-task-meta-";

/**
 * Reads the result backend. It knows task ids only, so that each must have been tied to an event id by broker or log.
 * Never rejects for what the backend does.
 */
export async function readResults(
  redis: Connection,
  taskIds: Iterable<string>,
  { signal, keyPrefix = "" }: { signal?: AbortSignal; keyPrefix?: string } = {},
): Promise<Results> {
  const ids = [...new Set(taskIds)];
  const of = new Map<string, TaskResult>();
  let unreadable = 0;
  try {
    for (let at = 0; at < ids.length; at += CHUNK) {
      signal?.throwIfAborted();
      const chunk = ids.slice(at, at + CHUNK);
      const values = rows(await redis.send(["MGET", ...chunk.map((taskId) => keyPrefix + PREFIX + taskId)]));
      for (const [index, taskId] of chunk.entries()) {
        const raw = values[index];
        if (typeof raw !== "string") continue;
        const result = readResult(taskId, raw);
        if (result === null) unreadable += 1;
        else of.set(taskId, result);
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    return { of, because: `task results could not be read: ${wordsOf(error)}` };
  }
  return { of, because: unreadable === 0 ? null : `${unreadable} task results are no JSON of Celery's` };
}
