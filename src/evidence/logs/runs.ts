import type { LogEvent } from "./event.js";
import { agree, sharedLogs, type Expected } from "./neighbours.js";
import { push } from "./only-possible.js";

/** One run of a task: the line with which it ended, and what it said before. */
export interface TaskRun {
  readonly end: LogEvent | null;
  readonly lines: readonly LogEvent[];
}

/** All that the workers said of one task. */
export interface TaskStory {
  readonly taskId: string;
  readonly runs: readonly TaskRun[];
  readonly received: readonly LogEvent[];
  /** Every copy that is known to have been queued was received, and ended. */
  readonly closed: boolean;
  /** A worker began anew while it held a copy: that copy may have reached Meta. */
  readonly died: boolean;
}

export interface WorkerStories {
  readonly tasks: ReadonlyMap<string, TaskStory>;
  /** Lines that no task's end stands next to: an acceptance among them still bears its event id. */
  readonly loose: readonly LogEvent[];
}

interface Draft {
  readonly runs: TaskRun[];
  readonly received: LogEvent[];
  /** Copies that were queued and not received yet. */
  due: number;
  /** Copies that were received and have not ended, by the log of their worker. */
  readonly held: Map<string, number>;
  died: boolean;
}

/**
 * Ties the workers' lines: those of one process do not interleave, so what it said since its last task ended belongs to
 * the task that ends next, provided that the lines agree with that end. Events come in the order of time.
 */
export function storiesOf(
  events: readonly LogEvent[],
  expected: ReadonlyMap<string, Expected>,
): WorkerStories {
  const drafts = new Map<string, Draft>();
  const loose: LogEvent[] = [];
  const said = new Map<string, LogEvent[]>();
  const shared = sharedLogs(events);
  const draftOf = (id: string): Draft => {
    const draft = drafts.get(id) ?? {
      runs: [],
      received: [],
      due: expected.has(id) ? 1 : 0,
      held: new Map(),
      died: false,
    };
    drafts.set(id, draft);
    return draft;
  };
  const forget = (lineage: string, process?: string): void => {
    for (const [key, lines] of said) {
      if (process === undefined ? !key.startsWith(`${lineage}\n`) : key !== `${lineage}\n${process}`)
        continue;
      for (const line of lines) {
        if (line.taskId === undefined) loose.push(line);
        else draftOf(line.taskId).runs.push({ end: null, lines: [line] });
      }
      said.delete(key);
    }
  };
  for (const event of events) {
    const key = `${event.lineage}\n${event.process ?? ""}`;
    if (event.kind === "worker-started") {
      forget(event.lineage);
      for (const draft of drafts.values()) bury(draft, event.lineage);
    } else if (event.kind === "unseen") forget(event.lineage, event.process);
    else if (event.kind === "process-gone") forget(event.lineage, event.node);
    else if (event.kind === "other-event") forget(event.lineage, event.process);
    else if (event.kind === "received") receive(draftOf(event.taskId ?? ""), event);
    else if (isEnd(event)) {
      const lines = said.get(key) ?? [];
      const own = agree(event, lines, expected.get(event.taskId ?? "")) && !shared.has(event.lineage);
      if (own) said.delete(key);
      else forget(event.lineage, event.process);
      end(draftOf(event.taskId ?? ""), { end: event, lines: own ? lines : [] });
    } else push(said, key, event);
  }
  for (const lineage of new Set(events.map((event) => event.lineage))) forget(lineage);
  return { tasks: new Map([...drafts].map(([taskId, draft]) => [taskId, finished(taskId, draft)])), loose };
}

function isEnd({ kind }: LogEvent): boolean {
  return kind === "succeeded" || kind === "retrying" || kind === "raised" || kind === "time-limit";
}

/** Acknowledged late, what a worker held when it died comes back. */
function bury(draft: Draft, lineage: string): void {
  const held = draft.held.get(lineage) ?? 0;
  if (held === 0) return;
  draft.held.delete(lineage);
  draft.due += held;
  draft.died = true;
}

function receive(draft: Draft, event: LogEvent): void {
  draft.received.push(event);
  draft.due = Math.max(0, draft.due - 1);
  draft.held.set(event.lineage, (draft.held.get(event.lineage) ?? 0) + 1);
}

function end(draft: Draft, run: TaskRun): void {
  draft.runs.push(run);
  const { lineage = "", kind } = run.end ?? {};
  draft.held.set(lineage, Math.max(0, (draft.held.get(lineage) ?? 0) - 1));
  if (kind !== "retrying") return;
  // The task's retry() stands inside a try that retries again: a 5xx or a 429 queues two messages of one task id.
  const single =
    run.lines.length > 0 && run.lines.every((line) => line.kind === "timed-out" || line.kind === "exception");
  draft.due += single ? 1 : 2;
}

function finished(taskId: string, { runs, received, due, held, died }: Draft): TaskStory {
  const ended = runs.some((run) => run.end !== null && run.end.kind !== "retrying");
  const closed = ended && due === 0 && [...held.values()].every((count) => count === 0);
  return { taskId, runs, received, closed, died };
}
