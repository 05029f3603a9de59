import type { ReconcilingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Plan, Wishes } from "../sales/plan.js";
import type { Rules } from "../sales/reconcile.js";
import { overCap, planReconcile, stopped } from "../sales/reconcile.js";
import { uncountedAmong } from "../sales/short.js";
import type { RunSummary } from "../sales/summary.js";
import type { Consent } from "./consent.js";
import type { CarryOptions, Deed, Work } from "./carry.js";
import { carryThrough } from "./carry.js";
import { refuseLack, tellStrangers } from "./against-rules.js";
import type { Course } from "./course.js";
import { shifted } from "./perform.js";
import { capLine, expiredLine, reconcileQuestion, tellReconciled } from "./reconcile-words.js";
import type { Result } from "./report.js";
import { resultReport } from "./report.js";
import type { Survey } from "./survey.js";
import { look, surveyOf } from "./look.js";
import type { Window } from "./window.js";
import { windowOf } from "./window.js";
import { Told } from "./told.js";
import { tellRest } from "./words.js";

export interface ReconcileOptions extends CarryOptions {
  readonly window: Window;
  readonly wishes: Wishes;
  /** Read when the run begins, so that the outside is told what is wrong with a policy. @throws KnownError */
  readonly rules: () => Rules;
  /** Nothing on either stream where all is well, and one line where it is not. */
  readonly quiet: boolean;
}

/** Looks, plans and acts; notes that it came to its end. @throws KnownError, with the course as far as it came */
export async function runThrough(
  opened: ReconcilingContext,
  work: Work<ReconcilingContext>,
  options: ReconcileOptions,
  course: Course,
  summary: (code: ExitCode) => RunSummary,
): Promise<ExitCode> {
  const rules = options.rules();
  const asked = opened.clock.now();
  course.last = await opened.successes.last("reconcile");
  const window = await windowOf(opened, options.window, course.last);
  course.lastBegan = window.lastBegan;
  const found = (course.found = await surveyOf(await look(opened, window.selection), opened.output));
  const ctx = { ...opened, clock: shifted(opened.clock, found.now - asked) };
  refuseLack(found, rules);
  tellStrangers(ctx, rules, found);
  const full = planReconcile(found.judged, options.wishes, rules, ctx.policy, found.now);
  const over = overCap(full, rules);
  const plan = over === null ? full : stopped(full, over);
  course.left = plan.left;
  course.stopped = over !== null;
  if (over !== null) ctx.output.tell(capLine(over, full, ctx.currency), "warn");
  const acts = plan.act.length > 0 && !options.dryRun;
  if (!acts && !options.dryRun) await beginIdle(ctx, over !== null);
  const code = await carryThrough(ctx, deedOf(ctx, work, options, course, plan, summary), options);
  if (options.dryRun) return code;
  course.succeeded = (!acts || course.sent !== null) && cameToItsEnd(ctx, course, options);
  if (!course.succeeded) return code;
  const since = found.span?.since ?? found.now;
  const success = { command: "reconcile", beganAt: found.now, since, run: course.run };
  return await note(ctx, { ...success, summary: summary(code) }, code);
}

function deedOf(
  ctx: ReconcilingContext,
  work: Work<ReconcilingContext>,
  { quiet }: ReconcileOptions,
  course: Course,
  plan: Plan,
  summary: (code: ExitCode) => RunSummary,
): Deed<ReconcilingContext> & Consent {
  const found = course.found as Survey;
  return {
    plan,
    now: found.now,
    work,
    ready: () => ready(ctx),
    question: () => reconcileQuestion(ctx, plan),
    begins: () => {
      course.run = ctx.record.id;
      return ctx.outlets.started();
    },
    ended: (sent) => (course.sent = sent),
    show: async (full, result) => {
      course.left = full.left;
      if (!quiet) await show(ctx, found, course, full, result, summary(exitCode.ok));
    },
    judge: (left) =>
      left.some(({ person }) => person !== null) || uncountedAmong(found.judged).length > 0
        ? exitCode.attention
        : exitCode.ok,
  };
}

async function show(
  ctx: ReconcilingContext,
  found: Survey,
  { lastBegan, stopped: isStopped }: Course,
  plan: Plan,
  result: Result,
  summary: RunSummary,
): Promise<void> {
  const told = new Told(found.now).add(found, plan, result);
  await ctx.output.report(resultReport(ctx, "reconcile", found, plan, result, told));
  // What a cap stopped was told: that there is nothing to do would be the contrary.
  if (isStopped) tellRest(ctx, told);
  else tellReconciled(ctx, plan, told, summary);
  const expired = expiredLine(summary, lastBegan);
  if (expired !== null) ctx.output.say(expired, "warn");
}

/** A run that has nothing to do takes no lock, but it is a run: a copy of the shop refuses it before it tells anything. */
async function beginIdle(ctx: ReconcilingContext, isStopped: boolean): Promise<void> {
  if (!isStopped) await ready(ctx);
  await ctx.outlets.started();
}

/** An earlier version has no place for what quarantine, acknowledgement and success need. */
async function ready({ runs, successes }: ReconcilingContext): Promise<void> {
  await runs.prepare(4);
  await successes.ready();
}

/** It looked at its whole window, and neither a cap, a signal nor the time kept it from anything. */
function cameToItsEnd(
  { signals, clock }: ReconcilingContext,
  { stopped: isStopped, sent, found }: Course,
  { maxRuntimeMs }: ReconcileOptions,
): boolean {
  const late = sent !== null && sent.unreached.length > 0 && clock.now() >= (found?.now ?? 0) + maxRuntimeMs;
  return !isStopped && !signals.stop.aborted && !late;
}

/** What was done is done and told: that it could not be noted costs no more than a wider window the next time. */
async function note(
  { successes, output }: ReconcilingContext,
  success: Parameters<ReconcilingContext["successes"]["note"]>[0],
  code: ExitCode,
): Promise<ExitCode> {
  try {
    await successes.note(success);
    return code;
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    output.warn(`that this run came to its end could not be noted: ${error.problem.what}`);
    return code === exitCode.ok ? exitCode.attention : code;
  }
}
