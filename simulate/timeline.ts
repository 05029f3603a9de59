import type { Clock } from "../src/ports.js";
import type { Instant } from "../src/sales/sale.js";

interface Due {
  readonly at: Instant;
  readonly order: number;
  readonly act: () => void;
}

const isBefore = (a: Due, b: Due) => a.at < b.at || (a.at === b.at && a.order < b.order);

/**
 * The one time of a simulated world: what is due happens in order, and a run of ours is one more thing that sleeps and
 * wakes. Days take milliseconds, and the same world takes the same course every time.
 */
export class Timeline implements Clock {
  #now: Instant;
  #made = 0;
  #outside = 0;
  /** A binary heap: ten thousand sales have some fifty thousand events, and sorting them at each step would be felt. */
  readonly #due: Due[] = [];

  constructor(now: Instant) {
    this.#now = now;
  }

  readonly now = (): Instant => this.#now;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      signal?.addEventListener("abort", wake);
      this.at(this.#now + ms, wake);
    });

  /** Something that happens then; what is overdue happens next. */
  at(moment: Instant, act: () => void): void {
    const due = { at: moment, order: (this.#made += 1), act };
    let place = this.#due.push(due) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(due, this.#of(above))) break;
      this.#due[place] = this.#of(above);
      place = above;
    }
    this.#due[place] = due;
  }

  /** Lets everything happen that is due until then. */
  pass(until: Instant): void {
    while (this.#due.length > 0 && this.#of(0).at <= until) this.#step();
    this.#now = Math.max(this.#now, until);
  }

  /** Lets time pass while a run works: one step whenever everybody who is awake has done what it could. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = () => void (isDone = true);
    work.then(end, end);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return await work;
      if (this.#outside > 0) continue;
      if (this.#due.length === 0) throw new Error("Everybody waits, and nothing will ever happen.");
      this.#step();
    }
  }

  /** Time stands still while real files are read: how long that takes must not change the course of the world. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#outside += 1;
    try {
      return await work;
    } finally {
      this.#outside -= 1;
    }
  }

  #of(place: number): Due {
    return this.#due[place] as Due;
  }

  #step(): void {
    const first = this.#of(0);
    const last = this.#due.pop() as Due;
    if (this.#due.length > 0) this.#sink(last);
    this.#now = Math.max(this.#now, first.at);
    first.act();
  }

  #sink(due: Due): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#due.length) break;
      const right = left + 1;
      const least = right < this.#due.length && isBefore(this.#of(right), this.#of(left)) ? right : left;
      if (!isBefore(this.#of(least), due)) break;
      this.#due[place] = this.#of(least);
      place = least;
    }
    this.#due[place] = due;
  }
}
