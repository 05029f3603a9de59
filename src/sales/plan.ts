import type { Judged, Policy } from "./verdict.js";
import { addAmounts, compareAmounts } from "./money.js";
import { worth } from "./outcome.js";
import { decide, remedy, revertsOnRefusal } from "./decision.js";
import { needsPerson } from "./obstacle.js";
import type { Action, Consent } from "./permissions.js";
import { noConsent } from "./permissions.js";
import type { Instant } from "./sale.js";

/** A sale that the plan acts on. */
export interface Planned {
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
  readonly action: Action;
  readonly act: readonly Planned[];
  readonly left: readonly Left[];
}

/** What the operator said on the command line, for a whole run. */
export interface Wishes extends Consent {
  /** At most so much money may count twice (decimal text); null is no limit. */
  readonly duplicateLimit: string | null;
  readonly revertRefused: boolean;
  /** At most so many sales, the nearest deadlines first. */
  readonly limit: number | null;
}

export const noWishes: Wishes = { ...noConsent, duplicateLimit: null, revertRefused: false, limit: null };

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
  let doubled = "0.00";
  for (const judged of byDeadline(sales, now)) {
    const permission = decide(action, judged, wishes, policy, now);
    const leave = (because: string, wouldAllow: string | null) =>
      left.push({ judged, because, wouldAllow, person: needsPerson(judged, now) });
    if (!permission.allowed) {
      leave(permission.because, remedy(action, judged, wishes, policy, now));
      continue;
    }
    if (wishes.limit !== null && act.length >= wishes.limit) {
      leave(`beyond --limit ${wishes.limit}`, null);
      continue;
    }
    if (permission.mayDouble) {
      const sum = addAmounts([doubled, worth(judged.sale.amount)]);
      if (wishes.duplicateLimit !== null && compareAmounts(sum, wishes.duplicateLimit) > 0) {
        leave(`may count twice, and would exceed --accept-duplicate=${wishes.duplicateLimit}`, null);
        continue;
      }
      doubled = sum;
    }
    act.push({
      judged,
      before: lastMoment(action, judged, permission.onlyWhileFolded),
      mayDouble: permission.mayDouble,
      revertIfRefused: revertsOnRefusal(judged, wishes, policy, now),
    });
  }
  return action === "resend" ? carriersFirst({ action, act, left }, now) : { action, act, left };
}

function lastMoment(action: Action, judged: Judged, onlyWhileFolded: boolean): Instant {
  if (action !== "resend") return Infinity;
  const limits = [judged.expiresAt, onlyWhileFolded ? judged.foldedUntil : null];
  return Math.min(...limits.filter((limit) => limit !== null));
}

/** The nearest deadline that can still be met first; sales without one after these, and expired ones last. */
export function byDeadline(sales: readonly Judged[], now: Instant): Judged[] {
  const missed = ({ deadline }: Judged) => Number(deadline !== null && deadline <= now);
  const limit = ({ deadline }: Judged) => deadline ?? Infinity;
  return sales.toSorted((a, b) => missed(a) - missed(b) || limit(a) - limit(b) || a.sale.id - b.sale.id);
}

/** A shared click's id is settled under its carrier first: only then is it certain which copies fold into which. */
function carriersFirst(plan: Plan, now: Instant): Plan {
  const planned = new Set(plan.act.map(({ judged }) => judged.sale.id));
  const act: Planned[] = [];
  const left = [...plan.left];
  for (const item of plan.act) {
    const carrier = item.judged.identity.carrier;
    if (carrier?.open && carrier.acceptedAt === null && !planned.has(carrier.id) && !item.mayDouble) {
      const because = `sale ${carrier.id} carries the click they share and must be settled first`;
      const person = needsPerson(item.judged, now);
      left.push({
        judged: item.judged,
        because,
        wouldAllow: `--id ${carrier.id},${item.judged.sale.id}`,
        person,
      });
    } else act.push(item);
  }
  const rank = ({ judged }: Planned) =>
    judged.identity.carrier && planned.has(judged.identity.carrier.id) ? 1 : 0;
  return { ...plan, act: act.toSorted((a, b) => rank(a) - rank(b)), left };
}
