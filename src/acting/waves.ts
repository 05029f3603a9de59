import type { ActingContext, List } from "../context.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import type { Lease } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import { Budget } from "./budget.js";
import type { CarryOptions } from "./carry.js";
import { carryOut, holdingLock, showPlan, tellAll } from "./carry.js";
import { isAgreed } from "./consent.js";
import { resultColumns } from "./columns.js";
import type { How } from "./deed.js";
import { deedOf } from "./deed.js";
import { Meter } from "./meter.js";
import type { Entry } from "./report.js";
import { entriesOf, headOf, nothingDone, wavesDocument } from "./report.js";
import type { Look } from "./look.js";
import { ahead, waves } from "./look.js";
import { Told } from "./told.js";
import { question, tell } from "./words.js";

/** Of a window with more sales than this, a command that acts holds only a part at a time. */
export const MANY = 20_000;

/** Sales of such a part; the next one is read while one is carried out. */
const WAVE = 10_000;

/**
 * The path of `perform` for windows that are too large to be held: under one lease and as one run, each wave is read
 * and judged, planned when its turn comes, carried out, read back and told. Nearest deadlines
 * come first within a wave; the oldest waves come first, since their sales expire first. What is concluded of a wave while
 * the one before is under way is as old as the sending of that: claims compare each row with it, as they always do.
 */
export async function performInWaves<Context extends ActingContext>(
  ctx: Context,
  how: How<Context>,
  looked: Look,
  options: CarryOptions,
  size = WAVE,
): Promise<ExitCode> {
  const course = new Course(ctx, how, looked, options, size);
  if (options.dryRun) await ctx.output.list(course.list(null, Infinity));
  else {
    if (!(await isAgreed(ctx, { question: () => course.question() }, options))) return exitCode.attention;
    await holdingLock(ctx, {}, options, async (lease, until) => {
      await ctx.output.list(course.list(lease, until));
      return { result: null, summary: course.told.tally() };
    });
  }
  tell(ctx, how.action, course.told);
  if (course.rest > 0)
    ctx.output.say(`${course.rest} more were not looked at: the same command goes on with them`, "warn");
  return course.code;
}

class Course<Context extends ActingContext> {
  readonly told: Told;
  code: ExitCode = exitCode.ok;
  /** Sales that no wave came to. */
  rest: number;
  readonly #ctx: Context;
  readonly #how: How<Context>;
  readonly #looked: Look;
  readonly #options: CarryOptions;
  readonly #size: number;

  constructor(ctx: Context, how: How<Context>, looked: Look, options: CarryOptions, size: number) {
    this.#ctx = ctx;
    this.#how = how;
    this.#looked = looked;
    this.#options = options;
    this.#size = size;
    this.told = new Told(looked.now);
    this.rest = looked.count;
  }

  /** A first pass over all waves, for the figures that a person must know before. */
  async question(): Promise<string> {
    const told = new Told(this.#looked.now);
    const budget = new Budget(this.#how.wishes);
    for await (const found of this.#waves()) {
      const { plan } = deedOf(this.#ctx, budget.of(this.#how), found, async () => undefined);
      budget.spend(plan);
      told.add(found, plan, nothingDone);
      if (budget.isSpent()) break;
    }
    return question(this.#ctx, this.#how.action, told);
  }

  /** The report, whose pages are made by carrying out wave after wave; without a lease nothing is done. */
  list(lease: Lease | null, until: Instant): List<Entry> {
    const { told } = this;
    const head = () => headOf(this.#how.action, this.#looked.now, told, this.#options.dryRun);
    return {
      columns: () => resultColumns(),
      pages: this.#carried(lease, until),
      acts: true,
      one: ({ json }) => json ?? {},
      totals: async () => ({ ...told.sums.totals(), ...told.tally() }),
      document: (entries, totals) => wavesDocument(head(), entries, totals, this.#ctx.currency),
      last: (totals) => ({ ...head(), totals }),
    };
  }

  async *#carried(lease: Lease | null, until: Instant): AsyncGenerator<readonly Entry[]> {
    const ctx = this.#ctx;
    const budget = new Budget(this.#how.wishes);
    const meter = new Meter(this.#how.action, this.#looked.count, ctx);
    for await (const found of ahead(this.#waves())) {
      let entries: readonly Entry[] = [];
      const deed = deedOf(ctx, budget.of(this.#how), found, async (plan, result) => {
        this.told.add(found, plan, result);
        entries = entriesOf(ctx, found, plan, result);
      });
      const code =
        lease === null || deed.plan.act.length === 0
          ? await showPlan(deed, this.#options)
          : await tellAll(ctx, deed, await carryOut(ctx, { ...deed, meter }, lease, until));
      if (code !== exitCode.ok) this.code = code;
      budget.spend(deed.plan);
      this.rest -= found.judged.length;
      yield entries;
      if (budget.isSpent()) break;
      if (this.rest > 0 && (ctx.signals.stop.aborted || ctx.clock.now() >= until)) {
        this.code = exitCode.attention;
        break;
      }
    }
  }

  #waves() {
    return waves(this.#looked, this.#size, () => this.#ctx.clock.now());
  }
}
