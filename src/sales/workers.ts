import type { ConfirmedPurchase, Copies, Heartbeat, QueueSnapshot, Unacknowledged } from "./broker.js";
import type { Instant } from "./sale.js";

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
  /** Names of the queues that it takes tasks from. */
  readonly queues: readonly string[] | null;
}

/** The workers at one moment, whoever asked them: later sources fill the same type. */
export interface CelerySnapshot {
  readonly askedAt: Instant;
  readonly answeredAt: Instant;
  /** Natively over Redis, by the `celery` command, or by looking alone. */
  readonly via: "redis" | "celery" | "passive";
  /** How long workers were given to answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly workers: readonly WorkerSnapshot[];
  /** Questions that brought no usable answer from anybody, such as `scheduled`. */
  readonly unanswered: readonly string[];
  /** Workers that listen, as the broker counts them. */
  readonly receivers: number | null;
  /** How many of them answered; two of one node name count twice. */
  readonly replies: number | null;
  /** The latest of each node. Null where nobody listened for them. */
  readonly heartbeats: readonly Heartbeat[] | null;
  /** Celery has been here: a wrong database is told from dead workers by that. Null where it cannot be seen. */
  readonly traces: boolean | null;
  readonly queues: readonly QueueSnapshot[];
  readonly unacknowledged: Unacknowledged | null;
  /** Tasks with several messages, most copies first; not all of many. */
  readonly copies: readonly Copies[];
  /** Null where nobody compared the queue with the sales. */
  readonly confirmedPurchases: readonly ConfirmedPurchase[] | null;
  /** The first of two looks: what moved in between tells a frozen pool from an idle one. */
  readonly earlier: CelerySnapshot | null;
}

/** What a way of asking that sees no broker leaves open. */
export const brokerUnseen = {
  receivers: null,
  replies: null,
  heartbeats: null,
  traces: null,
  queues: [],
  unacknowledged: null,
  copies: [],
  confirmedPurchases: null,
  earlier: null,
} satisfies Partial<CelerySnapshot>;

/** Whoever can ask the workers. Throws a KnownError when it could not even ask. */
export interface CeleryPort {
  /** With `watching` the way may keep what it saw, so that the next look tells what moved since. */
  inspect(options: { readonly timeoutMs: number; readonly watching?: boolean }): Promise<CelerySnapshot>;
}

/** Time workers are given to answer when nobody says otherwise. */
export const ASK_TIMEOUT_MS = 5_000;
/** The application's hard time limit: a task older than that should have been killed. */
export const TASK_LIMIT_MS = 300_000;
/** The application's web process waits this long for a task: a pool that is full for longer makes sales stuck. */
export const PATIENCE_MS = 10_000;
