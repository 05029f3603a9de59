import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { Action } from "../sales/permissions.js";
import type { Left, Wishes } from "../sales/plan.js";
import type { makePlan } from "../sales/plan.js";
import { uncountedAmong } from "../sales/short.js";
import type { Deed, Work } from "./carry.js";
import type { Survey } from "./survey.js";

/** What a command does with the sales it was asked about, however many these are. */
export interface How<Context> {
  readonly action: Action;
  readonly wishes: Wishes;
  readonly work: Work<Context>;
  readonly decide: typeof makePlan;
}

/** What is done about the sales of a survey. @throws KnownError where this invocation lacks what sending takes */
export function deedOf<Context extends ActingContext>(
  ctx: Context,
  { action, wishes, work, decide }: How<Context>,
  found: Survey,
  show: Deed<Context>["show"],
): Deed<Context> {
  if (action === "resend" && found.lack) {
    throw new KnownError({
      what: `Cannot send: ${found.lack.what}`,
      why: "nothing was changed",
      next: found.lack.next,
    });
  }
  const plan = decide(action, found.judged, wishes, ctx.policy, found.now);
  return { plan, now: found.now, work, show, judge: (left) => judgeLeft(found, left, wishes.named) };
}

/**
 * 1 when something that was left needs a person, or when a named sale was not acted on. A confirmed sale that Meta folded
 * needs one too: once the sale beside it is confirmed, no run looks at either again.
 */
function judgeLeft(found: Survey, left: readonly Left[], named: boolean): ExitCode {
  if (uncountedAmong(found.judged).length > 0) return exitCode.attention;
  const open = named ? left.length + found.others.length : left.filter((item) => item.person !== null).length;
  return open > 0 ? exitCode.attention : exitCode.ok;
}
