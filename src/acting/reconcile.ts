import type { ReconcilingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import { redact } from "../redact.js";
import { isUneventful, summaryLine } from "../sales/summary-words.js";
import type { RunSummary } from "../sales/summary.js";
import { lifted, troubleLine } from "../sales/trouble.js";
import type { Work } from "./carry.js";
import type { Course } from "./course.js";
import { newCourse, summaryOf } from "./course.js";
import type { ReconcileOptions } from "./reconcile-run.js";
import { runThrough } from "./reconcile-run.js";
import { expiredLine } from "./reconcile-words.js";

export type { ReconcileOptions } from "./reconcile-run.js";

/** One unattended run: confirm, resend, revert; then it is told what was found, done and left, also where it failed. */
export async function reconcile(
  opened: ReconcilingContext,
  work: Work<ReconcilingContext>,
  options: ReconcileOptions,
): Promise<ExitCode> {
  const at = opened.clock.now();
  const course = newCourse();
  const summary = (code: ExitCode, problem: string | null = null) =>
    summaryOf(opened, course, { at, code, problem });
  try {
    const code = await runThrough(opened, work, options, course, summary);
    if (options.dryRun) return code;
    const ended = await tellOutside(opened, summary(code), course, options);
    if (options.quiet && !isUneventful(ended)) tellQuietly(opened, ended, course);
    return code === exitCode.ok && ended.exitCode === 1 ? exitCode.attention : code;
  } catch (error) {
    const code = error instanceof KnownError ? error.exitCode : exitCode.failed;
    if (!options.dryRun) await tellOutside(opened, summary(code, problemOf(error)), course, options);
    // Another run is at it, and tells what there is to tell.
    if (options.quiet && code === exitCode.locked) return code;
    throw error;
  }
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
