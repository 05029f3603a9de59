import type { Effect } from "./outcome.js";
import type { RestraintKind } from "./restraint.js";
import type { Instant } from "./sale.js";
import { ACCEPTED_FOR } from "./verdict.js";

/** What became of a sale that was stuck once, in the order in which a report tells them. Each sale is in exactly one. */
export const fates = [
  "stuck",
  "quarantined",
  "acknowledged",
  "reverted",
  "expired",
  "confirmedLate",
  "resent",
  "byApplication",
  "closed",
] as const;
export type Fate = (typeof fates)[number];

/** Whether Meta has the sale, as far as its row and our journal tell. */
export const reaches = ["reached", "open", "too late", "closed"] as const;
export type Reach = (typeof reaches)[number];

/** A fate in words: the head of a column, and its exact meaning. */
export interface FateTold {
  readonly title: string;
  readonly meaning: string;
  readonly reach: Reach;
}

/** The definitions: the HTML page and docs/operating.md tell them in these very words. */
export const fateTable: Readonly<Record<Fate, FateTold>> = {
  stuck: {
    title: "Stuck",
    meaning: "still open now: paid, marked as sent and without an event id, under 7 days old",
    reach: "open",
  },
  quarantined: {
    title: "Quarantined",
    meaning:
      "open like those, tried in vain too often: windows leave it until a person mends it and releases it",
    reach: "open",
  },
  acknowledged: {
    title: "Acknowledged",
    meaning: "open like those, and a person knows of it and lets it rest",
    reach: "open",
  },
  reverted: {
    title: "Reverted",
    meaning: "given back to the application and not sent since, under 7 days old",
    reach: "open",
  },
  expired: {
    title: "Expired",
    meaning: "stuck or reverted, and paid over 7 days ago (less an hour): Meta takes it no longer",
    reach: "too late",
  },
  confirmedLate: {
    title: "Confirmed late",
    meaning: "Meta had it already: its event id was stored by confirm, and nothing was sent",
    reach: "reached",
  },
  resent: {
    title: "Resent",
    meaning: "accepted by Meta in a request of ours",
    reach: "reached",
  },
  byApplication: {
    title: "By application",
    meaning: "tried or given back by us, and confirmed by the application since",
    reach: "reached",
  },
  closed: {
    title: "Closed",
    meaning:
      "tried or given back by us, and neither open nor confirmed any more: refunded, or its flag was cleared",
    reach: "closed",
  },
};

/** What our journal tells of one sale, undo included. */
export interface Trail {
  /** Of its last entry; null where that one has none yet. */
  readonly lastEffect: Effect | null;
  /** It was confirmed, or accepted, and no later entry took that back. */
  readonly stands: boolean;
  /** A request of ours was accepted, ever. */
  readonly accepted: boolean;
}

/** The row, and what our journal tells of it. */
export interface Standing {
  readonly status: string;
  readonly flagged: boolean;
  readonly hasId: boolean;
  /** When the customer paid. */
  readonly paidAt: Instant | null;
  readonly trail: Trail | null;
}

/**
 * The row comes first, so that a report counts as open what `find-stuck` lists; then the last that our journal tells.
 * Time comes before what a person said: money that is gone is told as gone, though somebody knows of it.
 */
export function fateOf(
  { status, flagged, hasId, paidAt, trail }: Standing,
  now: Instant,
  restraint: RestraintKind = "none",
): Fate {
  const isPaid = status === "paid";
  if (isPaid && !hasId && (flagged || trail?.lastEffect === "reverted")) {
    if (paidAt !== null && now >= paidAt + ACCEPTED_FOR) return "expired";
    if (restraint === "quarantined" || restraint === "acknowledged") return restraint;
    return flagged ? "stuck" : "reverted";
  }
  if (trail?.stands === true) return trail.accepted ? "resent" : "confirmedLate";
  return isPaid && hasId ? "byApplication" : "closed";
}
