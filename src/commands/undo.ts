import { undo as takeBack } from "../acting/undo.js";
import type { UndoOptions } from "../acting/undo.js";
import type { UndoingContext } from "../context.js";
import type { ExitCode } from "../errors.js";

/** Restores the rows that a run changed and nobody touched since. Sends nothing, and can itself be undone. */
export function undo(ctx: UndoingContext, options: UndoOptions): Promise<ExitCode> {
  return takeBack(ctx, options);
}
