import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Clock } from "../ports.js";
import type { Action } from "../sales/permissions.js";
import type { Left, Plan, Wishes } from "../sales/plan.js";
import { makePlan } from "../sales/plan.js";
import { uncountedAmong } from "../sales/short.js";
import type { CarryOptions, Deed, Work } from "./carry.js";
import { carryThrough } from "./carry.js";
import { resultReport, type Result } from "./report.js";
import type { Selection, Survey } from "./survey.js";
import { survey } from "./survey.js";
import { noSaleBears, question, tell } from "./words.js";

export type { Work } from "./carry.js";

export interface PerformOptions extends CarryOptions {
  readonly selection: Selection;
  readonly wishes: Wishes;
}

/**
 * The one path of every command that acts on chosen sales: read, judge, plan, ask, act under the lease, let the witness
 * read back, tell. A dry run is the same path, ended after the plan.
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
  const ctx = { ...opened, clock: shifted(opened.clock, found.now - asked) };
  refuseUnknown(found);
  if (action === "resend" && found.lack) {
    throw new KnownError({
      what: `Cannot send: ${found.lack.what}`,
      why: "nothing was changed",
      next: found.lack.next,
    });
  }
  const { named } = options.wishes;
  const deed: Deed<Context> = {
    plan: decide(action, found.judged, options.wishes, ctx.policy, found.now),
    now: found.now,
    work,
    // Naming is consent.
    question: named ? null : (plan) => question(ctx, action, plan),
    show: (plan, result) => show(ctx, action, found, plan, result),
    judge: (left) => judgeLeft(found, left, named),
  };
  return await carryThrough(ctx, deed, options);
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

/**
 * The same clock, set right by so many milliseconds. The host's goes by the database's once that is known: claims and
 * deadlines are compared with it.
 */
export function shifted(clock: Clock, ms: number): Clock {
  return { now: () => clock.now() + ms, sleep: (span, signal) => clock.sleep(span, signal) };
}

/**
 * 1 when something that was left needs a person, or when a named sale was not acted on. A confirmed sale that Meta folded
 * needs one too: once the sale beside it is confirmed, no run looks at either again.
 */
function judgeLeft(found: Survey, left: readonly Left[], named: boolean): ExitCode {
  if (uncountedAmong(found.judged).length > 0) return exitCode.attention;
  const open = named ? left.length + found.others.length : left.filter((item) => item.person !== null).length;
  return open > 0 ? exitCode.attention : exitCode.ok;
}
