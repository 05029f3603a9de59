import type { ActingContext, List } from "../context.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import type { Lease } from "../ports.js";
import { openCarrier } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import type { Judged } from "../sales/verdict.js";
import { Budget } from "./budget.js";
import type { CarryOptions } from "./carry.js";
import { carryOut, showPlan, tellAll } from "./carry.js";
import { resultColumns } from "./columns.js";
import type { How } from "./deed.js";
import { deedOf } from "./deed.js";
import type { Look } from "./look.js";
import { ahead, waves } from "./look.js";
import { Meter } from "./meter.js";
import type { Entry } from "./report.js";
import { entriesOf, headOf, nothingDone, wavesDocument } from "./report.js";
import type { Survey } from "./survey.js";
import { isOpen, surveyAll } from "./survey.js";
import { Told } from "./told.js";

/** One pass over the waves of a window, and what it came to. */
export class WaveCourse<Context extends ActingContext> {
  readonly told: Told;
  code: ExitCode = exitCode.ok;
  /** Sales that it did not come to, since it was ended before. */
  rest = 0;
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
  }

  /** What would be done, without doing it. */
  async foresee(how: "all of it" | "whether there is anything to do"): Promise<Told> {
    const { told } = this;
    const budget = new Budget();
    for await (const found of this.#waves()) {
      const { plan } = deedOf(this.#ctx, budget.of(this.#how), found, async () => undefined);
      budget.spend(plan);
      told.add(found, plan, nothingDone);
      if (told.act.count > 0 && how !== "all of it") break;
    }
    return told;
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
      totals: async () => ({ ...told.sums.totals(), ...told.effects.sums() }),
      document: (entries, totals) => wavesDocument(head(), entries, totals, this.#ctx.currency),
      last: (totals) => ({ ...head(), totals }),
    };
  }

  async *#carried(lease: Lease | null, until: Instant): AsyncGenerator<readonly Entry[]> {
    const { signals, clock } = this.#ctx;
    const budget = new Budget();
    const meter = new Meter(this.#how.action, this.#looked.count, this.#ctx);
    const carry = (found: Survey) => this.#carry(found, { lease, until, budget, meter });
    const waiting: number[] = [];
    let looked = 0;
    for await (const wave of this.#inTime()) {
      const { found, later } = this.#divided(wave);
      waiting.push(...later);
      looked += wave.judged.length;
      yield await carry(found);
      if (lease === null || (!signals.stop.aborted && clock.now() < until)) continue;
      // What the application has settled since it was counted is no rest.
      this.rest = Math.max(0, this.#looked.count - looked) + waiting.length;
      if (this.rest > 0) this.code = exitCode.attention;
      return;
    }
    if (waiting.length === 0) return;
    const { now, judged } = await surveyAll(this.#ctx, waiting);
    const open = judged.filter(isOpen);
    yield await carry({ now, judged: open, others: [], unknown: [], span: this.#looked.span, lack: null });
  }

  async #carry(found: Survey, { lease, until, budget, meter }: Work): Promise<readonly Entry[]> {
    let entries: readonly Entry[] = [];
    const deed = deedOf(this.#ctx, budget.of(this.#how), found, async (plan, result) => {
      this.told.add(found, plan, result);
      entries = entriesOf(this.#ctx, found, plan, result);
    });
    budget.spend(deed.plan);
    const code =
      lease === null || deed.plan.act.length === 0
        ? await showPlan(deed, this.#options)
        : await tellAll(this.#ctx, deed, await carryOut(this.#ctx, { ...deed, meter }, lease, until));
    if (code !== exitCode.ok) this.code = code;
    return entries;
  }

  /**
   * Sales whose click a sale of another wave carries wait until all waves are through, and are judged anew then: it is not
   * settled yet, or this wave was read before it was.
   */
  #divided(wave: Survey): { readonly found: Survey; readonly later: readonly number[] } {
    const ids = new Set(wave.judged.map(({ sale }) => sale.id));
    const isElsewhere = (judged: Judged) => {
      const carrier = this.#how.action === "resend" ? openCarrier(judged) : null;
      return carrier !== null && !ids.has(carrier);
    };
    const later = wave.judged.filter(isElsewhere).map(({ sale }) => sale.id);
    if (later.length === 0) return { found: wave, later };
    return { found: { ...wave, judged: wave.judged.filter((one) => !isElsewhere(one)) }, later };
  }

  /** The next wave is read while one is carried out, unless one session has to serve both. */
  #inTime(): AsyncIterable<Survey> {
    return this.#ctx.readsAhead === false ? this.#waves() : ahead(this.#waves());
  }

  #waves(): AsyncIterable<Survey> {
    return waves(this.#looked, this.#size, () => this.#ctx.clock.now());
  }
}

interface Work {
  readonly lease: Lease | null;
  readonly until: Instant;
  readonly budget: Budget;
  readonly meter: Meter;
}
