import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError } from "../errors.js";
import type { Clock } from "../ports.js";
import type { Action } from "../sales/permissions.js";
import type { Plan, Wishes } from "../sales/plan.js";
import { makePlan } from "../sales/plan.js";
import type { CarryOptions, Work } from "./carry.js";
import { carryThrough } from "./carry.js";
import type { How } from "./deed.js";
import { deedOf } from "./deed.js";
import { resultReport, type Result } from "./report.js";
import type { Selection, Survey } from "./survey.js";
import type { Look } from "./look.js";
import { look, surveyOf } from "./look.js";
import { Told } from "./told.js";
import { MANY, performInWaves } from "./waves.js";
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
  const looked = await look(opened, options.selection);
  const ctx = { ...opened, clock: shifted(opened.clock, looked.now - asked) };
  refuseUnknown(looked);
  const how: How<Context> = { action, wishes: options.wishes, work, decide };
  if (looked.span !== null && looked.count > MANY) return await performInWaves(ctx, how, looked, options);
  const found = await surveyOf(looked, ctx.output);
  const deed = deedOf(ctx, how, found, (plan, result) => show(ctx, action, found, plan, result));
  const ask = () =>
    question(
      ctx,
      action,
      new Told(found.now).add(found, deed.plan, { run: null, dryRun: true, outcomes: [] }),
    );
  // Naming is consent.
  return await carryThrough(ctx, { ...deed, question: options.wishes.named ? null : ask }, options);
}

/** The report first, the figures beneath it. */
async function show(
  ctx: ActingContext,
  action: Action,
  found: Survey,
  plan: Plan,
  result: Result,
): Promise<void> {
  const told = new Told(found.now).add(found, plan, result);
  await ctx.output.report(resultReport(ctx, action, found, plan, result, told));
  tell(ctx, action, told);
}

function refuseUnknown({ unknown }: Look): void {
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
