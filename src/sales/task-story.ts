import type { Fact } from "./evidence.js";
import type { TaskFacts } from "./task-evidence.js";
import { iso } from "./time.js";

/** What broker and results tell of a sale's tasks, as lines of its story. */
export function storyOfTasks(told: readonly TaskFacts[]): Fact[] {
  return told.flatMap(({ live, traces }) => [
    ...traces.map(({ at, source, because, taskId, result }) => ({
      at,
      source,
      text: because,
      where: taskId ? `task ${taskId}` : null,
      tells: result,
    })),
    ...live.map(({ seenAt, source, state, copies = 1, runsBy, taskId }) => ({
      at: seenAt,
      source,
      text: [
        `its task is ${state}`,
        copies > 1 ? `in ${copies} copies` : "",
        runsBy === null ? "" : `must have run by ${iso(runsBy)}`,
      ]
        .filter((part) => part !== "")
        .join(", "),
      where: taskId ? `task ${taskId}` : null,
    })),
  ]);
}
