import type { ActingContext } from "../context.js";
import { KnownError } from "../errors.js";
import type { CarryOptions } from "./carry.js";

/** What must be settled before the run lock is taken. */
export interface Consent {
  /** What a person is asked before; null where the command line itself is consent. */
  readonly question: (() => string) | null;
  /** See `RunOptions`. */
  readonly needs?: number;
  /** Looks, once somebody agreed, whether all that the work needs is there. @throws KnownError, and nothing was changed */
  readonly ready?: () => Promise<void>;
}

/** A person is asked, where nobody has agreed on the command line; anywhere else that needs `--yes`. */
export async function isAgreed(
  ctx: ActingContext,
  { question, ready }: Consent,
  { yes: agreed }: CarryOptions,
): Promise<boolean> {
  if (question !== null && !agreed && !(await consent(ctx, question()))) return false;
  if (ctx.signals.stop.aborted) {
    ctx.output.say("interrupted: nothing was changed");
    return false;
  }
  await ready?.();
  return true;
}

async function consent({ output }: ActingContext, words: string): Promise<boolean> {
  if (!output.canAsk) {
    throw new KnownError({
      what: `${words.replace(/\?$/, "")}: this needs a yes`,
      why: "nobody can be asked here; nothing was changed",
      next: "add --yes, or look first with --dry-run",
    });
  }
  const yes = await output.confirm(words);
  if (!yes) output.say("nothing was changed");
  return yes;
}
