import type { Selection, Survey } from "../acting/survey.js";
import { spanOf, survey } from "../acting/survey.js";
import { notStuck } from "../acting/report.js";
import type { Column, ReadingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import { JSON_VERSION, because, saleJson, totals } from "../sales/json.js";
import { showAmount } from "../sales/money.js";
import { byDeadline } from "../sales/plan.js";
import { HOUR } from "../sales/sale.js";
import { age, iso } from "../sales/time.js";
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
      what: `No sale bears ${found.unknown.join(", ")}`,
      why: "neither as payments.id nor as payments.payment_id",
      next: "list the stuck ones: purchase-fix find-stuck --hours 168",
    });
  }
  const shown = nearest(found.judged, options.limit);
  const sums = { ...totals(found.judged, found.now), shown: shown.length, outside: found.outside };
  const head = { version: JSON_VERSION, command: "find-stuck", generatedAt: iso(found.now) };
  const sales = shown.map((judged) => saleJson(judged, ctx.currency));
  await ctx.output.report({
    columns: columns(ctx.currency, found.now),
    rows: shown,
    document: () => ({ ...head, sales, totals: sums }),
    lines: function* () {
      yield* sales;
      yield { ...head, totals: sums };
    },
  });
  await tell(ctx, found, shown.length);
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
function nearest(judged: readonly Judged[], limit: number | null): readonly Judged[] {
  if (limit === null) return judged;
  const kept = new Set(byDeadline(judged).slice(0, limit));
  return judged.filter((item) => kept.has(item));
}

function columns(currency: string, now: number): Column<Judged>[] {
  const since = ({ sale }: Judged) => (sale.flaggedAt === null ? null : age(now - sale.flaggedAt));
  const time = (at: number | null) => (at === null ? null : iso(at));
  return [
    { title: "ID", value: ({ sale }) => String(sale.id), align: "right" },
    { title: "Payment", value: ({ sale }) => sale.paymentId },
    { title: "Bot", value: ({ sale }) => sale.botName, flexible: true },
    {
      title: "Amount",
      value: ({ sale }) => sale.amount,
      shown: ({ sale }) => showAmount(sale.amount, currency),
      align: "right",
    },
    {
      title: "Flagged at",
      value: ({ sale }) => time(sale.flaggedAt),
      shown: ({ sale }) => time(sale.flaggedAt)?.slice(0, 19) ?? "-",
    },
    { title: "Age", value: since, align: "right" },
    {
      title: "Verdict",
      value: ({ kind }) => kind,
      tone: ({ kind }) => (kind === "untraceable" ? "warn" : "strong"),
    },
    {
      title: "Obstacle",
      value: ({ obstacle }) => obstacle.kind,
      shown: ({ obstacle }) => (obstacle.kind === "none" ? "" : obstacle.kind),
      tone: () => "warn",
    },
    { title: "Because", value: because, flexible: true },
  ];
}

async function tell({ output, currency }: ReadingContext, found: Survey, shown: number): Promise<void> {
  const { judged, now, outside, others, lack } = found;
  const sums = totals(judged, now);
  const few = shown < judged.length ? ` (showing ${shown} of ${judged.length}, the nearest deadlines)` : "";
  output.say(`${sums.count} stuck sales, ${showAmount(sums.amount, currency)}${few}`, "strong");
  for (const sale of others) output.say(`sale ${sale.id} (${sale.paymentId}) is ${notStuck(sale)}`, "warn");
  if (sums.count > 0) {
    const kinds = Object.entries(sums.byVerdict).map(([kind, count]) => `${count} ${kind}`);
    output.say(`verdicts: ${kinds.join(", ")}; ${sums.expiringWithin24h} expire within 24 hours`);
  }
  if (outside && outside.count > 0) {
    const money = showAmount(outside.amount, currency);
    output.say(
      `outside this window: ${outside.count} more stuck sales, ${money}; ${outside.expiringSoon} expire within 24 hours`,
      "warn",
    );
  }
  if (lack) output.say(`whether they can be sent was not checked: ${lack.what} (${lack.next})`, "warn");
  await output.chart("stuck sales by hour of sale (UTC)", byHour(judged));
  await output.chart("stuck sales by bot", count(judged, ({ sale }) => sale.botName).slice(0, 10));
  output.say(next(found));
}

/** The incident's shape: every hour from the first to the last, so that a gap shows; at most the last two days. */
function byHour(judged: readonly Judged[]): { label: string; count: number }[] {
  const hours = judged
    .map(({ sale }) => Math.floor((sale.createdAt ?? Number.NaN) / HOUR))
    .filter(Number.isFinite);
  if (hours.length === 0) return [];
  const last = hours.reduce((a, b) => Math.max(a, b));
  const first = Math.max(
    hours.reduce((a, b) => Math.min(a, b)),
    last - 47,
  );
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const hour = first + index;
    return {
      label: iso(hour * HOUR)
        .slice(5, 13)
        .replace("T", " "),
      count: hours.filter((h) => h === hour).length,
    };
  });
}

function count(
  judged: readonly Judged[],
  name: (item: Judged) => string,
): { label: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const item of judged) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1);
  return [...counts]
    .map(([label, number]) => ({ label, count: number }))
    .toSorted((a, b) => b.count - a.count);
}

function next({ judged, span, now }: Survey): string {
  if (judged.length === 0) return "nothing to do here";
  const window =
    span === null
      ? `--id ${judged.map(({ sale }) => sale.id).join(",")}`
      : `--hours ${Math.ceil((now - span.since) / HOUR)}`;
  return `next: purchase-fix resend ${window} --dry-run`;
}
