import type { Cause } from "./evidence.js";
import type { Instant } from "./sale.js";

/** Which cause of the incident report an attempt shows: timeout, Meta's refusal, a failed task; or why nothing was sent. */
export type LoggedCause = Cause;

/** One line of a log that speaks of an attempt, in words that hold no token and nobody's data. */
export interface LoggedFact {
  readonly at: Instant;
  readonly source: "application log" | "worker log";
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * How far an attempt was seen to come: the delivery page's first line; about to queue; the event is built; it was queued;
 * a worker has its task; a run of it said something (or a worker has had it more than once).
 */
export type Reached = "page" | "queueing" | "built" | "queued" | "taken" | "run";

/** One attempt of the application to send a Purchase, as its logs tell it: retries and copies of one task included. */
export interface LoggedAttempt {
  /** Null where no line ties the attempt to a sale with certainty: its event id and task id are handed out all the same. */
  readonly paymentId: string | null;
  readonly saleId: number | null;
  readonly eventId: string | null;
  /** Only the first characters of the event id are known. */
  readonly eventIdCut: boolean;
  readonly pixelId: string | null;
  readonly taskId: string | null;
  /** `event id`: nothing but its event id, which no other sale in the logs bears, ties it to the sale. */
  readonly tiedBy: "ids" | "event id" | null;
  readonly at: Instant;
  readonly lastAt: Instant;
  /** When Meta accepted it first; null where it did not, or no line tells. */
  readonly acceptedAt: Instant | null;
  readonly reached: Reached;
  /** When its task runs again, where that is a worker's last word about it. */
  readonly retryAt: Instant | null;
  /** `refused` and `not-sent` hold for every run of the task; one run that may have reached Meta makes it `unknown`. */
  readonly result: "accepted" | "refused" | "not-sent" | "unknown";
  /** Queued and never seen ending, or waiting for a retry: as far as these logs go. */
  readonly mayStillRun: boolean;
  readonly cause: LoggedCause | null;
  readonly because: string;
  /** HTTP status, code and subcode of Meta's last answer, where a line holds them. */
  readonly status: number | null;
  readonly code: number | null;
  readonly subcode: number | null;
  readonly facts: readonly LoggedFact[];
}

/** A span of time, both ends included. */
export interface LoggedSpan {
  readonly from: Instant;
  readonly to: Instant;
}
