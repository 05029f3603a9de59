import type { Acknowledgement } from "./restraint.js";
import type { Instant } from "./sale.js";
import type { Tries } from "./tries.js";
import { noTries } from "./tries.js";

/** Where a fact was read. */
export type Source =
  | "journal"
  | "row"
  | "application log"
  | "worker log"
  | "task result"
  | "broker"
  | "tracking data"
  | "attestation";

/** What kept the sale from being confirmed, in the incident report's words; the last two, where nothing was ever queued. */
export const causes = [
  "celery-timeout",
  "meta-refused",
  "task-failed",
  "configuration",
  "not-queued",
] as const;
export type Cause = (typeof causes)[number];

/** One line of a sale's story. */
export interface Fact {
  readonly at: Instant;
  readonly source: Source;
  /** In words that hold no secret and nobody's data. */
  readonly text: string;
  /** Such as `celery.log:4711`. */
  readonly where: string | null;
  /** How one run of a task ended, where the line is of its result: copies and other sources may say otherwise. */
  readonly tells?: Trace["result"];
}

/**
 * One attempt to send a sale's Purchase, as one source tells it.
 * `unknown` is a full answer: the request left, or may have left, and nobody saw how it ended.
 */
export interface Trace {
  readonly source: Source;
  readonly by: "application" | "purchase-fix";
  readonly at: Instant;
  readonly pixelId: string | null;
  readonly eventId: string | null;
  readonly result: "accepted" | "refused" | "not-sent" | "unknown";
  /** Our own attempt that has no answer, or none that settles it. */
  readonly unsettled: boolean;
  readonly because: string;
  /** Facts that bear one task id tell of one attempt. */
  readonly taskId?: string | null;
  /** Nobody saw its end: another source that did speaks for it. */
  readonly unseen?: boolean;
}

/** A Purchase task of the sale that may still run. */
export interface LiveTask {
  readonly source: Source;
  readonly state: "queued" | "running" | "waiting" | "orphan";
  readonly eventId: string | null;
  readonly pixelId: string | null;
  readonly seenAt: Instant;
  /** By when it must have run or been purged, where that can be told. */
  readonly runsBy: Instant | null;
  readonly taskId?: string | null;
  /** Messages and runs of this one task: every one of them may send. */
  readonly copies?: number;
}

/** Another sale that bears the same `pageview_event_id`: to Meta, one event within 48 hours. */
export interface Sibling {
  readonly id: number;
  readonly paymentId?: string;
  readonly status: string;
  readonly flagged: boolean;
  readonly metaEventId: string | null;
  readonly createdAt: Instant | null;
  /** Its earliest attempt, by the rule of `firstAttempt`. */
  readonly firstAttempt: Instant | null;
  /** Its latest, where known: a flag set anew is one more attempt, whose retries may still come. */
  readonly lastAttempt?: Instant | null;
  /** When Meta accepted the shared id for it, where that is on record. */
  readonly acceptedAt: Instant | null;
  /** The pixels that its event may have gone to; null or absent where nothing tells. */
  readonly pixels?: readonly string[] | null;
  /** Meta accepted it from us under another id than the shared one: by that one it counts. */
  readonly countedAs?: string | null;
  /** Our journal holds an attempt of it with the shared id. */
  readonly journalled: boolean;
  /** It can still be settled under the shared id: stuck, and inside the windows. */
  readonly open: boolean;
}

/** Everything found about one sale. Absence of a trace says nothing unless `complete` does. */
export interface Evidence {
  readonly traces: readonly Trace[];
  readonly live: readonly LiveTask[];
  readonly siblings: readonly Sibling[];
  /** The traces cover every attempt since payment: retries and copies included. Only then can a sale be lost. */
  readonly complete: boolean;
  /** Two clean passes over the broker and all workers found no task of this sale. */
  readonly noTaskLives: boolean;
  /** Times at which the flag had been set, as the journal kept them before a revert. */
  readonly flagTimes: readonly Instant[];
  /** We reverted this sale (and no later run took it back). */
  readonly reverted: boolean;
  /** Meta refused this very event in the last attempt on record: repeating it needs a person first. */
  readonly refused: string | null;
  /** The sale's last entry in our journal: a write that follows from this evidence demands that none was added since. */
  readonly lastAttempt: string | null;
  /** What came of our own tries since the last release from quarantine. */
  readonly tries: Tries;
  /** A person knows of it and lets it rest. */
  readonly acknowledged: Acknowledgement | null;
  /** What the incident report calls the cause, of the latest attempt that tells one. */
  readonly cause: Cause | null;
  /** The sale's story as logs and other sources tell it, beyond row and journal. */
  readonly facts: readonly Fact[];
  /** The event id that the application's tracking data would have it pass on; null where there is none. */
  readonly trackedEventId: string | null;
  /** Why the workers are not well, or not known to be; null where they are, or were not asked. */
  readonly workers: string | null;
}

export const noEvidence: Evidence = {
  traces: [],
  live: [],
  siblings: [],
  complete: false,
  noTaskLives: false,
  flagTimes: [],
  reverted: false,
  refused: null,
  lastAttempt: null,
  tries: noTries,
  acknowledged: null,
  cause: null,
  facts: [],
  trackedEventId: null,
  workers: null,
};
