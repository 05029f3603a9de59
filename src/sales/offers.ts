import { proofOfDelivery } from "./click.js";
import { decide } from "./decision.js";
import type { Action } from "./permissions.js";
import { actions, noConsent } from "./permissions.js";
import type { Planned } from "./plan.js";
import { makePlan, noWishes } from "./plan.js";
import type { Instant } from "./sale.js";
import { age, iso } from "./time.js";
import type { Judged, Policy } from "./verdict.js";

/** What one action may do with one sale that is named, and the line to type. */
export interface Offer {
  readonly action: Action;
  readonly allowed: boolean;
  readonly because: string;
  /** What must be said beside the sale's name; null where nothing must, or nothing helps. */
  readonly flag: string | null;
  /** The whole command; null where no flag permits it. */
  readonly command: string | null;
  readonly mayDouble: boolean;
  /** A window leaves it: that it is named is the consent. */
  readonly named: boolean;
}

type Patience = Pick<Policy, "retryHorizon">;

/** The plan of each command for this one sale, named: the very rules that the command itself obeys. */
export function offersOf(judged: Judged, policy: Patience, now: Instant): Offer[] {
  return actions.map((action) => {
    const { act, left } = makePlan(action, [judged], { ...noWishes, named: true }, policy, now);
    const [planned] = act;
    return planned
      ? allowed(action, planned, policy, now)
      : refused(action, judged, left[0]?.wouldAllow, left[0]?.because);
  });
}

function allowed(action: Action, { judged, mayDouble }: Planned, policy: Patience, now: Instant): Offer {
  const { id } = judged.sale;
  const named = !decide(action, judged, noConsent, policy, now).allowed;
  const because = effectOf(action, judged, now);
  const command = `purchase-fix ${action} --id ${id}`;
  return { action, allowed: true, because, flag: null, command, mayDouble, named };
}

function refused(action: Action, { sale }: Judged, flag: string | null = null, because = ""): Offer {
  const name = flag?.startsWith("--id ") ? "" : `--id ${sale.id} `;
  const command = flag === null ? null : `purchase-fix ${action} ${name}${flag}`;
  const mayDouble = flag?.includes("--accept-duplicate") ?? false;
  return { action, allowed: false, because, flag, command, mayDouble, named: false };
}

/** What it would do, and why that is safe. */
function effectOf(action: Action, { sale, evidence, identity, foldedUntil }: Judged, now: Instant): string {
  if (action === "confirm") {
    return `stores ${proofOfDelivery(sale, evidence)?.eventId ?? identity.eventId}; sends nothing`;
  }
  if (action === "revert") return "the application sends it when its customer next opens the delivery page";
  const as = `sends it as ${identity.eventId}`;
  if (foldedUntil === null) return `${as}; no earlier copy counts for it`;
  return `${as}; Meta folds it into an earlier copy until ${iso(foldedUntil)} (${age(foldedUntil - now)} left)`;
}
