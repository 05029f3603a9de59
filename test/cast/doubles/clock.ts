import type { Clock } from "../../../src/ports.js";
import type { Instant } from "../../../src/sales/sale.js";

interface Timer {
  readonly at: Instant;
  readonly ring: () => void;
}

/**
 * A clock that stands still while anybody works, and leaps to the next alarm when everybody sleeps. The doubles work in
 * microtasks only, so that whatever is awake has run when `setImmediate` comes round.
 */
export class LeapingClock implements Clock {
  #now: Instant;
  #timers: Timer[] = [];
  #leaping = false;

  constructor(now: Instant) {
    this.#now = now;
  }

  readonly now = (): Instant => this.#now;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = { at: this.#now + ms, ring: () => done() };
      const done = () => {
        this.#timers = this.#timers.filter((one) => one !== timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      signal?.addEventListener("abort", done);
      this.#timers.push(timer);
      this.#leapWhenIdle();
    });
  };

  /** Something that happens at that moment, if anybody still sleeps towards it. */
  at(moment: Instant, ring: () => void): void {
    this.#timers.push({
      at: moment,
      ring: () => {
        this.#timers = this.#timers.filter((one) => one.ring !== ring);
        ring();
      },
    });
  }

  /** Nothing that was to happen happens any more. */
  still(): void {
    this.#timers = [];
  }

  /** Between runs, or as work that takes so long. */
  pass(ms: number): void {
    this.#now += ms;
  }

  #leapWhenIdle(): void {
    if (this.#leaping) return;
    this.#leaping = true;
    setImmediate(() => {
      this.#leaping = false;
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (!next) return;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.ring();
      if (this.#timers.length > 0) this.#leapWhenIdle();
    });
  }
}
