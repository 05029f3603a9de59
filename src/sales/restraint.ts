import type { Evidence } from "./evidence.js";
import type { Policy } from "./policy.js";
import type { Instant } from "./sale.js";
import { HOUR, MINUTE } from "./sale.js";
import type { Judged } from "./verdict.js";
import { iso } from "./time.js";

export const restraintKinds = ["none", "paused", "quarantined", "acknowledged"] as const;
export type RestraintKind = (typeof restraintKinds)[number];

/** What makes windows leave a sale that verdict and obstacle would allow: naming it overrules each. */
export interface Restraint {
  readonly kind: RestraintKind;
  readonly because: string;
  /** When a pause ends; null where time alone ends nothing. */
  readonly until: Instant | null;
  /** Why a person must look at it; null where none must. */
  readonly person: string | null;
}

/** A person knows of the sale, and lets it rest. */
export interface Acknowledgement {
  readonly reason: string;
  /** As `ana@web-1`. */
  readonly by: string;
  readonly at: Instant;
}

/** The first pause; each is twice as long as the one before, up to the longest. */
const FIRST_PAUSE = 15 * MINUTE;
const LONGEST_PAUSE = 6 * HOUR;
/** What is left for one last try before something is lost: a job that runs every hour must not miss it. */
const LAST_CHANCE = 2 * HOUR;

const none: Restraint = { kind: "none", because: "", until: null, person: null };

/** What Meta refused by name is left anyhow, and waits for no time: it is not paused. */
export function restraintOf(
  { sale, evidence, deadline }: Pick<Judged, "sale" | "evidence" | "deadline">,
  { maxAttempts }: Pick<Policy, "maxAttempts">,
  now: Instant,
): Restraint {
  const { acknowledged, refused, tries } = evidence;
  if (acknowledged !== null) {
    const { reason, by, at } = acknowledged;
    const because = `acknowledged by ${by}, ${minute(at)}: ${reason}`;
    return { kind: "acknowledged", because, until: null, person: null };
  }
  if (refused !== null) return none;
  if (tries.certain >= maxAttempts) {
    const because = `quarantined after ${times(tries.count, "try", "tries")}: last answer: ${tries.because ?? "none"}; purchase-fix quarantine release ${sale.id} --reason …`;
    return { kind: "quarantined", because, until: null, person: because };
  }
  const until = nextTry(tries, deadline);
  if (until === null) return none;
  // So often that somebody should look, although nothing proves that the fault is the sale's.
  const person =
    tries.count < maxAttempts ? null : `tried ${tries.count} times in vain: ${tries.because ?? "no answer"}`;
  if (until <= now) return { ...none, person };
  const because = `tried ${times(tries.count, "time", "times")}, next try after ${minute(until)}`;
  return { kind: "paused", because, until, person };
}

/** When a window may try it again; null where it was not tried in vain. */
export function nextTry(
  { count, lastAt }: Pick<Evidence["tries"], "count" | "lastAt">,
  deadline: Instant | null,
): Instant | null {
  if (lastAt === null) return null;
  // Counting stops where the pause grows no more: 2 to the power of a thousand is no number of milliseconds.
  const next = lastAt + Math.min(FIRST_PAUSE * 2 ** Math.min(count - 1, 10), LONGEST_PAUSE);
  if (deadline === null) return next;
  const last = deadline - LAST_CHANCE;
  return lastAt < last ? Math.min(next, last) : next;
}

const times = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

const minute = (at: Instant) => `${iso(at).slice(0, 16).replace("T", " ")}Z`;
