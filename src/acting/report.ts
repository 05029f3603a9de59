import type { ActingContext, Report } from "../context.js";
import { JSON_VERSION, leftJson, outcomeJson, plannedJson, saleJson } from "../sales/json.js";
import type { Outcome } from "../sales/outcome.js";
import { tally } from "../sales/outcome.js";
import type { Plan } from "../sales/plan.js";
import type { Sale } from "../sales/sale.js";
import { uncountedAmong } from "../sales/short.js";
import { iso } from "../sales/time.js";
import { totals } from "../sales/totals.js";
import { resultColumns } from "./columns.js";
import type { Line } from "./lines.js";
import { leftForPeople, leftLine, otherLine, outcomeLine, plannedLine } from "./lines.js";
import type { Survey } from "./survey.js";
import { notStuck } from "./words.js";

export interface Result {
  readonly run: string | null;
  readonly dryRun: boolean;
  readonly outcomes: readonly Outcome[];
}

/** What an acting command tells: outcomes (or the plan, in a dry run), and what it left, each with its reason. */
export function resultReport(
  ctx: ActingContext,
  action: Plan["action"],
  found: Survey,
  plan: Plan,
  result: Result,
): Report<Line> {
  const planned = result.run === null ? plan.act : [];
  const lines = [
    ...result.outcomes.map(outcomeLine),
    ...planned.map(plannedLine),
    ...(ctx.output.forPeople ? leftForPeople(plan.left) : plan.left.map(leftLine)),
    ...found.others.map(otherLine),
  ];
  const left = [...plan.left.map(leftJson), ...found.others.map(otherJson)];
  const sums = { ...totals(found.judged, found.now), ...tally(result.outcomes) };
  const head = {
    version: JSON_VERSION,
    command: action,
    generatedAt: iso(found.now),
    run: result.run,
    dryRun: result.dryRun,
    uncounted: uncountedAmong(found.judged),
  };
  return {
    columns: resultColumns(),
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

function otherJson(sale: Sale) {
  return {
    id: sale.id,
    verdict: null,
    obstacle: null,
    restraint: null,
    because: notStuck(sale),
    wouldAllow: null,
    needsPerson: false,
  };
}
