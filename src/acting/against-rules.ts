import type { ReconcilingContext } from "../context.js";
import { KnownError } from "../errors.js";
import type { Rules } from "../sales/reconcile.js";
import type { Survey } from "./survey.js";

/** What the run would need and does not have is an error, where its rules let it send at all. */
export function refuseLack({ lack }: Survey, { allow, pixels, bots }: Rules): void {
  const sends = [allow, ...pixels.values(), ...bots.values()].some((list) => list.includes("resend"));
  if (lack === null || !sends) return;
  throw new KnownError({
    what: `Cannot send: ${lack.what}`,
    why: "nothing was changed",
    next: `${lack.next}; or let it only confirm and revert: --allow confirm,revert`,
  });
}

/** A rule for a pixel or bot that no sale has may be misspelt. Silent with `--quiet`: on a good day no sale has any. */
export function tellStrangers(
  { output }: ReconcilingContext,
  { pixels, bots }: Rules,
  { judged }: Survey,
): void {
  const known = new Set(judged.map(({ identity }) => identity.pixelId));
  for (const pixel of pixels.keys())
    if (!known.has(pixel)) output.say(`no stuck sale goes to pixel ${pixel}, which the policy names`, "warn");
  const names = new Set(judged.flatMap(({ sale }) => [String(sale.botId), sale.botName]));
  for (const bot of bots.keys())
    if (!names.has(bot)) output.say(`no stuck sale is of bot ${bot}, which the policy names`, "warn");
}
