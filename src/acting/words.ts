import type { ActingContext } from "../context.js";
import { showAmount } from "../sales/money.js";
import type { Outcome } from "../sales/outcome.js";
import { tally, total } from "../sales/outcome.js";
import type { Action } from "../sales/permissions.js";
import type { Plan } from "../sales/plan.js";
import type { Sale } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import { queuedBeside, shortBesides } from "./beside.js";
import type { Result } from "./report.js";
import type { Survey } from "./survey.js";

/** Names that no sale bears; a long list is cut, since the first ones show what went wrong. */
export function noSaleBears(names: readonly string[]): string {
  const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return `No sale bears ${names.slice(0, MOST_NAMES).join(", ")}${rest}`;
}

const MOST_NAMES = 20;

/** Why there is nothing to do about a sale that was named. */
export function notStuck(sale: Sale): string {
  if (sale.status !== "paid") return `not paid: its status is ${sale.status}`;
  if (sale.metaEventId !== null) return "not stuck: Meta confirmed it";
  return "not stuck: it is not flagged as sent, so the application still sends it";
}

/** The question before a window is acted on: what, how much, where, and to whom. */
export function question({ place, currency }: ActingContext, action: Action, plan: Plan): string {
  const sum = total(plan.act.map(({ judged }) => judged.sale));
  const what = `${action} ${sum.count} ${sales(sum.count)} (${showAmount(sum.amount, currency)})`;
  if (action !== "resend") return `${what} in ${place.database}?`;
  const pixels = [...new Set(plan.act.map(({ judged }) => judged.identity.pixelId))];
  const to = `pixel${pixels.length === 1 ? "" : "s"} ${pixels.join(", ")}`;
  return `${what} of ${place.database} to ${place.graph}, ${to}${testEvents(plan)}${doubling(plan, currency)}?`;
}

export function testEvents(plan: Plan): string {
  const count = plan.act.filter(({ judged }) => judged.identity.pool?.testEventCode).length;
  return count === 0 ? "" : `, ${count} as TEST EVENTS`;
}

export function doubling(plan: Plan, currency: string): string {
  const risky = plan.act.filter((item) => item.mayDouble).map(({ judged }) => judged.sale);
  if (risky.length === 0) return "";
  return `; ${risky.length} of them (${showAmount(total(risky).amount, currency)}) may count twice`;
}

/** The lines beneath: the figures, the risks taken, and what to do next. */
export function tell(ctx: ActingContext, action: Action, plan: Plan, result: Result, found: Survey): void {
  const { output, currency } = ctx;
  if (result.run !== null) {
    const sums = Object.entries(tally(result.outcomes)).map(
      ([key, sum]) => `${key} ${sum.count} (${showAmount(sum.amount, currency)})`,
    );
    const some =
      plan.allowed > plan.act.length ? `; ${plan.act.length} of the ${plan.allowed} that it could` : "";
    output.say(
      `run ${result.run}: ${sums.join(", ") || "nothing reached"}${testEvents(plan)}${some}`,
      "strong",
    );
  } else if (plan.act.length === 0) {
    output.say(`nothing to ${action}`, "strong");
  } else {
    const sum = total(plan.act.map(({ judged }) => judged.sale));
    const some = plan.allowed > sum.count ? `, the nearest deadlines of ${plan.allowed} that it could` : "";
    const share = `${sum.count} of ${found.judged.length} ${sales(found.judged.length)}${some}`;
    const money = showAmount(sum.amount, currency);
    output.say(`would ${action} ${share}, ${money}${testEvents(plan)}${doubling(plan, currency)}`, "strong");
  }
  tellRest(ctx, plan, result, found);
}

/** What is said beneath the figures of every command that acts. */
export function tellRest(
  ctx: ActingContext,
  plan: Plan,
  result: Result,
  found: Pick<Survey, "judged">,
): void {
  const { output, clock } = ctx;
  for (const line of severalPools(plan)) output.say(line, "dim");
  if (result.outcomes.some(({ answer }) => answer === "accepted")) {
    const until = iso(clock.now() + 47 * 3_600_000);
    output.say(
      `a copy still queued in Celery is folded by Meta until ${until}: restart or purge stale workers before (risk R3)`,
      "dim",
    );
  }
  for (const line of queuedBeside(result)) output.say(line, "warn");
  for (const line of shortBesides(ctx, found)) output.say(line, "warn");
  if (plan.left.length > 0) {
    const persons = plan.left.filter((item) => item.person !== null).length;
    const need = `${persons === 0 ? "none" : persons} ${persons > 1 ? "need" : "needs"} a person`;
    output.say(`left ${plan.left.length} ${sales(plan.left.length)}: ${need}`, persons > 0 ? "warn" : "dim");
  }
  const id = unfinished(plan, result);
  if (id !== null) output.say(`next: purchase-fix explain ${id}${ctx.again}`);
}

/** The first sale that a person must look at: one that was left, or that Meta refused just now. */
function unfinished(plan: Plan, { outcomes }: Result): number | null {
  const left = plan.left.find(({ person }) => person !== null);
  const refused = outcomes.find(({ answer, effect }) => answer === "refused" && effect === "kept");
  return (left ?? refused)?.judged.sale.id ?? null;
}

/** A run that failed in the middle: what was done all the same, and where to see the rest. */
export function tellFailure(
  { output, currency, record }: ActingContext,
  plan: Plan,
  outcomes: readonly Outcome[],
): void {
  const sums = Object.entries(tally(outcomes)).map(
    ([key, sum]) => `${key} ${sum.count} (${showAmount(sum.amount, currency)})`,
  );
  const open = plan.act.length - outcomes.length;
  const rest = open === 0 ? "" : `; no outcome for ${open} ${sales(open)}`;
  output.warn(`run ${record.id} failed in the middle: ${sums.join(", ") || "nothing was done"}${rest}`);
  output.say(`what is on record: purchase-fix journal --run ${record.id}`);
}

const sales = (count: number) => (count === 1 ? "sale" : "sales");

/** The application takes a bot's first pool; where there are several, the operator should know which one it was. */
function severalPools(plan: Plan): string[] {
  const bots = new Map<string, string>();
  for (const { judged } of plan.act) {
    const { pools, botName } = judged.sale;
    if (pools !== null && pools.length > 1)
      bots.set(botName, `${judged.identity.pool?.id} (it has ${pools.map((p) => p.id).join(" and ")})`);
  }
  return [...bots].map(([bot, pool]) => `bot ${bot} is in several enabled pools: using pool ${pool}`);
}
