import type { ActingContext, Report, Tone } from "../context.js";
import { JSON_VERSION, leftJson, outcomeJson, plannedJson, saleJson, totals } from "../sales/json.js";
import type { Outcome } from "../sales/outcome.js";
import { tally } from "../sales/outcome.js";
import type { Action } from "../sales/permissions.js";
import type { Left, Plan, Planned } from "../sales/plan.js";
import type { Sale } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import { resultColumns } from "./columns.js";
import type { Survey } from "./survey.js";
import { notStuck } from "./words.js";

/** One line of what a command did, would do, or left. */
export interface Line {
  readonly sale: Sale;
  readonly verdict: string;
  readonly what: string;
  readonly tone: Tone;
  readonly eventId: string | null;
  readonly because: string;
}

export interface Result {
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
