import { perform } from "../acting/perform.js";
import type { PerformOptions } from "../acting/perform.js";
import { send } from "../acting/send.js";
import type { SendingContext } from "../context.js";
import type { ExitCode } from "../errors.js";

/** Sends the Purchase of stuck sales straight to Meta, and stores the event id of those that Meta received. */
export function resend(ctx: SendingContext, options: PerformOptions): Promise<ExitCode> {
  return perform(ctx, "resend", options, send);
}
