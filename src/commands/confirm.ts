import { perform } from "../acting/perform.js";
import type { PerformOptions } from "../acting/perform.js";
import { confirm as storeIds } from "../acting/row-verbs.js";
import { confirmByWord } from "../acting/word.js";
import type { ActingContext, AttestingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError } from "../errors.js";
import { planByWord } from "../sales/word.js";

/** Writes the event id of sales whose acceptance by Meta is on record. Sends nothing. */
export function confirm(ctx: ActingContext, options: PerformOptions): Promise<ExitCode> {
  return perform(ctx, "confirm", options, storeIds);
}

/** The same for one sale, on an operator's own word. */
export async function confirmOne(
  ctx: AttestingContext,
  options: PerformOptions,
  { eventId, reason }: { readonly eventId: string; readonly reason: string },
): Promise<ExitCode> {
  const { selection } = options;
  if (selection.by !== "name" || selection.references.length !== 1) {
    throw new KnownError({
      what: "--event-id is proof for one sale",
      why: "an event id that two sales bear is one event to Meta",
      next: "name exactly one with --id",
    });
  }
  const { most, sales: bearers } = await ctx.eventIds.bearers(eventId);
  if (most !== null && eventId.length > most) {
    throw new KnownError({
      what: `The event id has ${eventId.length} characters, and payments.meta_event_id holds ${most}`,
      why: "a cut id would be another one; nothing was changed",
      next: "check what was pasted",
    });
  }
  const word = { eventId, reason, by: `${ctx.record.user}@${ctx.record.host}`, bearers };
  return await perform(ctx, "confirm", options, confirmByWord(word), planByWord(word, ctx.policy));
}
