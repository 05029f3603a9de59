import { listAcknowledged } from "../acting/restrained.js";
import type { RestrainOptions } from "../acting/restraining.js";
import { acknowledge as letRest, withdraw as takeBack } from "../acting/restraining.js";
import type { RestrainingContext } from "../context.js";
import type { ExitCode } from "../errors.js";

/** Lets sales rest that nobody can mend, on record with the reason. Changes no sale. */
export function acknowledge(ctx: RestrainingContext, options: RestrainOptions): Promise<ExitCode> {
  return letRest(ctx, options);
}

/** Takes acknowledgements back: windows look at the sales again. */
export function withdraw(ctx: RestrainingContext, options: RestrainOptions): Promise<ExitCode> {
  return takeBack(ctx, options);
}

/** Lists all acknowledgements, the withdrawn ones too. */
export function listAll(ctx: RestrainingContext): Promise<ExitCode> {
  return listAcknowledged(ctx);
}
