import { perform } from "../acting/perform.js";
import type { PerformOptions } from "../acting/perform.js";
import { confirm as storeIds } from "../acting/rows.js";
import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";

/** Writes the event id of sales whose acceptance by Meta is on record. Sends nothing. */
export function confirm(ctx: ActingContext, options: PerformOptions): Promise<ExitCode> {
  return perform(ctx, "confirm", options, storeIds);
}
