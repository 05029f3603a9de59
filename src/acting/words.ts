import type { ActingContext } from "../context.js";
import { showAmount } from "../sales/money.js";
import type { Outcome, Sum } from "../sales/outcome.js";
import { tally } from "../sales/outcome.js";
import type { Action } from "../sales/permissions.js";
import type { Plan } from "../sales/plan.js";
import type { Sale } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import type { Told } from "./told.js";

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
export function question({ place, currency }: ActingContext, action: Action, told: Told): string {
  const sum = told.act.sum();
  const what = `${action} ${sum.count} ${sales(sum.count)} (${showAmount(sum.amount, currency)})`;
  if (action !== "resend") return `${what} in ${place.database}?`;
  const pixels = [...told.pixels];
  const to = `pixel${pixels.length === 1 ? "" : "s"} ${pixels.join(", ")}`;
  return `${what} of ${place.database} to ${place.graph}, ${to}${testEvents(told)}${doubling(told, currency)}?`;
}

export function testEvents({ tests }: Told): string {
  return tests === 0 ? "" : `, ${tests} as TEST EVENTS`;
}

export function doubling({ risky }: Told, currency: string): string {
  const { count, amount } = risky.sum();
  return count === 0 ? "" : `; ${count} of them (${showAmount(amount, currency)}) may count twice`;
}

/** The lines beneath: the figures, the risks taken, and what to do next. */
export function tell(ctx: ActingContext, action: Action, told: Told): void {
  const { output, currency } = ctx;
  const { count, amount } = told.act.sum();
  if (told.run !== null) {
    const some = told.allowed > count ? `; ${count} of the ${told.allowed} that it could` : "";
    const done = figures(told.effects.sums(), currency) || "nothing reached";
    output.say(`run ${told.run}: ${done}${testEvents(told)}${some}`, "strong");
  } else if (count === 0) {
    output.say(`nothing to ${action}`, "strong");
  } else {
    const looked = told.sums.count;
    const some = told.allowed > count ? `, the nearest deadlines of ${told.allowed} that it could` : "";
    const share = `${count} of ${looked} ${sales(looked)}${some}`;
    const money = showAmount(amount, currency);
    output.say(`would ${action} ${share}, ${money}${testEvents(told)}${doubling(told, currency)}`, "strong");
  }
  tellRest(ctx, told);
}

function figures(sums: Readonly<Record<string, Sum>>, currency: string): string {
  return Object.entries(sums)
    .map(([key, sum]) => `${key} ${sum.count} (${showAmount(sum.amount, currency)})`)
    .join(", ");
}

/** What is said beneath the figures of every command that acts. */
export function tellRest({ output, clock, again }: ActingContext, told: Told): void {
  // The application takes a bot's first pool; where there are several, the operator should know which one it was.
  for (const [bot, pool] of told.pools)
    output.say(`bot ${bot} is in several enabled pools: using pool ${pool}`, "dim");
  if (told.accepted) {
    const until = iso(clock.now() + 47 * 3_600_000);
    output.say(
      `a copy still queued in Celery is folded by Meta until ${until}: restart or purge stale workers before (risk R3)`,
      "dim",
    );
  }
  for (const line of told.queued) output.say(line, "warn");
  for (const line of told.shorts) output.say(`${line}${again}`, "warn");
  if (told.left > 0) {
    const { persons } = told;
    const need = `${persons === 0 ? "none" : persons} ${persons > 1 ? "need" : "needs"} a person`;
    output.say(`left ${told.left} ${sales(told.left)}: ${need}`, persons > 0 ? "warn" : "dim");
  }
  if (told.unfinished !== null) output.say(`next: purchase-fix explain ${told.unfinished}${again}`);
}

/** A run that failed in the middle: what was done all the same, and where to see the rest. */
export function tellFailure(
  { output, currency, record }: ActingContext,
  plan: Plan,
  outcomes: readonly Outcome[],
): void {
  const done = figures(tally(outcomes), currency) || "nothing was done";
  const open = plan.act.length - outcomes.length;
  const rest = open === 0 ? "" : `; no outcome for ${open} ${sales(open)}`;
  output.warn(`run ${record.id} failed in the middle: ${done}${rest}`);
  output.say(`what is on record: purchase-fix journal --run ${record.id}`);
}

/** Waves that broke off: what they had come to. Of the wave that failed itself, if any, was told already. */
export function tellBroken({ output, currency, record }: ActingContext, told: Told): void {
  if (told.run === null) return;
  const done = figures(told.effects.sums(), currency) || "nothing was done";
  output.warn(`run ${told.run} broke off; until then: ${done}`);
  output.say(`what is on record: purchase-fix journal --run ${record.id}`);
}

const sales = (count: number) => (count === 1 ? "sale" : "sales");
