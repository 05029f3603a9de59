import type { ActingContext } from "../context.js";
import type { Consent } from "./consent.js";
import { isAgreed } from "./consent.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import type { Lease } from "../ports.js";
import { needsPerson } from "../sales/obstacle.js";
import { endedWell, tally, total } from "../sales/outcome.js";
import type { Left, Plan, Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import { Meter } from "./meter.js";
import { readBack } from "./read-back.js";
import type { Result } from "./report.js";
import { underLease } from "./run.js";
import type { Sent } from "./send.js";
import type { SendOptions } from "./sending.js";
import { tellFailure } from "./words.js";

export interface CarryOptions {
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

/** What is about to be done, and how it is told. */
export interface Deed<Context> {
  readonly plan: Plan;
  /** The moment at which it was planned. */
  readonly now: Instant;
  readonly work: Work<Context>;
  readonly show: (plan: Plan, result: Result) => Promise<void>;
  /** Of the whole work, where this is a part of it. */
  readonly meter?: Meter;
  /** Told once the lease is held, before anything is done. */
  readonly begins?: () => Promise<void>;
  /** Told what the work came to, before anybody else is: also where it failed in the middle. */
  readonly ended?: (sent: Sent) => void;
  /** How it ends where all that was undertaken ended well. */
  readonly judge: (left: readonly Left[]) => ExitCode;
}

/** From the plan on: ask, act under the lease, tell, let the witness read back. A dry run ends after the plan. */
export async function carryThrough<Context extends ActingContext>(
  ctx: Context,
  deed: Deed<Context> & Consent,
  options: CarryOptions,
): Promise<ExitCode> {
  if (options.dryRun || deed.plan.act.length === 0) return await showPlan(deed, options);
  if (!(await isAgreed(ctx, deed, options))) return exitCode.attention;
  const sent = await holdingLock(ctx, deed, options, async (lease, until) => {
    const result = await carryOut(ctx, deed, lease, until);
    return { result, summary: summaryOf(result) };
  });
  return await tellAll(ctx, deed, sent);
}

/** A plan that nothing is done about. */
export async function showPlan<Context>(
  { plan, show, judge }: Deed<Context>,
  { dryRun, exitCode: asked }: CarryOptions,
): Promise<ExitCode> {
  await show(plan, { run: null, dryRun, outcomes: [] });
  return dryRun && !asked ? exitCode.ok : judge(plan.left);
}

/** Work under the run lock, and until when it may go on. */
export async function holdingLock<T>(
  ctx: ActingContext,
  { needs }: Pick<Consent, "needs">,
  { waitMs, maxRuntimeMs }: CarryOptions,
  work: (lease: Lease, until: Instant) => Promise<{ result: T; summary: object }>,
): Promise<T> {
  const until = ctx.clock.now() + maxRuntimeMs;
  return await underLease(
    ctx,
    {
      record: ctx.record,
      needs,
      waitMs,
      stop: ctx.signals.stop,
      waiting: (holder) =>
        ctx.output.say(`waiting for run ${holder.run} on ${holder.host} (${holder.command})`),
    },
    (lease) => work(lease, until),
  );
}

export async function carryOut<Context extends ActingContext>(
  ctx: Context,
  { plan, work, meter, begins, ended }: Deed<Context>,
  lease: Lease,
  until: Instant,
): Promise<Sent> {
  await begins?.();
  const bar = (meter ?? new Meter(plan.action, plan.act.length, ctx)).on(ctx.output);
  const progress: SendOptions["progress"] = (done, well) =>
    bar.add(
      done.map(({ judged }) => judged.sale),
      well,
    );
  const notice = (line: string) => ctx.output.say(line, "warn");
  const sent = await work(ctx, plan.act, { lease, ...ctx.signals, until, progress, notice }).finally(() =>
    bar.stop(),
  );
  ended?.(sent);
  if (sent.failure !== null) {
    // stdout stays empty, but what was done is done: it is told, and read back as after any run.
    tellFailure(ctx, plan, sent.outcomes);
    await readBack(ctx, sent.written);
    throw sent.failure;
  }
  return sent;
}

/** What the list of runs says of it. */
function summaryOf({ outcomes, unreached }: Sent): object {
  return { ...tally(outcomes), unreached: total(unreached.map(({ item }) => item.judged.sale)) };
}

/** The report, then the witness. */
export async function tellAll<Context extends ActingContext>(
  ctx: Context,
  { plan, now, show, judge }: Deed<Context>,
  { outcomes, written, unreached }: Sent,
): Promise<ExitCode> {
  const left = [...plan.left, ...unreached.map(({ item, because }) => unreachedLeft(item, because, now))];
  await show({ ...plan, left }, { run: ctx.record.id, dryRun: false, outcomes });
  const doubts = await readBack(ctx, written);
  const failed = doubts.length > 0 || unreached.length > 0 || !outcomes.every(endedWell);
  return failed ? exitCode.attention : judge(left);
}

function unreachedLeft({ judged }: Planned, because: string, now: Instant): Left {
  return { judged, because, wouldAllow: null, person: needsPerson(judged, now) };
}
