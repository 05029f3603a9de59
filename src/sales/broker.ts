import type { Instant } from "./sale.js";

/** A sign of life that a worker sends by itself, every two seconds, asked or not. */
export interface Heartbeat {
  readonly name: string;
  readonly pid: number | null;
  /** Running tasks. */
  readonly active: number | null;
  /** Tasks accepted since it started. */
  readonly processed: number | null;
  readonly heardAt: Instant;
}

/** What messages were looked at, and what they are: their arguments never get this far. */
export interface QueueSample {
  readonly size: number;
  /** How many of the sample there are by event name; other tasks under their own names. */
  readonly events: Readonly<Record<string, number>>;
  /** Of these, handed back: waiting retries of a worker that left, or delivered before. */
  readonly handedBack: number;
  /** When the event of the oldest message happened: the message cannot be older. Null where it tells none. */
  readonly oldestEventAt: Instant | null;
}

/** One queue. Null is what this way of asking cannot see, never a zero. */
export interface QueueSnapshot {
  readonly name: string;
  /** Messages that wait for a worker. */
  readonly depth: number;
  /** The same by priority, each a list of its own in Redis. */
  readonly lists: readonly { readonly priority: number; readonly depth: number }[];
  readonly sample: QueueSample | null;
  readonly consumers: number | null;
  readonly unacknowledged: number | null;
  /** Messages a second, in and out. */
  readonly rates: { readonly published: number; readonly acknowledged: number } | null;
}

/** Deliveries that no worker reports although every listening worker answered: their worker is dead. */
export interface Orphans {
  /** Deliveries; one task may have several. */
  readonly count: number;
  /** Task ids, the oldest deliveries first, each once; not all of many. */
  readonly ids: readonly string[];
  /** From when on a worker may put the first back into its queue, and when the last is due; null where there are none. */
  readonly backFrom: Instant | null;
  readonly backBy: Instant | null;
}

/** Deliveries that nobody has acknowledged yet: running, fetched, waiting for a retry, or orphans. */
export interface Unacknowledged {
  readonly count: number;
  readonly oldestDeliveredAt: Instant | null;
  /** Null where it cannot be said: somebody did not answer, or there are too many to look at. */
  readonly orphans: Orphans | null;
}

/** One task of which several messages exist, in queues and among deliveries. */
export interface Copies {
  readonly taskId: string;
  readonly copies: number;
}

/** A queued Purchase of a sale that has its event id already: it would be sent again. */
export interface ConfirmedPurchase {
  readonly taskId: string;
  readonly eventId: string;
  readonly saleId: number;
}

/** A worker that died holds its deliveries back for Celery's default visibility time-out, and workers look every 100 s. */
export const VISIBILITY_MS = 3_600_000;
export const RESTORE_EVERY_MS = 100_000;
