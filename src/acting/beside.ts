import { iso } from "../sales/time.js";
import type { Result } from "./report.js";

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
