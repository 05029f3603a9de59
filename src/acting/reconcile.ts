import type { ReconcilingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import { redact } from "../redact.js";
import type { Work } from "./carry.js";
import { newCourse, summaryOf } from "./course.js";
import { tellOutside } from "./outside.js";
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
    const ended = await tellOutside(summary(code), course.last, opened.outlets, opened.output);
    const expired = expiredLine(ended, course.lastBegan);
    if (options.quiet && expired !== null) opened.output.tell(expired);
    return code === exitCode.ok && ended.exitCode === 1 ? exitCode.attention : code;
  } catch (error) {
    const code = error instanceof KnownError ? error.exitCode : exitCode.failed;
    if (!options.dryRun)
      await tellOutside(summary(code, problemOf(error)), course.last, opened.outlets, opened.output);
    // Another run is at it, and tells what there is to tell.
    if (options.quiet && code === exitCode.locked) return code;
    throw error;
  }
}

/** In words that hold no secret; of a defect only that it is one. */
function problemOf(error: unknown): string {
  return error instanceof KnownError ? redact(error.problem.what) : "unexpected: a defect of purchase-fix";
}
