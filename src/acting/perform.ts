import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Clock, Lease, Written } from "../ports.js";
import { endedWell, tally, total } from "../sales/outcome.js";
import type { Action } from "../sales/permissions.js";
import type { Left, Plan, Planned, Wishes } from "../sales/plan.js";
import { makePlan } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import { needsPerson } from "../sales/obstacle.js";
import { resultReport, type Result } from "./report.js";
import { underLease } from "./run.js";
import type { Sent } from "./send.js";
import type { SendOptions } from "./sending.js";
import type { Selection, Survey } from "./survey.js";
import { survey } from "./survey.js";
import { noSaleBears, question, tell, tellFailure } from "./words.js";

export interface PerformOptions {
  readonly selection: Selection;
  readonly wishes: Wishes;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** A dry run, too, exits with 1 where something needs a person. */
  readonly exitCode: boolean;
  readonly waitMs: number;
  readonly maxRuntimeMs: number;
}

/** How an action changes the world, once the plan stands and the lease is held. */
export type Work<Context> = (
  ctx: Context,
  planned: readonly Planned[],
  options: SendOptions,
) => Promise<Sent>;

/**
 * The one path of every command that acts: read, judge, plan, ask, act under the lease, let the witness read back, tell.
 * A dry run is the same path, ended after the plan.
 */
export async function perform<Context extends ActingContext>(
  opened: Context,
  action: Action,
  options: PerformOptions,
  work: Work<Context>,
  decide: typeof makePlan = makePlan,
): Promise<ExitCode> {
  const asked = opened.clock.now();
  const found = await survey(opened, options.selection);
  // From here on the host's clock goes by the database's: claims and deadlines are compared with that one.
  const ctx = { ...opened, clock: shifted(opened.clock, found.now - asked) };
  refuseUnknown(found);
  if (action === "resend" && found.lack) {
    throw new KnownError({
      what: `Cannot send: ${found.lack.what}`,
      why: "nothing was changed",
      next: found.lack.next,
    });
  }
  const plan = decide(action, found.judged, options.wishes, ctx.policy, found.now);
  if (options.dryRun || plan.act.length === 0) {
    await show(ctx, action, found, plan, { run: null, dryRun: options.dryRun, outcomes: [] });
    return options.dryRun && !options.exitCode
      ? exitCode.ok
      : judgeLeft(found, plan.left, options.wishes.named);
  }
  if (!(await consent(ctx, action, plan, options))) return exitCode.attention;
  if (ctx.signals.stop.aborted) {
    ctx.output.say("interrupted: nothing was changed");
    return exitCode.attention;
  }
  const until = ctx.clock.now() + options.maxRuntimeMs;
  const result = await underLease(
    ctx,
    {
      record: ctx.record,
      waitMs: options.waitMs,
      stop: ctx.signals.stop,
      waiting: (holder) =>
        ctx.output.say(`waiting for run ${holder.run} on ${holder.host} (${holder.command})`),
    },
    (lease) => carryOut(ctx, plan, work, lease, until),
  );
  const left = [
    ...plan.left,
    ...result.unreached.map(({ item, because }) => unreachedLeft(item, because, found.now)),
  ];
  const full = { ...plan, left };
  await show(ctx, action, found, full, { run: ctx.record.id, dryRun: false, outcomes: result.outcomes });
  const doubts = await readBack(ctx, result.written);
  const failed = doubts.length > 0 || result.unreached.length > 0 || !result.outcomes.every(endedWell);
  return failed ? exitCode.attention : judgeLeft(found, left, options.wishes.named);
}

/** The report first, the figures beneath it. */
async function show(
  ctx: ActingContext,
  action: Action,
  found: Survey,
  plan: Plan,
  result: Result,
): Promise<void> {
  await ctx.output.report(resultReport(ctx, action, found, plan, result));
  tell(ctx, action, plan, result, found);
}

function refuseUnknown({ unknown }: Survey): void {
  if (unknown.length === 0) return;
  throw new KnownError({
    what: noSaleBears(unknown),
    why: "neither as payments.id nor as payments.payment_id; nothing was changed",
    next: "list the stuck ones: purchase-fix find-stuck --hours 168",
  });
}

/** Naming is consent. A window asks a person, and anywhere else needs `--yes`. */
async function consent(
  ctx: ActingContext,
  action: Action,
  plan: Plan,
  options: PerformOptions,
): Promise<boolean> {
  if (options.wishes.named || options.yes) return true;
  const words = question(ctx, action, plan);
  if (!ctx.output.canAsk) {
    throw new KnownError({
      what: `${words.replace(/\?$/, "")}: this needs a yes`,
      why: "nobody can be asked here; nothing was changed",
      next: "add --yes, or look first with --dry-run",
    });
  }
  const yes = await ctx.output.confirm(words);
  if (!yes) ctx.output.say("nothing was changed");
  return yes;
}

async function carryOut<Context extends ActingContext>(
  ctx: Context,
  plan: Plan,
  work: Work<Context>,
  lease: Lease,
  until: Instant,
) {
  const bar = ctx.output.progress(`${plan.action}: 0 of ${plan.act.length}`);
  let done = 0;
  const progress = (count: number) => {
    done += count;
    bar.update(`${plan.action}: ${done} of ${plan.act.length}`);
  };
  const notice = (line: string) => ctx.output.say(line, "warn");
  const result = await work(ctx, plan.act, { lease, ...ctx.signals, until, progress, notice }).finally(() =>
    bar.stop(),
  );
  if (result.failure !== null) {
    // stdout stays empty, but what was done is done: it is told, and read back as after any run.
    tellFailure(ctx, plan, result.outcomes);
    await readBack(ctx, result.written);
    throw result.failure;
  }
  const unreached = total(result.unreached.map(({ item }) => item.judged.sale));
  return { result, summary: { ...tally(result.outcomes), unreached } };
}

async function readBack({ witness, output }: ActingContext, written: readonly Written[]): Promise<string[]> {
  if (witness === null) return [];
  try {
    const doubts = await witness.check(written);
    for (const doubt of doubts) output.warn(`the witness disagrees: ${doubt}`);
    return doubts;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    output.warn(`the witness could not read back what was written: ${why}`);
    return [why];
  }
}

function unreachedLeft({ judged }: Planned, because: string, now: Instant): Left {
  return { judged, because, wouldAllow: null, person: needsPerson(judged, now) };
}

/** The same clock, set right by so many milliseconds. */
function shifted(clock: Clock, ms: number): Clock {
  return { now: () => clock.now() + ms, sleep: (span, signal) => clock.sleep(span, signal) };
}

/** 1 when something that was left needs a person, or when a named sale was not acted on. */
function judgeLeft(found: Survey, left: readonly Left[], named: boolean): ExitCode {
  const open = named ? left.length + found.others.length : left.filter((item) => item.person !== null).length;
  return open > 0 ? exitCode.attention : exitCode.ok;
}
