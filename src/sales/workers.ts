import type { Instant } from "./sale.js";
import { age } from "./time.js";

/** A task that a worker is running. Its arguments hold the access token and the customer: they never get this far. */
export interface ActiveTask {
  readonly id: string;
  readonly name: string;
  readonly startedAt: Instant | null;
  /** Process of the pool that runs it. */
  readonly workerPid: number | null;
  readonly acknowledged: boolean;
}

/** The task that has been running longest, with its age at the moment of the answer. */
export interface OldestTask {
  readonly id: string;
  readonly name: string;
  readonly startedAt: Instant;
  readonly ageMs: number;
}

/** What one worker told about itself. Null is a question that it left unanswered, never a zero. */
export interface WorkerSnapshot {
  /** Node name such as `celery@host`; two workers of one name answer as one. */
  readonly name: string;
  /** Tasks it can run at once (`pool.max-concurrency`). */
  readonly slots: number | null;
  readonly busy: number | null;
  readonly active: readonly ActiveTask[];
  readonly oldest: OldestTask | null;
  /** Fetched, due, and not yet running. */
  readonly reserved: number | null;
  /** Fetched and waiting for their time: retries, mostly. */
  readonly scheduled: { readonly count: number; readonly nextEta: Instant | null } | null;
  /** Tasks started since the worker started, retries counted, by task name. */
  readonly totals: Readonly<Record<string, number>> | null;
  /** The same for the task that sends to Meta: Purchases and page views alike. */
  readonly sendTotal: number | null;
  readonly uptimeSec: number | null;
  readonly pid: number | null;
}

/** The workers at one moment, whoever asked them: later sources fill the same type. */
export interface CelerySnapshot {
  readonly askedAt: Instant;
  readonly answeredAt: Instant;
  readonly via: "celery";
  /** How long workers were given to answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly workers: readonly WorkerSnapshot[];
  /** Questions that brought no usable answer from anybody, such as `scheduled`. */
  readonly unanswered: readonly string[];
}

/** Whoever can ask the workers. Throws a KnownError when it could not even ask. */
export interface CeleryPort {
  inspect(options: { readonly timeoutMs: number }): Promise<CelerySnapshot>;
}

/** One line of judgement. Not knowing is its own state: silence is never called down. */
export interface WorkersJudgement {
  readonly state: "healthy" | "unhealthy" | "unknown";
  readonly because: string;
}

/** Time workers are given to answer when nobody says otherwise. */
export const ASK_TIMEOUT_MS = 5_000;
/** The application's hard time limit: a task older than that should have been killed. */
export const TASK_LIMIT_MS = 300_000;
/** The application's web process waits this long for a task: a pool that is full for longer makes sales stuck. */
export const PATIENCE_MS = 10_000;

/** Says how the workers are. Rules in the order of what they prove: a sign of trouble comes before a missing answer. */
export function judgeWorkers(snapshot: CelerySnapshot): WorkersJudgement {
  const within = `within ${snapshot.timeoutMs / 1000} s`;
  const { workers } = snapshot;
  if (workers.length === 0) {
    return { state: "unknown", because: `no worker answered ${within} (down, frozen, or another broker)` };
  }
  const overdue = workers.filter((worker) => (worker.oldest?.ageMs ?? 0) > TASK_LIMIT_MS);
  if (overdue.length > 0) return { state: "unhealthy", because: overdue.map(tellOverdue).join("; ") };
  const silent = workers.filter((worker) => worker.slots === null || worker.busy === null);
  if (silent.length > 0) {
    return {
      state: "unknown",
      because: `${names(silent)} answered, but did not tell slots and running tasks ${within}`,
    };
  }
  return judgeSlots(snapshot);
}

function judgeSlots({ workers, answeredAt }: CelerySnapshot): WorkersJudgement {
  const slots = sum(workers.map((worker) => worker.slots ?? 0));
  const busy = sum(workers.map((worker) => worker.busy ?? 0));
  const who = workers.length === 1 ? "1 worker answers" : `${workers.length} workers answer`;
  const stalled = workers.filter((worker) => !isFull(worker) && (worker.reserved ?? 0) > 0);
  if (stalled.length > 0) {
    const because = `${names(stalled)} holds due tasks while slots are free: ask again; if that stays, the pool may be frozen`;
    return { state: "unknown", because };
  }
  if (!workers.every(isFull)) return { state: "healthy", because: `${who}, ${busy} of ${slots} slots busy` };
  const since = fullSince(workers);
  // A worker's clock may run ahead of ours.
  const fullMs = since === null ? null : Math.max(0, answeredAt - since);
  if (fullMs !== null && fullMs < PATIENCE_MS) {
    return {
      state: "healthy",
      because: `${who}, ${busy} of ${slots} slots busy, for ${age(fullMs)} so far`,
    };
  }
  const howLong = fullMs === null ? "" : ` for ${age(fullMs)}`;
  return {
    state: "unhealthy",
    because: `saturated: ${busy} of ${slots} slots busy${howLong}; a new Purchase outwaits the application's ${age(PATIENCE_MS)}`,
  };
}

function isFull(worker: WorkerSnapshot): boolean {
  return worker.slots !== null && worker.busy !== null && worker.busy >= worker.slots;
}

/** Since when every slot has surely been busy: the youngest start of all. Null where a start is not known. */
function fullSince(workers: readonly WorkerSnapshot[]): Instant | null {
  let youngest: Instant | null = null;
  for (const { startedAt } of workers.flatMap((worker) => worker.active)) {
    if (startedAt === null) return null;
    youngest = Math.max(youngest ?? startedAt, startedAt);
  }
  return youngest;
}

function tellOverdue(worker: WorkerSnapshot): string {
  const task = worker.oldest;
  if (task === null) return worker.name;
  return `${worker.name} has been running ${task.name} for ${age(task.ageMs)}, past its limit of ${age(TASK_LIMIT_MS)} (the pool may be frozen)`;
}

function names(workers: readonly WorkerSnapshot[]): string {
  return workers.map((worker) => worker.name).join(", ");
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
