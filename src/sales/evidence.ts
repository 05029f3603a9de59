import type { Instant } from "./sale.js";

/** Where a fact was read. Later sources (logs, task results, the broker) join this list. */
export type Source =
  | "journal"
  | "row"
  | "application log"
  | "worker log"
  | "task result"
  | "broker"
  | "attestation";

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
};
