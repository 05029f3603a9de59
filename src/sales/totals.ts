import type { CauseName } from "./causes.js";
import { causeNames, causeOf } from "./causes.js";
import { Tally } from "./histogram.js";
import { RunningSum } from "./outcome.js";
import type { RestraintKind } from "./restraint.js";
import { restraintKinds } from "./restraint.js";
import type { Instant } from "./sale.js";
import { DAY } from "./sale.js";
import type { Judged, VerdictKind } from "./verdict.js";
import { verdictKinds } from "./verdict.js";

/** Counts and money of a list of sales, by verdict, by cause and by deadline: what a document's `totals` says. */
export interface Totals {
  readonly count: number;
  readonly amount: string;
  /** Meta takes their events for so long and no longer. */
  readonly expiringWithin24h: number;
  /** And a second copy of these is folded into the first for so long. */
  readonly foldingEndsWithin24h: number;
  readonly byVerdict: Counts<VerdictKind>;
  readonly byCause: Counts<CauseName>;
}

/** How often each name occurs, in their usual order, without those that do not. */
export type Counts<Name extends string> = Readonly<Partial<Record<Name, number>>>;

export function totals(sales: Iterable<Judged>, now: Instant): Totals {
  const sums = new Adding(now);
  for (const judged of sales) sums.add(judged);
  return sums.totals();
}

/** The same, added up while sales go by. */
export class Adding {
  readonly #now: Instant;
  readonly #verdicts = new Tally<VerdictKind>();
  readonly #causes = new Tally<CauseName>();
  readonly #restraints = new Tally<RestraintKind>();
  readonly #sum = new RunningSum();
  #expiring = 0;
  #unfolding = 0;

  constructor(now: Instant) {
    this.#now = now;
  }

  get count(): number {
    return this.#sum.count;
  }

  add({ sale, kind, evidence, expiresAt, foldedUntil, restraint }: Judged): void {
    this.#sum.add(sale);
    if (this.#isSoon(expiresAt)) this.#expiring += 1;
    if (this.#isSoon(foldedUntil)) this.#unfolding += 1;
    this.#verdicts.add(kind);
    this.#causes.add(causeOf(evidence) ?? "unknown");
    this.#restraints.add(restraint.kind);
  }

  totals(): Totals {
    return {
      ...this.#sum.sum(),
      expiringWithin24h: this.#expiring,
      foldingEndsWithin24h: this.#unfolding,
      byVerdict: inOrder(verdictKinds, this.#verdicts),
      byCause: inOrder(causeNames, this.#causes),
    };
  }

  restraints(): Counts<RestraintKind> {
    return inOrder(restraintKinds, this.#restraints);
  }

  #isSoon(limit: Instant | null): boolean {
    return limit !== null && limit > this.#now && limit - this.#now < DAY;
  }
}

function inOrder<Name extends string>(names: readonly Name[], found: Tally<Name>): Counts<Name> {
  const counts = new Map(found.entries());
  return Object.fromEntries(
    names.flatMap((name) => {
      const count = counts.get(name);
      return count === undefined ? [] : [[name, count]];
    }),
  ) as Counts<Name>;
}
