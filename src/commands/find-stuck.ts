import type { Listing, ListingOptions } from "../acting/listing.js";
import { listOf, listingOf } from "../acting/listing.js";
import { liveLines } from "../acting/live.js";
import type { Selection } from "../acting/survey.js";
import type { Look } from "../acting/look.js";
import { counted, look, lookAgain, spanOf, surveyOf } from "../acting/look.js";
import { noSaleBears } from "../acting/words.js";
import type { Picture, ReadingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Clock } from "../ports.js";
import { Trends } from "../sales/trend.js";
import type { Judged } from "../sales/verdict.js";

export interface FindContext extends ReadingContext {
  readonly clock: Pick<Clock, "sleep">;
}

export interface FindOptions extends ListingOptions {
  readonly sql: boolean;
  readonly exitCode: boolean;
  /** Milliseconds between two looks of `--watch`; null looks once. */
  readonly everyMs: number | null;
}

/** Lists the stuck sales of a window (or those named), with what really happened to each. Changes nothing. */
export async function findStuck(ctx: FindContext, options: FindOptions): Promise<ExitCode> {
  if (options.sql) return await printStatement(ctx, options.selection);
  const matching =
    options.everyMs === null ? await showOnce(ctx, options) : await watch(ctx, options, options.everyMs);
  return options.exitCode && matching > 0 ? exitCode.attention : exitCode.ok;
}

async function showOnce(ctx: FindContext, options: FindOptions): Promise<number> {
  const { output } = ctx;
  const looked = await look(ctx, options.selection);
  refuseUnknown(looked);
  // Lines that go by are progress enough.
  const watched = output.forPeople ? { ...looked, pages: () => counted(looked, output) } : looked;
  const { list, beneath, matching } = listOf(ctx, watched, options);
  // Who has left is told nothing of a list that was not looked through.
  if (!(await output.list(list))) return matching();
  const { lines, charts, next } = await beneath();
  for (const { text, tone } of lines) output.say(text, tone);
  for (const { title, bars } of charts) await output.chart(title, bars);
  for (const { text } of next) output.say(text);
  return matching();
}

async function watch(ctx: FindContext, options: FindOptions, everyMs: number): Promise<number> {
  let last: Listing | null = null;
  let live: Picture<Judged>["lines"] = [];
  const trends = new Trends();
  const again = async (): Promise<Picture<Judged>> => {
    try {
      const looked = await look(ctx, options.selection);
      refuseUnknown(looked);
      const found = await surveyOf(looked);
      const trend = trends.look(
        found.judged.map(({ sale }) => sale),
        found.now,
        found.span?.since ?? null,
      );
      last = await listingOf(ctx, lookAgain(found, looked.outside), options);
      live = liveLines(found, trend, ctx);
      return { report: last.report, lines: [...last.lines, ...live, ...last.next] };
    } catch (error) {
      // A database that goes away while somebody watches is told beneath what was known last.
      if (last === null || !(error instanceof KnownError)) throw error;
      const text = `could not look again: ${error.problem.what}`;
      return { report: last.report, lines: [...last.lines, ...live, { text, tone: "bad" }] };
    }
  };
  await ctx.output.watch({ everyMs, sleep: ctx.clock.sleep, look: again });
  return (last ?? (await listingOf(ctx, await look(ctx, options.selection), options))).matching;
}

function refuseUnknown({ unknown }: Pick<Look, "unknown">): void {
  if (unknown.length === 0) return;
  throw new KnownError({
    what: noSaleBears(unknown),
    why: "neither as payments.id nor as payments.payment_id",
    next: "list the stuck ones: purchase-fix find-stuck --hours 168",
  });
}

async function printStatement(ctx: FindContext, selection: Selection): Promise<ExitCode> {
  if (selection.by === "name") {
    throw new KnownError({
      what: "--sql prints the statement of a window",
      next: "use --hours or --since instead of --id",
    });
  }
  await ctx.output.data(await ctx.sales.statement(spanOf(selection, await ctx.sales.now())));
  return exitCode.ok;
}
