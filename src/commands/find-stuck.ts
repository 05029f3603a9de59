import type { Listing, ListingOptions } from "../acting/listing.js";
import { listingOf } from "../acting/listing.js";
import { liveLines } from "../acting/live.js";
import type { Selection, Survey } from "../acting/survey.js";
import { spanOf, survey } from "../acting/survey.js";
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
  const last =
    options.everyMs === null ? await showOnce(ctx, options) : await watch(ctx, options, options.everyMs);
  return options.exitCode && last.matching > 0 ? exitCode.attention : exitCode.ok;
}

async function showOnce(ctx: FindContext, options: FindOptions): Promise<Listing> {
  const { output } = ctx;
  const listing = listingOf(ctx, await look(ctx, options), options);
  await output.report(listing.report);
  for (const { text, tone } of listing.lines) output.say(text, tone);
  for (const { title, bars } of listing.charts) await output.chart(title, bars);
  for (const { text } of listing.next) output.say(text);
  return listing;
}

async function watch(ctx: FindContext, options: FindOptions, everyMs: number): Promise<Listing> {
  let last: Listing | null = null;
  let live: Picture<Judged>["lines"] = [];
  const trends = new Trends();
  const again = async (): Promise<Picture<Judged>> => {
    try {
      const found = await look(ctx, options);
      const trend = trends.look(
        found.judged.map(({ sale }) => sale),
        found.now,
        found.span?.since ?? null,
      );
      last = listingOf(ctx, found, options);
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
  return last ?? listingOf(ctx, await look(ctx, options), options);
}

async function look(ctx: FindContext, options: FindOptions): Promise<Survey> {
  const found = await survey(ctx, options.selection);
  if (found.unknown.length > 0) {
    throw new KnownError({
      what: noSaleBears(found.unknown),
      why: "neither as payments.id nor as payments.payment_id",
      next: "list the stuck ones: purchase-fix find-stuck --hours 168",
    });
  }
  return found;
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
