import type { Selection, Survey } from "../acting/survey.js";
import { spanOf, survey } from "../acting/survey.js";
import { saleColumns } from "../acting/columns.js";
import { noSaleBears, notStuck } from "../acting/words.js";
import type { ReadingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import { byHour, byName } from "../sales/histogram.js";
import { JSON_VERSION, saleJson, totals } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import { byDeadline } from "../sales/plan.js";
import { iso } from "../sales/time.js";
import type { Judged } from "../sales/verdict.js";

export interface FindOptions {
  readonly selection: Selection;
  readonly limit: number | null;
  readonly sql: boolean;
  readonly exitCode: boolean;
}

/** Lists the stuck sales of a window (or those named), with what really happened to each. Changes nothing. */
export async function findStuck(ctx: ReadingContext, options: FindOptions): Promise<ExitCode> {
  if (options.sql) return await printStatement(ctx, options.selection);
  const found = await survey(ctx, options.selection);
  if (found.unknown.length > 0) {
    throw new KnownError({
      what: noSaleBears(found.unknown),
      why: "neither as payments.id nor as payments.payment_id",
      next: "list the stuck ones: purchase-fix find-stuck --hours 168",
    });
  }
  const shown = nearest(found, options.limit);
  const sums = { ...totals(found.judged, found.now), shown: shown.length, outside: found.outside };
  const head = { version: JSON_VERSION, command: "find-stuck", generatedAt: iso(found.now) };
  const sales = shown.map((judged) => saleJson(judged, ctx.currency));
  await ctx.output.report({
    columns: saleColumns(found.now),
    rows: shown,
    document: () => ({ ...head, sales, totals: sums }),
    lines: function* () {
      yield* sales;
      yield { ...head, totals: sums };
    },
  });
  await tell(ctx, found, options, shown.length);
  return options.exitCode && found.judged.length > 0 ? exitCode.attention : exitCode.ok;
}

async function printStatement(ctx: ReadingContext, selection: Selection): Promise<ExitCode> {
  if (selection.by === "name") {
    throw new KnownError({
      what: "--sql prints the statement of a window",
      next: "use --hours or --since instead of --id",
    });
  }
  await ctx.output.data(await ctx.sales.statement(spanOf(selection, await ctx.sales.now())));
  return exitCode.ok;
}

/** The nearest deadlines, still in the report's order. */
function nearest({ judged, now }: Survey, limit: number | null): readonly Judged[] {
  if (limit === null) return judged;
  const kept = new Set(byDeadline(judged, now).slice(0, limit));
  return judged.filter((item) => kept.has(item));
}

async function tell(
  { output, currency }: ReadingContext,
  found: Survey,
  { selection, limit }: FindOptions,
  shown: number,
): Promise<void> {
  const { judged, now, outside, others, lack } = found;
  const sums = totals(judged, now);
  const few = shown < judged.length ? ` (showing ${shown} of ${judged.length}, the nearest deadlines)` : "";
  output.say(`${stuckSales(sums.count)}, ${showAmount(sums.amount, currency)}${few}`, "strong");
  for (const sale of others) output.say(`sale ${sale.id} (${sale.paymentId}) is ${notStuck(sale)}`, "warn");
  if (sums.count > 0) {
    const kinds = Object.entries(sums.byVerdict).map(([kind, count]) => `${count} ${kind}`);
    output.say(`verdicts: ${kinds.join(", ")}; ${expiring(sums.expiringWithin24h)}`);
    const folded = sums.foldingEndsWithin24h;
    if (folded > 0)
      output.say(`${folded} of them can be sent again without counting twice for less than 24 hours`, "warn");
  }
  if (outside && outside.count > 0) {
    const money = showAmount(outside.amount, currency);
    output.say(
      `outside this window: ${stuckSales(outside.count)}, ${money}; ${expiring(outside.expiringSoon)}`,
      "warn",
    );
  }
  if (lack) output.say(`whether they can be sent was not checked: ${lack.what} (${lack.next})`, "warn");
  const shape = byHour(judged.map(({ sale }) => sale.createdAt));
  // Who named the sales knows when and whose they were.
  if (selection.by === "span" && judged.length > 0) {
    await output.chart(`stuck sales ${shape.title} (UTC)`, shape.bars);
    await output.chart("stuck sales by bot", byName(judged.map(({ sale }) => sale.botName)));
  }
  const most = limit !== null && shown < judged.length ? ` --limit ${limit}` : "";
  output.say(next(found, selection, most));
}

const expiring = (count: number) => `${count} of them expire${count === 1 ? "s" : ""} within 24 hours`;

const stuckSales = (count: number) => `${count} stuck sale${count === 1 ? "" : "s"}`;

/** More ids than this make a line that nobody reads, and that is cut where it is printed. */
const MOST_NAMES = 20;

/** The same sales again: neither more nor fewer than were looked at. */
function next({ judged }: Survey, selection: Selection, most: string): string {
  if (judged.length === 0) return "nothing to do here";
  if (selection.by === "name" && judged.length > MOST_NAMES)
    return `next: purchase-fix resend${most} --dry-run with the same --id (- reads names from standard input)`;
  return `next: purchase-fix resend ${words(selection, judged)}${most} --dry-run`;
}

function words(selection: Selection, judged: readonly Judged[]): string {
  if (selection.by === "name") return `--id ${judged.map(({ sale }) => sale.id).join(",")}`;
  if ("hours" in selection) return `--hours ${selection.hours}`;
  const until = selection.until === null ? "" : ` --until ${iso(selection.until)}`;
  return `--since ${iso(selection.since)}${until}`;
}
