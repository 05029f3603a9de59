import { perform } from "../acting/perform.js";
import type { PerformOptions } from "../acting/perform.js";
import { revert as giveBack } from "../acting/row-verbs.js";
import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";

/** Clears the flag of stuck sales, so that the application sends them at the next visit of the delivery page. */
export function revert(ctx: ActingContext, options: PerformOptions): Promise<ExitCode> {
  return perform(ctx, "revert", options, giveBack);
}
