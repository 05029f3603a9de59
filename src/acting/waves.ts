import type { ActingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import type { Wishes } from "../sales/plan.js";
import type { CarryOptions } from "./carry.js";
import { holdingLock } from "./carry.js";
import { isAgreed } from "./consent.js";
import type { How } from "./deed.js";
import type { Look } from "./look.js";
import type { Told } from "./told.js";
import { WaveCourse } from "./wave-course.js";
import { question, tell, tellBroken } from "./words.js";

/** Of a window with more sales than this, a command that acts holds only a part at a time. */
export const MANY = 20_000;

/** Sales of such a part; the next one is read while one is carried out. */
const WAVE = 10_000;

/**
 * The path of `perform` for windows that are too large to be held: under one lease and as one run, each wave is read
 * and judged, planned when its turn comes, carried out, read back and told. Nearest deadlines come first within a wave;
 * the oldest waves come first, since their sales expire first. What is concluded of a wave while the one before is under
 * way is as old as the sending of that: claims compare each row with it, as they always do.
 */
export async function performInWaves<Context extends ActingContext>(
  ctx: Context,
  how: How<Context>,
  looked: Look,
  options: CarryOptions,
  size = WAVE,
): Promise<ExitCode> {
  const course = (wishes = how.wishes) => new WaveCourse(ctx, { ...how, wishes }, looked, options, size);
  const isAsked = !options.yes;
  // Somebody who is asked must know of all waves; who has agreed already need only be spared a lock for nothing.
  const wanted = options.dryRun
    ? null
    : await course().foresee(isAsked ? "all of it" : "whether there is anything to do");
  if (wanted === null || wanted.act.count === 0)
    return await told(ctx, how, course(), (one) => ctx.output.list(one.list(null, Infinity)));
  if (!(await isAgreed(ctx, { question: () => question(ctx, how.action, wanted) }, options)))
    return exitCode.attention;
  return await told(ctx, how, course(isAsked ? asAsked(how.wishes, wanted) : how.wishes), async (one) => {
    await holdingLock(ctx, {}, options, async (lease, until) => {
      await ctx.output.list(one.list(lease, until));
      return { result: null, summary: one.told.effects.sums() };
    });
  });
}

/** The waves are judged anew when it is their turn: no more is done then than a person has agreed to. */
function asAsked(wishes: Wishes, { act, risky }: Told): Wishes {
  return { ...wishes, limit: act.count, duplicateLimit: risky.sum().amount };
}

/** Lets the course run, and says what it came to, also where it broke off. */
async function told<Context extends ActingContext>(
  ctx: Context,
  { action }: How<Context>,
  course: WaveCourse<Context>,
  run: (course: WaveCourse<Context>) => Promise<unknown>,
): Promise<ExitCode> {
  try {
    await run(course);
  } catch (error) {
    tellBroken(ctx, course.told);
    throw error;
  }
  tell(ctx, action, course.told);
  if (course.rest > 0)
    ctx.output.say(`${course.rest} more were not looked at: the same command goes on with them`, "warn");
  return course.code;
}
