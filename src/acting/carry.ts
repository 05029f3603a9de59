import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Lease } from "../ports.js";
import { needsPerson } from "../sales/obstacle.js";
import { endedWell, tally, total } from "../sales/outcome.js";
import type { Left, Plan, Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
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

/** What is about to be done, and how it is asked for and told. */
export interface Deed<Context> {
  readonly plan: Plan;
  /** The moment at which it was planned. */
  readonly now: Instant;
  readonly work: Work<Context>;
  /** What a person is asked before; null where the command line itself is consent. */
  readonly question: ((plan: Plan) => string) | null;
  readonly show: (plan: Plan, result: Result) => Promise<void>;
  /** See `RunOptions`. */
  readonly needs?: number;
  /** Looks, once somebody agreed, whether all that the work needs is there. @throws KnownError, and nothing was changed */
  readonly ready?: () => Promise<void>;
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
  deed: Deed<Context>,
  options: CarryOptions,
): Promise<ExitCode> {
  const { plan, now } = deed;
  if (options.dryRun || plan.act.length === 0) {
    await deed.show(plan, { run: null, dryRun: options.dryRun, outcomes: [] });
    return options.dryRun && !options.exitCode ? exitCode.ok : deed.judge(plan.left);
  }
  if (!(await consent(ctx, deed, options))) return exitCode.attention;
  if (ctx.signals.stop.aborted) {
    ctx.output.say("interrupted: nothing was changed");
    return exitCode.attention;
  }
  await deed.ready?.();
  const until = ctx.clock.now() + options.maxRuntimeMs;
  const result = await underLease(
    ctx,
    {
      record: ctx.record,
      needs: deed.needs,
      waitMs: options.waitMs,
      stop: ctx.signals.stop,
      waiting: (holder) =>
        ctx.output.say(`waiting for run ${holder.run} on ${holder.host} (${holder.command})`),
    },
    (lease) => carryOut(ctx, deed, lease, until),
  );
  const left = [
    ...plan.left,
    ...result.unreached.map(({ item, because }) => unreachedLeft(item, because, now)),
  ];
  await deed.show({ ...plan, left }, { run: ctx.record.id, dryRun: false, outcomes: result.outcomes });
  const doubts = await readBack(ctx, result.written);
  const failed = doubts.length > 0 || result.unreached.length > 0 || !result.outcomes.every(endedWell);
  return failed ? exitCode.attention : deed.judge(left);
}

/** A person is asked; anywhere else it needs `--yes`. */
async function consent<Context extends ActingContext>(
  ctx: Context,
  { plan, question }: Deed<Context>,
  { yes: agreed }: CarryOptions,
): Promise<boolean> {
  if (question === null || agreed) return true;
  const words = question(plan);
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
  { plan, work, begins, ended }: Deed<Context>,
  lease: Lease,
  until: Instant,
) {
  await begins?.();
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
  ended?.(result);
  if (result.failure !== null) {
    // stdout stays empty, but what was done is done: it is told, and read back as after any run.
    tellFailure(ctx, plan, result.outcomes);
    await readBack(ctx, result.written);
    throw result.failure;
  }
  const unreached = total(result.unreached.map(({ item }) => item.judged.sale));
  return { result, summary: { ...tally(result.outcomes), unreached } };
}

function unreachedLeft({ judged }: Planned, because: string, now: Instant): Left {
  return { judged, because, wouldAllow: null, person: needsPerson(judged, now) };
}
