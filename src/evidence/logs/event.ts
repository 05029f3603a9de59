import type { Instant } from "../../sales/sale.js";

/** What the web process writes (`logs/gunicorn.log`). */
export type ApplicationKind =
  | "flagged"
  | "begins"
  | "will-use"
  | "queueing"
  | "event-data"
  | "queued"
  | "sent"
  | "stored"
  | "returned-nothing"
  | "wait-failed"
  | "reverted"
  | "not-queued"
  | "misconfigured"
  | "undecryptable";

/** What a worker writes (`logs/celery.log`): Celery's own lines, and those of the task. */
export type WorkerKind =
  | "received"
  | "succeeded"
  | "retrying"
  | "raised"
  | "time-limit"
  | "accepted"
  | "server-error"
  | "rate-limited"
  | "timed-out"
  | "refused"
  | "exception"
  | "token-invalid"
  | "invalid-event"
  | "other-event"
  | "process-gone"
  | "worker-started";

/** What stands on a line, beside its time. Never a token, never anything about a customer. */
export interface Said {
  readonly kind: ApplicationKind | WorkerKind;
  readonly paymentId?: string;
  readonly saleId?: number;
  readonly eventId?: string;
  /** The log holds only the first 50 characters of the event id. */
  readonly cut?: boolean;
  readonly pixelId?: string;
  readonly taskId?: string;
  readonly status?: number;
  readonly code?: number;
  readonly subcode?: number;
  /** `events_received`, `EventsReceived`. */
  readonly received?: number;
  /** The node that started. */
  readonly node?: string;
  /** Words of an error: redacted, cut, without quoted data. */
  readonly words?: string;
}

/**
 * One line that means something to us. `unseen` stands for lines that could not be read: a log that begins, a hole,
 * a file that is damaged. Whoever ties lines must not take the first line after it for the next.
 */
export interface LogEvent extends Omit<Said, "kind"> {
  readonly kind: Said["kind"] | "unseen";
  readonly log: LogName;
  readonly at: Instant;
  /** The log, whatever its rotated parts are called: lines of two logs never belong to one request. */
  readonly lineage: string;
  readonly file: string;
  readonly line: number;
  /** `ForkPoolWorker-3`, `MainProcess`. */
  readonly process?: string;
}

/** Told by the shape of its lines, not by its name. */
export type LogName = "application" | "worker";

/** The last part of the name of the task that sends to Meta. */
export const SEND_TASK = "send_meta_event";
