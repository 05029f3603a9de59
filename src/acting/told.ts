import { Effects, RunningSum } from "../sales/outcome.js";
import type { Plan } from "../sales/plan.js";
import { shortInWords, uncountedAmong } from "../sales/short.js";
import type { Instant } from "../sales/sale.js";
import { Adding } from "../sales/totals.js";
import { queuedBeside } from "./beside.js";
import type { Result } from "./report.js";
import type { Survey } from "./survey.js";

/** What a command did, would do and left, added up plan by plan: what is asked before and told beneath needs no more of them. */
export class Told {
  run: string | null = null;
  readonly sums: Adding;
  readonly act = new RunningSum();
  /** Of these, what may count twice. */
  readonly risky = new RunningSum();
  /** Of these, what Meta counts as test events. */
  tests = 0;
  readonly pixels = new Set<string | null>();
  /** How many the tables allowed, before limits. */
  allowed = 0;
  accepted = false;
  left = 0;
  /** Of these, those that need a person. */
  persons = 0;
  /** The first sale that a person must look at: one that was left, or that Meta refused just now. */
  unfinished: number | null = null;
  /** Bots in several pools, and what is said of them. */
  readonly pools = new Map<string, string>();
  readonly queued: string[] = [];
  readonly shorts: string[] = [];
  readonly uncounted = new Set<number>();
  readonly effects = new Effects();

  constructor(now: Instant) {
    this.sums = new Adding(now);
  }

  add({ judged }: Pick<Survey, "judged">, plan: Plan, result: Result): this {
    this.run ??= result.run;
    this.allowed += plan.allowed;
    for (const one of judged) this.sums.add(one);
    for (const { sale, evidence, kind } of judged) {
      const short = kind === "delivered" ? shortInWords(sale, evidence) : null;
      if (short !== null) this.shorts.push(`sale ${sale.id} has it; ${short}`);
    }
    for (const id of uncountedAmong(judged)) this.uncounted.add(id);
    this.#plan(plan);
    this.#result(plan, result);
    return this;
  }

  #plan({ act, left }: Plan): void {
    for (const { judged, mayDouble } of act) {
      const { sale, identity } = judged;
      this.act.add(sale);
      if (mayDouble) this.risky.add(sale);
      if (identity.pool?.testEventCode) this.tests += 1;
      this.pixels.add(identity.pixelId);
      if (sale.pools !== null && sale.pools.length > 1)
        this.pools.set(
          sale.botName,
          `${identity.pool?.id} (it has ${sale.pools.map(({ id }) => id).join(" and ")})`,
        );
    }
    this.left += left.length;
    this.persons += left.filter(({ person }) => person !== null).length;
  }

  #result({ left }: Plan, result: Result): void {
    const refused = result.outcomes.find(({ answer, effect }) => answer === "refused" && effect === "kept");
    const first = left.find(({ person }) => person !== null) ?? refused;
    this.unfinished ??= first?.judged.sale.id ?? null;
    for (const outcome of result.outcomes) {
      this.accepted ||= outcome.answer === "accepted";
      this.effects.add(outcome);
    }
    for (const line of queuedBeside(result)) this.queued.push(line);
  }
}
