import type { ActingContext, Report } from "../context.js";
import type { PastRun } from "../ports.js";
import { JSON_VERSION, leftJson, outcomeJson } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import { tally, total } from "../sales/outcome.js";
import type { Plan, Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import type { Change, RowWas } from "../sales/undo.js";
import { resultColumns } from "./columns.js";
import type { Line } from "./lines.js";
import { leftForPeople, leftLine, named, outcomeLine } from "./lines.js";
import type { Result } from "./report.js";

/** The run that is undone, and what it changed. */
export interface Undo {
  readonly past: PastRun;
  readonly changes: ReadonlyMap<number, Change>;
  /** Sales that the shop no longer has. */
  readonly gone: readonly number[];
  readonly now: Instant;
}

const GONE = "the sale is gone";

/** How many, how much, of which run, when, by whom, and where. */
export function undoQuestion({ place, currency }: ActingContext, { past }: Undo, plan: Plan): string {
  const { count, amount } = total(plan.act.map(({ judged }) => judged.sale));
  const of = `run ${past.id} (${past.command}, ${iso(past.startedAt)}, ${past.user}@${past.host})`;
  return `undo ${sales(count)} (${showAmount(amount, currency)}) of ${of} in ${place.database}?`;
}

/** The report first, the figures beneath it. */
export async function showUndo(ctx: ActingContext, undo: Undo, plan: Plan, result: Result): Promise<void> {
  const { output, currency } = ctx;
  await output.report(reportOf(ctx, undo, plan, result));
  const { past, gone } = undo;
  const money = ({ count, amount }: { count: number; amount: string }) =>
    `${count} (${showAmount(amount, currency)})`;
  if (result.run !== null) {
    const sums = Object.entries(tally(result.outcomes)).map(([effect, sum]) => `${effect} ${money(sum)}`);
    output.say(`run ${result.run} undoes run ${past.id}: ${sums.join(", ") || "nothing reached"}`, "strong");
    output.say(`purchase-fix undo ${result.run} takes that back`, "dim");
  } else if (plan.act.length === 0) output.say(`nothing of run ${past.id} to undo`, "strong");
  else {
    const { count, amount } = total(plan.act.map(({ judged }) => judged.sale));
    output.say(
      `would undo ${count} of the ${sales(past.changes.length)} that run ${past.id} changed, ${showAmount(amount, currency)}`,
      "strong",
    );
  }
  const left = plan.left.length + gone.length;
  if (left > 0) output.say(`left ${sales(left)} as they are now`, "warn");
}

const sales = (count: number) => `${count} sale${count === 1 ? "" : "s"}`;

function reportOf(ctx: ActingContext, undo: Undo, plan: Plan, result: Result): Report<Line> {
  const { past, gone, now } = undo;
  const planned = result.run === null ? plan.act.map((item) => ({ item, change: changeOf(undo, item) })) : [];
  const rows = [
    ...result.outcomes.map(outcomeLine),
    ...planned.map(({ item, change }) => plannedLine(item, change)),
    ...(ctx.output.forPeople ? leftForPeople(plan.left) : plan.left.map(leftLine)),
    ...gone.map(goneLine),
  ];
  const { id, command, host, user, startedAt } = past;
  const head = {
    version: JSON_VERSION,
    command: "undo",
    generatedAt: iso(now),
    run: result.run,
    dryRun: result.dryRun,
    undoes: { run: id, command, startedAt: iso(startedAt), user, host },
  };
  const plans = planned.map(({ item, change: { wrote, was } }) => ({
    id: item.judged.sale.id,
    verdict: item.judged.kind,
    from: wrote,
    to: was,
  }));
  const outcomes = result.outcomes.map(outcomeJson);
  const left = [...plan.left.map(leftJson), ...gone.map(goneJson)];
  const totals = { changed: past.changes.length, left: left.length, ...tally(result.outcomes) };
  return {
    columns: resultColumns(),
    rows,
    document: () => ({ ...head, planned: plans, outcomes, left, totals }),
    lines: function* () {
      for (const outcome of outcomes) yield { outcome };
      for (const one of plans) yield { planned: one };
      for (const one of left) yield { left: one };
      yield { ...head, totals };
    },
  };
}

function changeOf({ past, changes }: Undo, { judged: { sale } }: Planned): Change {
  const change = changes.get(sale.id);
  if (change === undefined) throw new RangeError(`run ${past.id} did not change sale ${sale.id}`);
  return change;
}

function plannedLine({ judged }: Planned, { wrote, was }: Change): Line {
  return {
    ...named(judged.sale),
    verdict: judged.kind,
    what: "would undo",
    tone: "strong",
    eventId: was.metaEventId,
    because: `${inWords(wrote)}, and was ${inWords(was)}`,
  };
}

function inWords({ flagged, metaEventId }: RowWas): string {
  if (metaEventId !== null) return `confirmed as ${metaEventId}`;
  return flagged ? "flagged" : "not flagged";
}

function goneLine(id: number): Line {
  const line = { payment: null, amount: null, verdict: "-", what: "left", eventId: null } as const;
  return { ...line, id: String(id), tone: "warn", because: GONE };
}

function goneJson(id: number) {
  return {
    id,
    verdict: null,
    obstacle: null,
    restraint: null,
    because: GONE,
    wouldAllow: null,
    needsPerson: true,
  };
}
