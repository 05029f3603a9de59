import { decide, remedy } from "./decision.js";
import { compareAmounts } from "./money.js";
import { needsPerson } from "./obstacle.js";
import { total } from "./outcome.js";
import type { Action } from "./permissions.js";
import { actions } from "./permissions.js";
import type { Left, Plan, Wishes } from "./plan.js";
import { byDeadline, makePlan } from "./plan.js";
import type { Instant } from "./sale.js";
import type { Judged, Policy } from "./verdict.js";

/** What an unattended run may do, and how large it may grow. Beside the permission tables: both must allow. */
export interface Rules {
  readonly allow: readonly Action[];
  /** Instead of `allow`, by pixel id; a bot's rule comes before its pixel's. */
  readonly pixels: ReadonlyMap<string, readonly Action[]>;
  /** By the bot's id or name. */
  readonly bots: ReadonlyMap<string, readonly Action[]>;
  readonly maxSales: number | null;
  /** Decimal text. */
  readonly maxValue: string | null;
}

export const noRules: Rules = {
  allow: actions,
  pixels: new Map(),
  bots: new Map(),
  maxSales: null,
  maxValue: null,
};

/** What the rules let a run do about one sale. */
export function allowedFor(
  { allow, pixels, bots }: Rules,
  { sale, identity }: Pick<Judged, "sale" | "identity">,
): readonly Action[] {
  return (
    bots.get(String(sale.botId)) ??
    bots.get(sale.botName) ??
    (identity.pixelId === null ? undefined : pixels.get(identity.pixelId)) ??
    allow
  );
}

type Patience = Pick<Policy, "retryHorizon">;

/** Each sale goes to the first of confirm, resend and revert that rules and tables permit; the rest is left, with its reason. */
export function planReconcile(
  sales: readonly Judged[],
  wishes: Wishes,
  rules: Rules,
  policy: Patience,
  now: Instant,
): Plan {
  const can = (action: Action, judged: Judged) =>
    isFor(action, judged) && decide(action, judged, wishes, policy, now).allowed;
  const chosen = new Map(
    sales.map((judged) => {
      const may = allowedFor(rules, judged);
      return [judged, actions.find((action) => may.includes(action) && can(action, judged)) ?? null];
    }),
  );
  const parts: Plan[] = [];
  for (const action of actions) {
    const done = parts.reduce((sum, { act }) => sum + act.length, 0);
    const limit = wishes.limit === null ? null : Math.max(0, wishes.limit - done);
    const part = sales.filter((judged) => chosen.get(judged) === action);
    parts.push(makePlan(action, part, { ...wishes, limit }, policy, now));
  }
  const act = parts
    .flatMap((part) => part.act)
    // Meta's refusal gives a sale back only where the rules let a run give it back.
    .map((item) => ({
      ...item,
      revertIfRefused: item.revertIfRefused && allowedFor(rules, item.judged).includes("revert"),
    }));
  const unchosen = sales.filter((judged) => chosen.get(judged) === null);
  const left = [
    ...parts.flatMap((part) => part.left.map((item) => beyond(item, wishes.limit))),
    ...unchosen.map((judged) => leftOf(judged, wishes, policy, now, can)),
  ];
  const place = new Map(byDeadline(sales, now).map((judged, at) => [judged, at]));
  left.sort((a, b) => (place.get(a.judged) ?? 0) - (place.get(b.judged) ?? 0));
  const allowed = parts.reduce((sum, part) => sum + part.allowed, 0);
  return { action: "reconcile", act, left, allowed };
}

/** A sale is given back only where nothing of ours can mend it: what can be sent is not left to a visit that may never come. */
function isFor(action: Action, { obstacle }: Judged): boolean {
  return action !== "revert" || obstacle.kind === "unsendable";
}

function beyond(item: Left, limit: number | null): Left {
  return item.because.startsWith("beyond --limit") ? { ...item, because: `beyond --limit ${limit}` } : item;
}

function leftOf(
  judged: Judged,
  wishes: Wishes,
  policy: Patience,
  now: Instant,
  can: (action: Action, judged: Judged) => boolean,
): Left {
  const person = needsPerson(judged, now);
  const withheld = actions.find((action) => can(action, judged));
  if (withheld !== undefined)
    return {
      judged,
      because: `${judged.because}; the policy does not allow to ${withheld} it`,
      wouldAllow: null,
      person,
    };
  const answer = decide("resend", judged, wishes, policy, now);
  const because = answer.allowed ? judged.because : answer.because;
  return { judged, because, wouldAllow: typed(remedy("resend", judged, wishes, policy, now)), person };
}

/** A sale is named to another command: this one takes no names. */
function typed(flags: string | null): string | null {
  return flags?.startsWith("--id ") ? `purchase-fix resend ${flags}` : flags;
}

/** A plan that is larger than anybody expected does nothing at all: why, in figures; null where it is not. */
export function overCap({ act }: Plan, { maxSales, maxValue }: Rules): string | null {
  const { count, amount } = total(act.map(({ judged }) => judged.sale));
  const sales = `${count} sale${count === 1 ? "" : "s"} worth ${amount}`;
  if (maxSales !== null && count > maxSales)
    return `the plan has ${sales}, more than --max-sales ${maxSales}`;
  if (maxValue !== null && compareAmounts(amount, maxValue) > 0)
    return `the plan has ${sales}, more than --max-value ${maxValue}`;
  return null;
}

/** The same with nothing to do: a person must say whether that many are right. */
export function stopped(plan: Plan, because: string): Plan {
  const left = plan.act.map(({ judged }) => ({
    judged,
    because: `nothing was done: ${because}`,
    wouldAllow: null,
    person: because,
  }));
  return { ...plan, act: [], left: [...left, ...plan.left] };
}
