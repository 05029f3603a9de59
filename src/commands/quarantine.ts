import { listQuarantine } from "../acting/restrained.js";
import type { RestrainOptions } from "../acting/restraining.js";
import { release as takeOut } from "../acting/restraining.js";
import type { ReadingContext, RestrainingContext } from "../context.js";
import type { ExitCode } from "../errors.js";

/** Lists the sales that were tried in vain so often that windows leave them. Changes nothing. */
export function list(ctx: ReadingContext): Promise<ExitCode> {
  return listQuarantine(ctx);
}

/** Lets windows try sales again, on record with the reason. Changes no sale. */
export function release(ctx: RestrainingContext, options: RestrainOptions): Promise<ExitCode> {
  return takeOut(ctx, options);
}
