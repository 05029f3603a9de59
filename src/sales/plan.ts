import type { Judged, Policy } from "./verdict.js";
import { addAmounts, compareAmounts } from "./money.js";
import { worth } from "./outcome.js";
import { decide, remedy, revertsOnRefusal } from "./decision.js";
import { needsPerson } from "./obstacle.js";
import type { Action, Consent, Permission } from "./permissions.js";
import { noConsent } from "./permissions.js";
import type { Instant } from "./sale.js";

/** A sale that the plan acts on. */
export interface Planned {
  readonly action: Action | "undo";
  readonly judged: Judged;
  /** A request for it must be written before this moment, or not at all; infinite where nothing is to be sent. */
  readonly before: Instant;
  /** It may count twice: the operator accepted that. */
  readonly mayDouble: boolean;
  /** The tables allowed a revert without naming *before* the attempt: then a refusal by Meta reverts it. */
  readonly revertIfRefused: boolean;
}

/** A sale that the plan leaves, and why. */
export interface Left {
  readonly judged: Judged;
  readonly because: string;
  /** The flag, or the naming, that would allow it. */
  readonly wouldAllow: string | null;
  /** Why a person must look at it; null where a later run may deal with it. */
  readonly person: string | null;
}

/** What a command is about to do. A dry run prints it; the real run carries out the same object. */
export interface Plan {
  /** `reconcile` has parts of all three: each sale says its own. */
  readonly action: Action | "undo" | "reconcile";
  readonly act: readonly Planned[];
  readonly left: readonly Left[];
  /** How many the tables allowed, before limits. */
  readonly allowed: number;
}

/** What the operator said on the command line, for a whole run. */
export interface Wishes extends Consent {
  /** At most so much money may count twice (decimal text); null is no limit. */
  readonly duplicateLimit: string | null;
  readonly revertRefused: boolean;
  /** At most so many sales, the nearest deadlines first. */
  readonly limit: number | null;
  /** What was used up of both limits before these sales. */
  readonly spent?: { readonly acts: number; readonly doubled: string };
}

export const noWishes: Wishes = { ...noConsent, duplicateLimit: null, revertRefused: false, limit: null };

/** A sale that the tables allow to act on. */
interface Allowed {
  readonly judged: Judged;
  readonly permission: Extract<Permission, { allowed: true }>;
}

/** Decides, sale by sale and nearest deadline first, what is done and what is left. */
export function makePlan(
  action: Action,
  sales: readonly Judged[],
  wishes: Wishes,
  policy: Pick<Policy, "retryHorizon">,
  now: Instant,
): Plan {
  const act: Planned[] = [];
  const left: Left[] = [];
  const leave = (judged: Judged, because: string, wouldAllow: string | null = null) =>
    left.push({ judged, because, wouldAllow, person: needsPerson(judged, now) });
  const allowed: Allowed[] = [];
  const sorted = byDeadline(sales, now);
  for (const judged of sorted) {
    const permission = decide(action, judged, wishes, policy, now);
    if (permission.allowed) allowed.push({ judged, permission });
    else leave(judged, permission.because, remedy(action, judged, wishes, policy, now));
  }
  const known = new Set(sales.map(({ sale }) => sale.id));
  const planned = new Set<number>();
  const { acts, doubled: risked } = wishes.spent ?? { acts: 0, doubled: "0.00" };
  let doubled = risked;
  for (const { judged, permission } of action === "resend" ? carriersFirst(allowed) : allowed) {
    const { mayDouble, onlyWhileFolded } = permission;
    const sum = mayDouble ? addAmounts([doubled, worth(judged.sale.amount)]) : doubled;
    const carrier = action === "resend" && !mayDouble ? openCarrier(judged) : null;
    if (wishes.limit !== null && acts + act.length >= wishes.limit) {
      leave(judged, `beyond --limit ${wishes.limit}`);
    } else if (carrier !== null && !planned.has(carrier)) {
      const because = `sale ${carrier} carries the click they share and must be settled first`;
      // Where the plan has looked at the carrier and leaves it, naming both would change nothing.
      leave(judged, because, known.has(carrier) ? null : `--id ${carrier},${judged.sale.id}`);
    } else if (
      wishes.duplicateLimit !== null &&
      mayDouble &&
      compareAmounts(sum, wishes.duplicateLimit) > 0
    ) {
      leave(judged, `may count twice, and would exceed --accept-duplicate=${wishes.duplicateLimit}`);
    } else {
      doubled = sum;
      planned.add(judged.sale.id);
      const before = lastMoment(action, judged, onlyWhileFolded);
      act.push({
        action,
        judged,
        before,
        mayDouble,
        revertIfRefused: revertsOnRefusal(judged, wishes, policy, now),
      });
    }
  }
  const place = new Map(sorted.map((judged, at) => [judged, at]));
  left.sort((a, b) => (place.get(a.judged) ?? 0) - (place.get(b.judged) ?? 0));
  return { action, act, left, allowed: allowed.length };
}

/** The sale that must be settled first, because it carries the click that both share: only then is it certain which copies fold into which. */
export function openCarrier({ identity: { carrier } }: Judged): number | null {
  return carrier?.open && carrier.acceptedAt === null ? carrier.id : null;
}

/** A carrier goes before its siblings, so that no limit can cut between them for ever. */
function carriersFirst(allowed: readonly Allowed[]): Iterable<Allowed> {
  const byId = new Map(allowed.map((item) => [item.judged.sale.id, item]));
  const ordered = new Set<Allowed>();
  for (const item of allowed) {
    const carrier = byId.get(openCarrier(item.judged) ?? Number.NaN);
    if (carrier) ordered.add(carrier);
    ordered.add(item);
  }
  return ordered;
}

function lastMoment(action: Action, judged: Judged, onlyWhileFolded: boolean): Instant {
  if (action !== "resend") return Infinity;
  const limits = [judged.expiresAt, onlyWhileFolded ? judged.foldedUntil : null];
  return Math.min(...limits.filter((limit) => limit !== null));
}

/** The nearest deadline that can still be met first; sales without one after these, and expired ones last. */
export function deadlineOrder(now: Instant): (a: Judged, b: Judged) => number {
  const missed = ({ deadline }: Judged) => Number(deadline !== null && deadline <= now);
  const limit = ({ deadline }: Judged) => deadline ?? Infinity;
  return (a, b) => missed(a) - missed(b) || limit(a) - limit(b) || a.sale.id - b.sale.id;
}

export function byDeadline(sales: readonly Judged[], now: Instant): Judged[] {
  return sales.toSorted(deadlineOrder(now));
}
