import type { Evidence } from "./evidence.js";
import type { Instant, Sale } from "./sale.js";
import { HOUR } from "./sale.js";
import { age } from "./time.js";
import type { Judged, Policy } from "./verdict.js";

export const obstacleKinds = ["none", "waiting", "expired", "unsendable"] as const;
export type ObstacleKind = (typeof obstacleKinds)[number];

/** What stands in the way of acting on a sale, beside its verdict. */
export interface Obstacle {
  readonly kind: ObstacleKind;
  readonly because: string;
}

const none: Obstacle = { kind: "none", because: "" };
const expired: Obstacle = {
  kind: "expired",
  because: "paid over 7 days ago: Meta rejects it, and its whole request with it",
};

export function obstacleOf(
  judged: Pick<Judged, "sale" | "evidence" | "kind" | "expiresAt">,
  fault: string | null,
  policy: Policy,
  now: Instant,
): Obstacle {
  const { sale, evidence, kind, expiresAt } = judged;
  if (expiresAt !== null && now >= expiresAt) return expired;
  if (fault !== null) return { kind: "unsendable", because: fault };
  const patience = kind === "untraceable" ? Math.max(policy.minAge, policy.retryHorizon) : policy.minAge;
  if (!waited(sale, evidence, patience, now)) {
    const since = flagAge(sale, now);
    return {
      kind: "waiting",
      because: `flagged ${age(since)} ago; its own task may run for ${age(patience)}`,
    };
  }
  return none;
}

/** Nothing of the application can still be at work on it: it had the time, or evidence shows that no task lives. */
export function waited(sale: Sale, evidence: Evidence, patience: number, now: Instant): boolean {
  return evidence.noTaskLives || flagAge(sale, now) >= patience;
}

/** Milliseconds since the flag was set. A flag time that is missing or in the future counts as `updated_at`. */
function flagAge(sale: Sale, now: Instant): number {
  const candidates = [sale.flaggedAt, sale.updatedAt, sale.paidAt, sale.createdAt];
  const flagged = candidates.find((at) => at !== null && at <= now);
  return flagged === undefined || flagged === null ? 0 : now - flagged;
}

/** Below this, a limit that is drawing near needs a person. */
const NEAR = 24 * HOUR;

/** Why a person must look at a sale that was left; null where a later run may deal with it. */
export function needsPerson(judged: Judged, now: Instant): string | null {
  const { kind, obstacle, evidence, deadline, restraint } = judged;
  if (restraint.kind === "acknowledged") return null;
  if (obstacle.kind === "expired" || obstacle.kind === "unsendable") return obstacle.because;
  if (evidence.refused !== null) return `Meta refused it: ${evidence.refused}`;
  if (restraint.person !== null) return restraint.person;
  if (kind === "untraceable") return judged.because;
  if (kind === "in-flight" && evidence.workers !== null)
    return `${judged.because}; the workers are not well (${evidence.workers})`;
  const pending = kind === "in-flight" || kind === "unsettled" || obstacle.kind === "waiting";
  if (pending && deadline !== null && deadline - now < NEAR) {
    return `${obstacle.kind === "none" ? kind : obstacle.kind}, and only ${age(Math.max(0, deadline - now))} left`;
  }
  return null;
}
