import { inTurn } from "../acting/in-turn.js";
import type { ReconcileOptions } from "../acting/reconcile.js";
import { reconcile as mend } from "../acting/reconcile.js";
import { confirm, revert } from "../acting/row-verbs.js";
import { send } from "../acting/send.js";
import type { ReconcilingContext } from "../context.js";
import type { ExitCode } from "../errors.js";

/** The cron job: confirms what Meta has, sends what may be sent, gives back what the application alone can mend. */
export function reconcile(ctx: ReconcilingContext, options: ReconcileOptions): Promise<ExitCode> {
  return mend(ctx, inTurn<ReconcilingContext>({ confirm, resend: send, revert }), options);
}
