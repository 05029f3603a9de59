import type { ReconcilingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import type { Success } from "../ports.js";
import type { Left } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import { summarize } from "../sales/summarize.js";
import type { RunSummary } from "../sales/summary.js";
import type { Sent } from "./send.js";
import type { Survey } from "./survey.js";

/** What became of an unattended run so far: its summary is made of it, whatever ends the run. */
export interface Course {
  found: Survey | null;
  last: Success | null;
  /** Null, too, where that was noted in the future: it says nothing. */
  lastBegan: Instant | null;
  /** Its id, once it holds the lease. */
  run: string | null;
  sent: Sent | null;
  left: readonly Left[];
  /** By a cap. */
  stopped: boolean;
  succeeded: boolean;
}

export const newCourse = (): Course => ({
  found: null,
  last: null,
  lastBegan: null,
  run: null,
  sent: null,
  left: [],
  stopped: false,
  succeeded: false,
});

/** By the database's clock, where it was reached. */
export function summaryOf(
  { clock, currency, signals }: ReconcilingContext,
  course: Course,
  asked: { readonly at: Instant; readonly code: ExitCode; readonly problem: string | null },
): RunSummary {
  const startedAt = course.found?.now ?? asked.at;
  return summarize({
    command: "reconcile",
    run: course.run,
    startedAt,
    endedAt: startedAt + clock.now() - asked.at,
    exitCode: signals.code?.() ?? asked.code,
    currency,
    problem: asked.problem,
    judged: course.found?.judged ?? [],
    outcomes: course.sent?.outcomes ?? [],
    unreached: (course.sent?.unreached ?? []).map(({ item }) => item),
    left: course.left,
    last: course.lastBegan,
    succeeded: course.succeeded,
  });
}
