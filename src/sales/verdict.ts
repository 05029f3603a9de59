import type { Evidence } from "./evidence.js";
import type { Identity } from "./identity.js";
import { firstAttempt, foldedInto, identify, isFolded, pixelIsGuessed } from "./identity.js";
import { obstacleOf } from "./obstacle.js";
import type { Obstacle } from "./obstacle.js";
import type { Instant, Sale } from "./sale.js";
import { DAY, HOUR, paidMoment } from "./sale.js";

export const verdictKinds = [
  "unsettled",
  "delivered",
  "folded",
  "in-flight",
  "lost",
  "ambiguous",
  "untraceable",
] as const;

/** What really happened to a sale, as far as evidence tells. */
export type VerdictKind = (typeof verdictKinds)[number];

/**
 * Meta folds copies within 48 h of its receipt of the first. We stop an hour earlier: the clock starts at its
 * receipt, ours at the attempt, and a request may be under way for minutes.
 */
export const FOLDING = 47 * HOUR;

/** Meta rejects events older than 7 days, and the whole request with them (100 / 2804003); less an hour's margin. */
export const ACCEPTED_FOR = 7 * DAY - HOUR;

/** The application's own retries after a 429: ten waits of 60·2^n seconds, about 17 hours. */
const TASK_RETRIES = 17 * HOUR;

/** What the operator declares about the shop, and how patient a run is. */
export interface Policy {
  /** `META_PIXEL_ID`, for shops without pools. */
  readonly pixelId: string | null;
  /** The delivery page has no browser pixel (`--no-browser-pixel`). */
  readonly noBrowserPixel: boolean;
  readonly minAge: number;
  readonly retryHorizon: number;
}

export const defaultPatience = { minAge: 20 * 60_000, retryHorizon: 18 * HOUR } as const;

/** A sale with all that was concluded about it. */
export interface Judged {
  readonly sale: Sale;
  readonly evidence: Evidence;
  readonly kind: VerdictKind;
  readonly because: string;
  readonly identity: Identity;
  readonly obstacle: Obstacle;
  /** Until when the same pixel and id are folded by Meta; null where a send does not rely on that. */
  readonly foldedUntil: Instant | null;
  /** Until when Meta accepts the event at all; null where the sale has no time. */
  readonly expiresAt: Instant | null;
  /** The nearest moment at which something is lost: what "nearest deadline first" sorts by. */
  readonly deadline: Instant | null;
}

/** Concludes what happened to one sale. The order of the rules is the argument: nothing is called lost that might have arrived. */
export function judge(
  sale: Sale,
  evidence: Evidence,
  shipping: { readonly fault: string | null },
  policy: Policy,
  now: Instant,
): Judged {
  const identity = identify(sale, evidence, policy.pixelId);
  const { kind, because, folds } = conclude(sale, evidence, identity, policy, now);
  const paid = paidMoment(sale);
  const expiresAt = paid === null ? null : paid + ACCEPTED_FOR;
  const foldedUntil = folds && identity.since !== null ? identity.since + FOLDING : null;
  const limits = [expiresAt, foldedUntil].filter(
    (limit) => limit !== null && (limit > now || limit === expiresAt),
  );
  const judged = { sale, evidence, kind, because, identity, foldedUntil, expiresAt };
  return {
    ...judged,
    deadline: limits.length === 0 ? null : Math.min(...(limits as Instant[])),
    obstacle: obstacleOf(judged, shipping.fault, policy, now),
  };
}

interface Conclusion {
  readonly kind: VerdictKind;
  readonly because: string;
  /** A send is safe only as long as Meta folds it into the earlier copy. */
  readonly folds: boolean;
}

function conclude(
  sale: Sale,
  evidence: Evidence,
  identity: Identity,
  policy: Policy,
  now: Instant,
): Conclusion {
  const open = evidence.traces.find((trace) => trace.unsettled);
  const accepted = evidence.traces.filter((trace) => trace.result === "accepted");
  const proof = accepted.find((trace) => foldedInto(sale, evidence, trace) === null);
  const settledSince = open && proof !== undefined && proof.eventId === open.eventId;
  if (open && !settledSince) return { kind: "unsettled", because: open.because, folds: true };
  if (proof) return { kind: "delivered", because: proof.because, folds: false };
  if (isFolded(sale, evidence)) {
    const into = accepted.map((trace) => foldedInto(sale, evidence, trace))[0];
    return { kind: "folded", because: `Meta counted its event id for sale ${into?.id}`, folds: false };
  }
  const task = evidence.live[0];
  if (task) return { kind: "in-flight", because: `its task is ${task.state} (${task.source})`, folds: true };
  if (isProvenLost(evidence)) return lost(sale, evidence, identity, policy, now);
  return traceable(sale, evidence, identity, now);
}

/** One time-out, 5xx or unseen attempt among them, and it is not lost. */
function isProvenLost(evidence: Evidence): boolean {
  return (
    evidence.complete &&
    evidence.traces.length > 0 &&
    evidence.traces.every((trace) => trace.result === "refused" || trace.result === "not-sent")
  );
}

/** Proof about server copies says nothing of the browser's pixel, which may have reported the page's id. */
function lost(sale: Sale, evidence: Evidence, identity: Identity, policy: Policy, now: Instant): Conclusion {
  const because = evidence.traces.map((trace) => trace.because).at(-1) ?? "every attempt failed";
  if (policy.noBrowserPixel || sale.sentFromDelivery === false)
    return { kind: "lost", because, folds: false };
  const page = traceable(sale, evidence, identity, now);
  if (page.kind === "ambiguous")
    return { kind: "lost", because: `${because}; the browser may have sent it`, folds: true };
  return {
    kind: "untraceable",
    because: `${because}, but the browser's pixel may have sent it`,
    folds: true,
  };
}

/** Is a copy with the same pixel and id certain to be folded into whatever arrived earlier? */
function traceable(sale: Sale, evidence: Evidence, identity: Identity, now: Instant): Conclusion {
  const untraceable = (because: string): Conclusion => ({ kind: "untraceable", because, folds: true });
  const ids = new Set(
    evidence.traces.filter((t) => t.result === "unknown" && t.eventId !== null).map((t) => t.eventId),
  );
  if (ids.size > 1) return untraceable("two attempts with different event ids, both with unknown outcome");
  if (pixelIsGuessed(sale, evidence)) {
    return untraceable(
      "its bot has several pools with different pixels, and nothing names the one that was used",
    );
  }
  const current = sale.pools?.[0]?.pixelId;
  if (current && identity.pixelId !== current) {
    return untraceable(`its earlier attempt went to pixel ${identity.pixelId}, its pool now has ${current}`);
  }
  if (identity.carrier !== null) return sharedClick(sale, evidence, identity, now);
  if (identity.knowledge === "unknown")
    return untraceable("no trace of an answer, and its event id is unknown");
  if (identity.since === null || now - identity.since >= FOLDING) {
    return untraceable("no trace of an answer, and over 47 h old: Meta no longer folds a second copy");
  }
  const how =
    identity.knowledge === "presumed" ? "presumed from its page view" : `known from ${identity.origin}`;
  return { kind: "ambiguous", because: `no trace of an answer; its event id is ${how}`, folds: true };
}

/**
 * Another sale carries the click's id. This one's earlier copies bore that id too and are folded into it, as long
 * as all attempts (and the retries that may still follow them) lie within one deduplication window.
 */
function sharedClick(sale: Sale, evidence: Evidence, identity: Identity, now: Instant): Conclusion {
  const others = evidence.siblings.map((sibling) => sibling.firstAttempt);
  const starts = [firstAttempt(sale, evidence), ...others].filter((at) => at !== null);
  const oldest = Math.min(...starts);
  const last = Math.max(...starts) + (evidence.noTaskLives ? 0 : TASK_RETRIES);
  const name = `shares its click with sale ${identity.carrier?.id}, which carries the event id`;
  if (starts.length === 0 || last - oldest >= FOLDING || now - oldest >= FOLDING) {
    return { kind: "untraceable", because: `${name}; their attempts do not lie within 47 h`, folds: true };
  }
  return { kind: "ambiguous", because: `${name}; goes as ${identity.eventId}`, folds: true };
}
