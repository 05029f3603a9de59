import type { ActingContext, Report } from "../context.js";
import { JSON_VERSION, leftJson, outcomeJson, plannedJson, saleJson } from "../sales/json.js";
import type { Outcome } from "../sales/outcome.js";
import type { Plan, Planned } from "../sales/plan.js";
import type { Instant, Sale } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";
import { resultColumns } from "./columns.js";
import type { Line } from "./lines.js";
import { leftForPeople, leftLine, otherLine, outcomeLine, plannedLine } from "./lines.js";
import type { Survey } from "./survey.js";
import type { Told } from "./told.js";
import { notStuck } from "./words.js";

export interface Result {
  readonly run: string | null;
  readonly dryRun: boolean;
  readonly outcomes: readonly Outcome[];
}

export const nothingDone: Result = { run: null, dryRun: true, outcomes: [] };

/** A line of the report, and what machines are told in its place. */
export interface Entry extends Line {
  /** Null where the line stands for several sales, as for people alone. */
  readonly json:
    | { readonly outcome: object }
    | { readonly planned: object }
    | { readonly left: object }
    | null;
  readonly judged: Judged | null;
  /** What was planned for it; null where it was left. */
  readonly item: Planned | null;
}

/** What an acting command tells: outcomes (or the plan, in a dry run), and what it left, each with its reason. */
export function entriesOf(
  { output: { forPeople } }: ActingContext,
  found: Pick<Survey, "others">,
  plan: Plan,
  result: Result,
): Entry[] {
  const planned = result.run === null ? plan.act : [];
  const items = new Map(plan.act.map((item) => [item.judged, item]));
  return [
    ...result.outcomes.map((outcome) => ({
      ...outcomeLine(outcome),
      json: { outcome: outcomeJson(outcome) },
      judged: outcome.judged,
      item: items.get(outcome.judged) ?? null,
    })),
    ...planned.map((item) => ({
      ...plannedLine(item),
      json: { planned: plannedJson(item) },
      judged: item.judged,
      item,
    })),
    ...(forPeople
      ? leftForPeople(plan.left).map((line) => ({ ...line, json: null, judged: null, item: null }))
      : plan.left.map((left) => ({
          ...leftLine(left),
          json: { left: leftJson(left) },
          judged: left.judged,
          item: items.get(left.judged) ?? null,
        }))),
    ...found.others.map((sale) => ({
      ...otherLine(sale),
      json: { left: otherJson(sale) },
      judged: null,
      item: null,
    })),
  ];
}

/** What a document, and the last of the lines, says of the whole command. */
export function headOf(action: Plan["action"], now: Instant, told: Told, dryRun: boolean) {
  return {
    version: JSON_VERSION,
    command: action,
    generatedAt: iso(now),
    run: told.run,
    dryRun,
    uncounted: [...told.uncounted],
  };
}

export function resultReport(
  ctx: ActingContext,
  action: Plan["action"],
  found: Survey,
  plan: Plan,
  result: Result,
  told: Told,
): Report<Line> {
  const head = headOf(action, found.now, told, result.dryRun);
  const totals = { ...told.sums.totals(), ...told.effects.sums() };
  const entries = entriesOf(ctx, found, plan, result);
  return {
    columns: resultColumns(),
    rows: entries,
    document: () => ({
      ...head,
      sales: found.judged.map((judged) => saleJson(judged, ctx.currency)),
      planned: plan.act.map(plannedJson),
      outcomes: result.outcomes.map(outcomeJson),
      left: [...plan.left.map(leftJson), ...found.others.map(otherJson)],
      totals,
    }),
    lines: function* () {
      for (const { json } of entries) if (json !== null) yield json;
      yield { ...head, totals };
    },
  };
}

/** The same document of sales that went by in waves: each stands where its outcome does. */
export function wavesDocument(
  head: object,
  entries: readonly Entry[],
  totals: object,
  currency: string,
): object {
  const json = entries.flatMap((entry) => entry.json ?? []);
  return {
    ...head,
    sales: entries.flatMap(({ judged }) => (judged === null ? [] : [saleJson(judged, currency)])),
    planned: entries.flatMap(({ item }) => (item === null ? [] : [plannedJson(item)])),
    outcomes: json.flatMap((one) => ("outcome" in one ? [one.outcome] : [])),
    left: json.flatMap((one) => ("left" in one ? [one.left] : [])),
    totals,
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
