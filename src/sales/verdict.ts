import { openAttempt } from "./attempts.js";
import { foldedInto, isFolded, proofOfDelivery } from "./click.js";
import type { Evidence, LiveTask, Trace } from "./evidence.js";
import { livesAt } from "./live-task.js";
import type { Folding } from "./folding.js";
import { folding, foldingOfOpen } from "./folding.js";
import type { Identity } from "./identity.js";
import { identify } from "./identity.js";
import { obstacleOf } from "./obstacle.js";
import type { Obstacle } from "./obstacle.js";
import { restraintOf } from "./restraint.js";
import type { Restraint } from "./restraint.js";
import type { Instant, Sale } from "./sale.js";
import { DAY, HOUR, paidMoment } from "./sale.js";
import { delivered } from "./short.js";
import { iso } from "./time.js";
import { traceable } from "./traceable.js";
import type { Policy } from "./policy.js";

export { FOLDING } from "./folding.js";
export { defaultPatience } from "./policy.js";
export type { Policy } from "./policy.js";

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

/** Meta rejects events older than 7 days, and the whole request with them (100 / 2804003); less an hour's margin. */
export const ACCEPTED_FOR = 7 * DAY - HOUR;

/** A sale with all that was concluded about it. */
export interface Judged {
  readonly sale: Sale;
  readonly evidence: Evidence;
  readonly kind: VerdictKind;
  readonly because: string;
  readonly identity: Identity;
  readonly obstacle: Obstacle;
  readonly restraint: Restraint;
  /** Until when the same pixel and id are folded by Meta (past, where that is not certain); null where a send does not rely on it. */
  readonly foldedUntil: Instant | null;
  /** Until when Meta accepts the event at all; null where the sale has no time. */
  readonly expiresAt: Instant | null;
  /** The nearest moment at which something is lost: what "nearest deadline first" sorts by. */
  readonly deadline: Instant | null;
}

/** Concludes what happened to one sale, whose identity may be known already. The order of the rules is the argument: nothing is called lost that might have arrived. */
export function judge(
  sale: Sale,
  evidence: Evidence,
  shipping: { readonly fault: string | null },
  policy: Policy,
  now: Instant,
  identity = identify(sale, evidence, policy.pixelId, policy.trustInferred),
): Judged {
  const { kind, because, foldedUntil } = conclude(sale, evidence, identity, policy, now);
  const paid = paidMoment(sale);
  const expiresAt = paid === null ? null : paid + ACCEPTED_FOR;
  const deadline = nearest(expiresAt, foldedUntil, now);
  const obstacle = obstacleOf({ sale, evidence, kind, expiresAt }, shipping.fault, policy, now);
  const restraint = restraintOf({ sale, evidence, deadline }, policy, now);
  return { sale, evidence, kind, because, identity, foldedUntil, expiresAt, deadline, obstacle, restraint };
}

/** That Meta no longer folds a copy is lost already; that it takes no event any more is told for ever. */
function nearest(expiresAt: Instant | null, foldedUntil: Instant | null, now: Instant): Instant | null {
  if (foldedUntil === null || foldedUntil <= now) return expiresAt;
  return expiresAt === null ? foldedUntil : Math.min(expiresAt, foldedUntil);
}

export type Conclusion = Pick<Judged, "kind" | "because" | "foldedUntil">;

function conclude(
  sale: Sale,
  evidence: Evidence,
  identity: Identity,
  policy: Policy,
  now: Instant,
): Conclusion {
  const folds = () => folding(sale, evidence, identity, policy.pixelId, now);
  const open = openAttempt(evidence);
  if (open) return unsettled(open, foldingOfOpen(sale, evidence, identity, now), now);
  const proof = proofOfDelivery(sale, evidence);
  if (proof) return delivered(sale, evidence, proof);
  if (isFolded(sale, evidence)) {
    const into = evidence.traces.map((trace) => foldedInto(sale, evidence, trace)).find((s) => s !== null);
    return { kind: "folded", because: `Meta counted its event id for sale ${into?.id}`, foldedUntil: null };
  }
  const task = evidence.live.find((one) => livesAt(one, now));
  if (task) return inFlight(task, folds(), now);
  return isProvenLost(evidence) ? lost(sale, evidence, policy, folds()) : traceable(identity, folds());
}

function unsettled({ because }: Trace, folds: Folding, now: Instant): Conclusion {
  if ("until" in folds) return { kind: "unsettled", because, foldedUntil: folds.until };
  return { kind: "unsettled", because: `${because}; ${folds.doubt}`, foldedUntil: now };
}

/** A copy sent beside a living task is folded only if the task runs in time: its last moment is said (risk R3). */
function inFlight({ state, source }: LiveTask, folds: Folding, now: Instant): Conclusion {
  const task = `its task is ${state} (${source})`;
  if ("doubt" in folds) return { kind: "in-flight", because: `${task}; ${folds.doubt}`, foldedUntil: now };
  const because = `${task}; if it is sent again, the task must have run or been purged by ${iso(folds.until)}`;
  return { kind: "in-flight", because, foldedUntil: folds.until };
}

/** One time-out, 5xx or unseen attempt among them, and it is not lost. */
export function isProvenLost(evidence: Evidence): boolean {
  return (
    evidence.complete &&
    evidence.traces.length > 0 &&
    evidence.traces.every((trace) => trace.result === "refused" || trace.result === "not-sent")
  );
}

/** Proof about server copies says nothing of the browser's pixel, which may have reported the page's id. */
function lost(sale: Sale, evidence: Evidence, policy: Policy, folds: Folding): Conclusion {
  const because = evidence.traces.toSorted((a, b) => a.at - b.at).at(-1)?.because ?? "every attempt failed";
  if (policy.noBrowserPixel || sale.sentFromDelivery === false) {
    return { kind: "lost", because, foldedUntil: null };
  }
  const browser = `${because}, but the browser's pixel may have sent it`;
  if ("until" in folds) return { kind: "lost", because: browser, foldedUntil: folds.until };
  return { kind: "untraceable", because: `${browser}; ${folds.doubt}`, foldedUntil: null };
}
