import type { ActingContext, Column, Report, Tone } from "../context.js";
import { JSON_VERSION, leftJson, outcomeJson, plannedJson, saleJson, totals } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import type { Outcome } from "../sales/outcome.js";
import { tally, total } from "../sales/outcome.js";
import type { Action } from "../sales/permissions.js";
import type { Left, Plan, Planned } from "../sales/plan.js";
import type { Sale } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import type { Survey } from "./survey.js";

/** One line of what a command did, would do, or left. */
interface Line {
  readonly sale: Sale;
  readonly verdict: string;
  readonly what: string;
  readonly tone: Tone;
  readonly eventId: string | null;
  readonly because: string;
}

interface Result {
  readonly run: string | null;
  readonly dryRun: boolean;
  readonly outcomes: readonly Outcome[];
}

/** What an acting command tells: outcomes (or the plan, in a dry run), and what it left, each with its reason. */
export function resultReport(
  ctx: ActingContext,
  action: Action,
  found: Survey,
  plan: Plan,
  result: Result,
): Report<Line> {
  const planned = result.run === null ? plan.act : [];
  const lines = [
    ...result.outcomes.map(outcomeLine),
    ...planned.map((item) => plannedLine(action, item)),
    ...plan.left.map(leftLine),
    ...found.others.map(otherLine),
  ];
  tell(ctx, action, plan, result, found);
  const left = [...plan.left.map(leftJson), ...found.others.map(otherJson)];
  const sums = { ...totals(found.judged, found.now), ...tally(result.outcomes) };
  const head = {
    version: JSON_VERSION,
    command: action,
    generatedAt: iso(found.now),
    run: result.run,
    dryRun: result.dryRun,
  };
  return {
    columns: columns(ctx.currency),
    rows: lines,
    document: () => ({
      ...head,
      sales: found.judged.map((judged) => saleJson(judged, ctx.currency)),
      planned: plan.act.map(plannedJson),
      outcomes: result.outcomes.map(outcomeJson),
      left,
      totals: sums,
    }),
    lines: function* () {
      for (const outcome of result.outcomes) yield { outcome: outcomeJson(outcome) };
      for (const item of planned) yield { planned: plannedJson(item) };
      for (const item of left) yield { left: item };
      yield { ...head, totals: sums };
    },
  };
}

function columns(currency: string): Column<Line>[] {
  return [
    { title: "ID", value: ({ sale }) => String(sale.id), align: "right" },
    { title: "Payment", value: ({ sale }) => sale.paymentId },
    {
      title: "Amount",
      value: ({ sale }) => sale.amount,
      shown: ({ sale }) => showAmount(sale.amount, currency),
      align: "right",
    },
    { title: "Verdict", value: (line) => line.verdict },
    { title: "Result", value: (line) => line.what, tone: (line) => line.tone },
    { title: "Event ID", value: (line) => line.eventId, flexible: true },
    { title: "Because", value: (line) => line.because, flexible: true },
  ];
}

function outcomeLine({ judged, answer, effect, eventId, because }: Outcome): Line {
  const tone = effect === "confirmed" || (effect === "reverted" && answer === null) ? "good" : "bad";
  const what = answer === null ? effect : `${answer}, ${effect}`;
  return { sale: judged.sale, verdict: judged.kind, what, tone, eventId, because };
}

function plannedLine(action: Action, { judged, mayDouble }: Planned): Line {
  const { sale, kind, identity, because } = judged;
  const what = mayDouble ? `would ${action}, may count twice` : `would ${action}`;
  const eventId = action === "revert" ? null : `${identity.eventId} (${identity.origin})`;
  return { sale, verdict: kind, what, tone: mayDouble ? "warn" : "strong", eventId, because };
}

function leftLine({ judged, because, wouldAllow, person }: Left): Line {
  const allow = wouldAllow === null ? "" : ` (allowed by ${wouldAllow})`;
  const tone = person === null ? "dim" : "warn";
  return {
    sale: judged.sale,
    verdict: judged.kind,
    what: "left",
    tone,
    eventId: null,
    because: `${because}${allow}`,
  };
}

function otherLine(sale: Sale): Line {
  return {
    sale,
    verdict: "-",
    what: "left",
    tone: "warn",
    eventId: sale.metaEventId,
    because: notStuck(sale),
  };
}

function otherJson(sale: Sale) {
  return {
    id: sale.id,
    verdict: null,
    obstacle: null,
    because: notStuck(sale),
    wouldAllow: null,
    needsPerson: false,
  };
}

/** Why there is nothing to do about a sale that was named. */
export function notStuck(sale: Sale): string {
  if (sale.status !== "paid") return `not paid: its status is ${sale.status}`;
  if (sale.metaEventId !== null) return "not stuck: Meta confirmed it";
  return "not stuck: it is not flagged as sent, so the application still sends it";
}

/** The question before a window is acted on: what, how much, where, and to whom. */
export function question({ place, currency }: ActingContext, action: Action, plan: Plan): string {
  const sum = total(plan.act.map(({ judged }) => judged.sale));
  const what = `${action} ${sum.count} sale${sum.count === 1 ? "" : "s"} (${showAmount(sum.amount, currency)})`;
  if (action !== "resend") return `${what} in ${place.database}?`;
  const pixels = [...new Set(plan.act.map(({ judged }) => judged.identity.pixelId))].join(", ");
  return `${what} of ${place.database} to ${place.graph}, pixel ${pixels}${testEvents(plan)}${doubling(plan, currency)}?`;
}

function testEvents(plan: Plan): string {
  const count = plan.act.filter(({ judged }) => judged.identity.pool?.testEventCode).length;
  return count === 0 ? "" : `, ${count} as TEST EVENTS`;
}

function doubling(plan: Plan, currency: string): string {
  const risky = plan.act.filter((item) => item.mayDouble).map(({ judged }) => judged.sale);
  if (risky.length === 0) return "";
  return `; ${risky.length} of them (${showAmount(total(risky).amount, currency)}) may count twice`;
}

/** The lines beneath: the figures, the risks taken, and what to do next. */
function tell(ctx: ActingContext, action: Action, plan: Plan, result: Result, found: Survey): void {
  const { output, currency, clock } = ctx;
  if (result.run === null) {
    const verb = result.dryRun ? "would" : "nothing to";
    const sum = total(plan.act.map(({ judged }) => judged.sale));
    const count =
      sum.count === 0
        ? ""
        : ` ${sum.count} of ${found.judged.length} sales, ${showAmount(sum.amount, currency)}`;
    output.say(`${verb} ${action}${count}${testEvents(plan)}${doubling(plan, currency)}`);
  } else {
    const sums = Object.entries(tally(result.outcomes)).map(
      ([key, sum]) => `${key} ${sum.count} (${showAmount(sum.amount, currency)})`,
    );
    output.say(`run ${result.run}: ${sums.join(", ") || "nothing reached"}${testEvents(plan)}`);
  }
  for (const line of severalPools(plan)) output.say(line, "dim");
  if (result.outcomes.some(({ answer }) => answer === "accepted")) {
    const until = iso(clock.now() + 47 * 3_600_000);
    output.say(
      `a copy still queued in Celery is folded by Meta until ${until}: restart or purge stale workers before (risk R3)`,
      "dim",
    );
  }
  const persons = plan.left.filter((item) => item.person !== null).length;
  if (plan.left.length > 0)
    output.say(`left ${plan.left.length}, of which ${persons} need a person`, persons > 0 ? "warn" : "dim");
}

/** The application takes a bot's first pool; where there are several, the operator should know which one it was. */
function severalPools(plan: Plan): string[] {
  const bots = new Map<string, string>();
  for (const { judged } of plan.act) {
    const { pools, botName } = judged.sale;
    if (pools !== null && pools.length > 1)
      bots.set(botName, `pool ${judged.identity.pool?.id} of ${pools.map((p) => p.id).join(", ")}`);
  }
  return [...bots].map(([bot, pool]) => `bot ${bot} is in several enabled pools: using ${pool}`);
}
