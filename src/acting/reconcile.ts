import type { ReconcilingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Success } from "../ports.js";
import { redact } from "../redact.js";
import type { Left, Plan, Wishes } from "../sales/plan.js";
import type { Rules } from "../sales/reconcile.js";
import { overCap, planReconcile, stopped } from "../sales/reconcile.js";
import { summarize } from "../sales/summarize.js";
import { isUneventful, summaryLine } from "../sales/summary-words.js";
import type { RunSummary } from "../sales/summary.js";
import { lifted, troubleLine } from "../sales/trouble.js";
import type { CarryOptions, Deed, Work } from "./carry.js";
import { carryThrough } from "./carry.js";
import { shifted } from "./perform.js";
import { capLine, expiredLine, reconcileQuestion, tellReconciled } from "./reconcile-words.js";
import type { Result } from "./report.js";
import { resultReport } from "./report.js";
import type { Sent } from "./send.js";
import type { Survey } from "./survey.js";
import { survey } from "./survey.js";
import type { Window } from "./window.js";
import { windowOf } from "./window.js";

export interface ReconcileOptions extends CarryOptions {
  readonly window: Window;
  readonly wishes: Wishes;
  /** Read when the run begins, so that the outside is told what is wrong with a policy. @throws KnownError */
  readonly rules: () => Rules;
  /** Nothing on either stream where all is well, and one line where it is not. */
  readonly quiet: boolean;
}

/** What became of a run so far: the summary is made of it, whatever ends the run. */
interface Course {
  found: Survey | null;
  last: Success | null;
  /** Began before this run by the database's clock: what was noted in the future says nothing. */
  lastBegan: number | null;
  run: string | null;
  sent: Sent | null;
  left: readonly Left[];
  stopped: boolean;
  succeeded: boolean;
}

/** One unattended run: confirm, resend, revert; then it is told what was found, done and left, also where it failed. */
export async function reconcile(
  opened: ReconcilingContext,
  work: Work<ReconcilingContext>,
  options: ReconcileOptions,
): Promise<ExitCode> {
  const startedAt = opened.clock.now();
  const course: Course = {
    found: null,
    last: null,
    lastBegan: null,
    run: null,
    sent: null,
    left: [],
    stopped: false,
    succeeded: false,
  };
  const summaryOf = (code: ExitCode, problem: string | null = null): RunSummary =>
    summarize({
      command: "reconcile",
      run: course.run,
      startedAt: course.found?.now ?? startedAt,
      endedAt: (course.found?.now ?? startedAt) + opened.clock.now() - startedAt,
      exitCode: opened.signals.code?.() ?? code,
      currency: opened.currency,
      problem,
      judged: course.found?.judged ?? [],
      outcomes: course.sent?.outcomes ?? [],
      unreached: (course.sent?.unreached ?? []).map(({ item }) => item),
      left: course.left,
      last: course.lastBegan,
      succeeded: course.succeeded,
    });
  try {
    const code = await run(opened, work, options, course, summaryOf);
    if (options.dryRun) return code;
    const ended = await tellOutside(opened, summaryOf(code), course, options);
    if (options.quiet && !isUneventful(ended)) tellQuietly(opened, ended, course);
    return code === exitCode.ok && ended.exitCode === 1 ? exitCode.attention : code;
  } catch (error) {
    const code = error instanceof KnownError ? error.exitCode : exitCode.failed;
    if (!options.dryRun) await tellOutside(opened, summaryOf(code, problemOf(error)), course, options);
    // Another run is at it, and tells what there is to tell.
    if (options.quiet && code === exitCode.locked) return code;
    throw error;
  }
}

async function run(
  opened: ReconcilingContext,
  work: Work<ReconcilingContext>,
  options: ReconcileOptions,
  course: Course,
  summaryOf: (code: ExitCode) => RunSummary,
): Promise<ExitCode> {
  const rules = options.rules();
  const asked = opened.clock.now();
  course.last = await opened.successes.last("reconcile");
  const window = await windowOf(opened, options.window, course.last);
  course.lastBegan = window.lastBegan;
  const found = (course.found = await survey(opened, window.selection));
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
  const code = await carryThrough(ctx, deedOf(ctx, work, options, course, plan, summaryOf), options);
  if (options.dryRun) return code;
  course.succeeded = (!acts || course.sent !== null) && cameToItsEnd(ctx, course, options);
  if (!course.succeeded) return code;
  const since = found.span?.since ?? found.now;
  const success = { command: "reconcile", beganAt: found.now, since, run: course.run };
  return await note(ctx, { ...success, summary: summaryOf(code) }, code);
}

function deedOf(
  ctx: ReconcilingContext,
  work: Work<ReconcilingContext>,
  { quiet }: ReconcileOptions,
  course: Course,
  plan: Plan,
  summaryOf: (code: ExitCode) => RunSummary,
): Deed<ReconcilingContext> {
  const found = course.found as Survey;
  return {
    plan,
    now: found.now,
    work,
    needs: 4, // An earlier one has no place for what quarantine, acknowledgement and success need.
    question: (wanted) => reconcileQuestion(ctx, wanted),
    begins: () => {
      course.run = ctx.record.id;
      return ctx.outlets.started();
    },
    ended: (sent) => (course.sent = sent),
    show: async (full, result) => {
      course.left = full.left;
      if (!quiet) await show(ctx, found, course, full, result, summaryOf(exitCode.ok));
    },
    judge: (left) => (left.some(({ person }) => person !== null) ? exitCode.attention : exitCode.ok),
  };
}

async function show(
  ctx: ReconcilingContext,
  found: Survey,
  { lastBegan }: Course,
  plan: Plan,
  result: Result,
  summary: RunSummary,
): Promise<void> {
  await ctx.output.report(resultReport(ctx, "reconcile", found, plan, result));
  tellReconciled(ctx, plan, result, summary);
  const expired = expiredLine(summary, lastBegan);
  if (expired !== null) ctx.output.say(expired, "warn");
}

/** A run that has nothing to do takes no lock, but it is a run: a copy of the shop refuses it before it tells anything. */
async function beginIdle(ctx: ReconcilingContext, isStopped: boolean): Promise<void> {
  if (!isStopped) {
    await ctx.runs.prepare(4);
    await ctx.successes.ready();
  }
  await ctx.outlets.started();
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

function refuseLack({ lack }: Survey, { allow, pixels, bots }: Rules): void {
  const sends = [allow, ...pixels.values(), ...bots.values()].some((list) => list.includes("resend"));
  if (lack === null || !sends) return;
  throw new KnownError({
    what: `Cannot send: ${lack.what}`,
    why: "nothing was changed",
    next: `${lack.next}; or let it only confirm and revert: --allow confirm,revert`,
  });
}

/** A rule for a pixel or bot that no sale has may be misspelt. Silent with `--quiet`: on a good day no sale has any. */
function tellStrangers({ output }: ReconcilingContext, { pixels, bots }: Rules, { judged }: Survey): void {
  const known = new Set(judged.map(({ identity }) => identity.pixelId));
  for (const pixel of pixels.keys())
    if (!known.has(pixel)) output.say(`no stuck sale goes to pixel ${pixel}, which the policy names`, "warn");
  const names = new Set(judged.flatMap(({ sale }) => [String(sale.botId), sale.botName]));
  for (const bot of bots.keys())
    if (!names.has(bot)) output.say(`no stuck sale is of bot ${bot}, which the policy names`, "warn");
}

async function tellOutside(
  { outlets, output }: ReconcilingContext,
  summary: RunSummary,
  { last }: Course,
  { quiet }: ReconcileOptions,
): Promise<RunSummary> {
  const troubles = await outlets.ended(summary, last).catch((error: unknown) => {
    output.warn(`the outside could not be told: ${problemOf(error)}`);
    return [];
  });
  for (const trouble of troubles) if (!quiet || trouble.evenQuiet) output.warn(troubleLine(trouble));
  return lifted(summary, troubles);
}

function tellQuietly({ output }: ReconcilingContext, summary: RunSummary, { lastBegan }: Course): void {
  output.tell(summaryLine(summary));
  const expired = expiredLine(summary, lastBegan);
  if (expired !== null) output.tell(expired);
}

/** In words that hold no secret; of a defect only that it is one. */
function problemOf(error: unknown): string {
  return error instanceof KnownError ? redact(error.problem.what) : "unexpected: a defect of purchase-fix";
}
