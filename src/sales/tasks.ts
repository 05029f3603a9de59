import type { Instant } from "./sale.js";

/** The event that a task is to send, and the only part of its arguments that is ever kept. */
export interface TaskEvent {
  readonly eventId: string | null;
  readonly pixelId: string | null;
}

/** One message of a Purchase task: several may bear one task id. */
export interface TaskMessage extends TaskEvent {
  readonly taskId: string;
  /** `queue`: nobody has it. `unacked`: handed to a worker that has not acknowledged it. */
  readonly place: "queue" | "unacked";
  /** The broker's own name of this message; kept when the message is handed out again. */
  readonly tag: string;
  readonly eta: Instant | null;
  readonly retries: number;
  /** Put back once: it may have been sent already. */
  readonly redelivered: boolean;
  /** When it was handed out; null in a queue, and where the broker's index no longer had it. */
  readonly deliveredAt: Instant | null;
}

/** A task that an answering worker names. */
export interface ReportedTask {
  readonly taskId: string;
  readonly worker: string;
  readonly place: "active" | "reserved" | "scheduled";
  readonly eta: Instant | null;
  readonly startedAt: Instant | null;
  /** Null: it sends no Purchase. `unknown`: its arguments could not be read. */
  readonly purchase: TaskEvent | null | "unknown";
}

/** What the workers answered when a pass asked them. */
export interface WorkersReport {
  /** How many workers the question reached; null where that cannot be told. */
  readonly receivers: number | null;
  /** Nodes that answered all that was asked. */
  readonly answered: readonly string[];
  /** Nodes whose heartbeat was heard meanwhile; null where nobody listened. */
  readonly heard: readonly string[] | null;
  /** Queues that the workers take tasks from; null where they were not asked. */
  readonly queues: readonly string[] | null;
  readonly tasks: readonly ReportedTask[];
}

/** What lay in the broker, by kind of message. */
export interface MessageCounts {
  readonly messages: number;
  readonly purchases: number;
  /** Other events of the same task, page views mostly: they share a Purchase's event id and are never taken for one. */
  readonly otherEvents: number;
  readonly otherTasks: number;
  /** Messages that may be Purchases and could not be read: with one of them nothing is known to be absent. */
  readonly undecodable: number;
}

/** One look at the broker, in the order queues, unacknowledged, workers. */
export interface BrokerPass {
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly messages: readonly TaskMessage[];
  /** Null where the workers could not be asked. */
  readonly workers: WorkersReport | null;
  readonly counts: MessageCounts;
  /** The queues that were read to their ends. */
  readonly queues: readonly string[];
  /** Which process of the broker answered, and since when it runs; null where it does not tell. */
  readonly broker: { readonly run: string; readonly startedAt: Instant } | null;
  /** What kept the pass from being whole, in words. */
  readonly troubles: readonly string[];
}

/** `reserved`: a worker has it, and is not known to run it. `orphan`: its worker is gone; it comes back by itself. */
export type TaskState = "queued" | "running" | "reserved" | "waiting" | "orphan";

/** A Purchase task that was seen in the broker or at a worker. */
export interface BrokerTask extends TaskEvent {
  readonly taskId: string;
  readonly state: TaskState;
  /** Messages and runs of this one id: more than one is a double retry, or a redelivery. */
  readonly copies: number;
  /** The most that a copy has behind it. */
  readonly retries: number;
  readonly redelivered: boolean;
  readonly eta: Instant | null;
  readonly deliveredAt: Instant | null;
  /** When the broker hands out again what nobody acknowledges. */
  readonly dueAt: Instant | null;
  readonly worker: string | null;
  /** By when every copy must have run, its workers being well; null where that cannot be told. */
  readonly runsBy: Instant | null;
  readonly seenAt: Instant;
  /** Seen by the first pass and no more by the second: it ended, or was between two places. */
  readonly gone: boolean;
}

/** Two looks at the broker, put together. */
export interface BrokerReading {
  readonly tasks: ReadonlyMap<string, BrokerTask>;
  /** Both passes were whole and every worker answered: what is not in `tasks` does not live. */
  readonly complete: boolean;
  /** Why not; null where complete. */
  readonly because: string | null;
  readonly readAt: readonly [Instant, Instant];
  /** How many workers answered. */
  readonly workers: number;
  readonly counts: MessageCounts;
  /** A broker without persistence forgot its queues then; null where it does not tell. */
  readonly brokerStartedAt: Instant | null;
  /** Tasks of which many copies live, worst first: every answer 5xx or 429 doubles them. */
  readonly storms: readonly { readonly taskId: string; readonly copies: number }[];
}

/** What the result backend has under a task id. It holds no event id. */
export interface TaskResult {
  readonly taskId: string;
  readonly status: "SUCCESS" | "FAILURE" | "RETRY" | "REVOKED" | "other";
  readonly outcome: "accepted" | "refused" | "not-sent" | "unknown";
  /** Never overwritten; a FAILURE may be, by another copy. */
  readonly final: boolean;
  /** When the backend was told; null where it does not say (RETRY never does). */
  readonly doneAt: Instant | null;
  readonly because: string;
}

/** A log's or an observer's word that a task bore an event id. */
export interface TaskTie extends TaskEvent {
  readonly taskId: string;
}
