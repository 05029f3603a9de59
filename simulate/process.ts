import type { ReconcilingContext } from "../src/context.js";
import type { Clock } from "../src/ports.js";
import type { Timeline } from "./timeline.js";

/** What befalls one run of ours, by how often it had talked to the outside. */
export interface Mishap {
  readonly step: number;
  /** Killed before it asks, or once it was heard but has no answer; stopped for a while; its host's clock set anew. */
  readonly kind: "killed before" | "killed after" | "frozen" | "clock set";
  /** How long it stands still, or how far the clock leaps. */
  readonly ms: number;
}

/**
 * A process that may die between any two things that it asks of the outside. Between them nothing that it does can be
 * seen, so that these are all the moments at which a death can differ.
 */
export class Process {
  /** Resolves when it was killed. */
  readonly died: Promise<void>;
  readonly #timeline: Timeline;
  readonly #mishaps: readonly Mishap[];
  readonly #say: (line: string) => void;
  #die: () => void = () => undefined;
  #dead = false;
  #step = 0;
  #frozenUntil = 0;
  #skew = 0;

  constructor(timeline: Timeline, mishaps: readonly Mishap[], say: (line: string) => void) {
    this.#timeline = timeline;
    this.#mishaps = mishaps;
    this.#say = say;
    this.died = new Promise((resolve) => (this.#die = resolve));
  }

  /** The same context, as this process sees it. */
  inside(ctx: ReconcilingContext): ReconcilingContext {
    const clock: Clock = {
      now: () => this.#timeline.now() + this.#skew,
      sleep: async (ms, signal) => {
        await this.#timeline.sleep(ms, signal);
        await this.#goOn();
      },
    };
    return {
      ...ctx,
      clock,
      sales: this.#port("sales", ctx.sales),
      evidence: this.#port("evidence", ctx.evidence),
      runs: this.#port("runs", ctx.runs),
      attempts: this.#port("attempts", ctx.attempts),
      sender: this.#port("graph", ctx.sender),
      successes: this.#port("successes", ctx.successes),
      witness: ctx.witness === null ? null : this.#port("witness", ctx.witness),
    };
  }

  #port<Port extends object>(name: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, key) => {
        const method = Reflect.get(target, key) as unknown;
        if (typeof method !== "function") return method;
        const ask = method as (...given: unknown[]) => Promise<unknown>;
        return (...given: unknown[]) => this.#ask(`${name}.${String(key)}`, () => ask.apply(target, given));
      },
    });
  }

  async #ask(what: string, act: () => Promise<unknown>): Promise<unknown> {
    await this.#goOn();
    this.#step += 1;
    const met = this.#mishaps.filter(({ step }) => step === this.#step);
    for (const { kind, ms } of met) {
      if (kind === "killed before") return await this.#kill(`before ${what}`);
      if (kind === "clock set") this.#skew += ms;
      if (kind === "frozen") this.#frozenUntil = this.#timeline.now() + ms;
      if (kind !== "killed after") this.#say(`our process: ${kind} by ${ms / 60_000} min before ${what}`);
    }
    await this.#goOn();
    const answer = await act();
    if (met.some(({ kind }) => kind === "killed after")) return await this.#kill(`after ${what}`);
    await this.#goOn();
    return answer;
  }

  async #kill(where: string): Promise<never> {
    this.#say(`our process is killed ${where}`);
    this.#dead = true;
    this.#die();
    return await forever();
  }

  /** Nobody wakes from death, and a frozen process only when it is thawed. */
  async #goOn(): Promise<void> {
    while (!this.#dead && this.#timeline.now() < this.#frozenUntil)
      await this.#timeline.sleep(this.#frozenUntil - this.#timeline.now());
    if (this.#dead) await forever();
  }
}

const forever = () => new Promise<never>(() => undefined);
