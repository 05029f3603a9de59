import type { Bar } from "../sales/histogram.js";
import { Tally, byHour, byName, hourOf } from "../sales/histogram.js";
import type { CauseName } from "../sales/causes.js";
import { causeOf } from "../sales/causes.js";
import { needsPerson } from "../sales/obstacle.js";
import { byDeadline, deadlineOrder } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import { Adding } from "../sales/totals.js";
import type { Judged } from "../sales/verdict.js";
import { causeWord } from "./columns.js";

/** More ids than this make a line that nobody reads, and that is cut where it is printed. */
const MOST_NAMES = 20;

/** Sales by number and, as long as they are few, by name. */
export class Named {
  count = 0;
  readonly #ids: number[] = [];

  add(page: readonly Judged[]): void {
    this.count += page.length;
    for (const { sale } of page.slice(0, MOST_NAMES - this.#ids.length)) this.#ids.push(sale.id);
  }

  /** As `--id` takes them; null where they are too many. */
  ids(): string | null {
    return this.count > MOST_NAMES ? null : `--id ${this.#ids.join(",")}`;
  }
}

/** What is added up while the sales of a look go by: figures, charts and what to run next need no more of them. */
export class Passing {
  readonly sums: Adding;
  /** Named ones alone: a window reads stuck sales. */
  readonly confirmed: number[] = [];
  /** What the filter lets through. */
  readonly kept = new Named();
  /** How many of these need a person, and the one with the nearest deadline. */
  persons = 0;
  person: Judged | null = null;
  readonly #now: Instant;
  readonly #causes: readonly CauseName[];
  readonly #hours = new Tally<number>();
  readonly #bots = new Tally<string>();
  readonly #told = new Tally<string>();
  #isTold = false;

  /** @param causes only sales of these are let through; empty for all */
  constructor(now: Instant, causes: readonly CauseName[]) {
    this.#now = now;
    this.#causes = causes;
    this.sums = new Adding(now);
  }

  /** Those of a page that the filter lets through. */
  add(page: readonly Judged[]): readonly Judged[] {
    for (const judged of page) this.#count(judged);
    const asked = page.filter(({ evidence }) => this.#isAsked(causeOf(evidence)));
    this.kept.add(asked);
    for (const judged of asked) this.#lookForPerson(judged);
    return asked;
  }

  /** Who named the sales knows when and whose they were. A single bar "unknown" would tell nothing. */
  charts(): readonly { readonly title: string; readonly bars: readonly Bar[] }[] {
    const shape = byHour(this.#hours);
    if (shape.bars.length === 0) return [];
    return [
      { title: `stuck sales ${shape.title} (UTC)`, bars: shape.bars },
      { title: "stuck sales by bot", bars: byName(this.#bots) },
      ...(this.#isTold ? [{ title: "stuck sales by cause", bars: byName(this.#told) }] : []),
    ];
  }

  #isAsked(cause: CauseName | null): boolean {
    return this.#causes.length === 0 || this.#causes.includes(cause ?? "unknown");
  }

  #count(judged: Judged): void {
    const { sale, evidence } = judged;
    this.sums.add(judged);
    if (sale.metaEventId !== null) this.confirmed.push(sale.id);
    if (sale.createdAt !== null) this.#hours.add(hourOf(sale.createdAt));
    this.#bots.add(sale.botName);
    const cause = causeOf(evidence);
    this.#told.add(cause === null ? "unknown" : causeWord(cause));
    this.#isTold ||= cause !== null;
  }

  #lookForPerson(judged: Judged): void {
    if (needsPerson(judged, this.#now) === null) return;
    this.persons += 1;
    if (this.person === null || deadlineOrder(this.#now)(judged, this.person) < 0) this.person = judged;
  }
}

/** Of all that go by, so many with the nearest deadlines. */
export class Nearest {
  readonly #limit: number;
  readonly #now: Instant;
  #first: Judged[] = [];
  readonly #places = new WeakMap<Judged, number>();
  #passed = 0;

  constructor(limit: number, now: Instant) {
    this.#limit = limit;
    this.#now = now;
  }

  add(page: readonly Judged[]): void {
    for (const judged of page) this.#places.set(judged, this.#passed++);
    for (const judged of page) this.#first.push(judged);
    // Sorted once for as many as are kept, not once for each page.
    if (this.#first.length > 2 * this.#limit + page.length) this.#cut();
  }

  #cut(): void {
    this.#first = byDeadline(this.#first, this.#now).slice(0, this.#limit);
  }

  /** In the order in which they came. */
  all(): readonly Judged[] {
    this.#cut();
    const place = (judged: Judged) => this.#places.get(judged) ?? 0;
    return this.#first.toSorted((a, b) => place(a) - place(b));
  }
}
