import type { ActingContext } from "../context.js";
import { shortInWords } from "../sales/short.js";
import { iso } from "../sales/time.js";
import type { Result } from "./report.js";
import type { Survey } from "./survey.js";

/* What stands beside the sales of a run and is not theirs: tasks that still wait, siblings that do not count. */

/** Tasks that wait although their sale is confirmed now: each must run, or be purged, while Meta still folds it (risk R3). */
export function queuedBeside({ outcomes }: Result): string[] {
  return outcomes.flatMap(({ judged: { sale, evidence, foldedUntil }, effect }) =>
    effect !== "confirmed"
      ? []
      : evidence.live.map(({ state, taskId }) => {
          const by = foldedUntil === null ? "" : `, by ${iso(foldedUntil)}`;
          return `sale ${sale.id} is confirmed, and its own task ${taskId ?? ""} is still ${state}: it must have run or been purged${by}`;
        }),
  );
}

/** Confirmed sales that Meta folded into one of these: only a resend that names them has them counted. */
export function shortBesides({ again }: ActingContext, { judged }: Pick<Survey, "judged">): string[] {
  return judged.flatMap(({ sale, evidence, kind }) => {
    const short = kind === "delivered" ? shortInWords(sale, evidence) : null;
    return short === null ? [] : [`sale ${sale.id} has it; ${short}${again}`];
  });
}
