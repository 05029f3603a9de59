import { setMaxListeners } from "node:events";
import type { Signals } from "./context.js";
import type { ExitCode } from "./errors.js";
import { exitCode } from "./errors.js";

/** How long what is in flight is awaited after the first signal. */
const PATIENCE_MS = 10_000;

/** The first signal takes no more work and awaits what is in flight; the second leaves at once. */
export class Interruption {
  readonly #stop = new AbortController();
  readonly #abandon = new AbortController();
  readonly #proc: NodeJS.Process;
  code: ExitCode | null = null;
  readonly signals: Signals = {
    stop: this.#stop.signal,
    abandon: this.#abandon.signal,
    code: () => this.code,
  };
  #timer: NodeJS.Timeout | undefined;

  constructor(proc: NodeJS.Process) {
    this.#proc = proc;
    // Each pixel's request and each transaction listens: with eleven of them Node would warn of a leak that is none.
    setMaxListeners(0, this.signals.stop, this.signals.abandon);
    proc.on("SIGINT", this.#handle);
    proc.on("SIGTERM", this.#handle);
  }

  readonly #handle = (signal: NodeJS.Signals) => {
    // Nothing can be awaited any more, so the loop is not drained: the default action of the signal ends the process.
    if (this.code !== null) {
      this.#abandon.abort(); // ends children at once: they may ignore the signal that ends us
      this.end();
      this.#proc.kill(this.#proc.pid, signal);
      return;
    }
    this.code = signal === "SIGTERM" ? exitCode.terminated : exitCode.interrupted;
    this.#stop.abort();
    this.#timer = setTimeout(() => this.#abandon.abort(), PATIENCE_MS).unref();
  };

  end(): void {
    clearTimeout(this.#timer);
    this.#proc.off("SIGINT", this.#handle);
    this.#proc.off("SIGTERM", this.#handle);
  }
}
