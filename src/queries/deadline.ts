import { KnownError } from "../errors.js";

/** A limit on one transaction, by our own clock. */
export interface Deadline {
  /** Rejects with a KnownError when the time is over; never resolves. */
  readonly passed: Promise<never>;
  isPassed(): boolean;
  end(): void;
}

/** Runs from now for `patienceMs`, or for `graceMs` from the signal on. */
export function deadline(
  bounds: {
    readonly patienceMs: number;
    readonly signal: AbortSignal | undefined;
    readonly graceMs: number;
  },
  where: string,
): Deadline {
  const { patienceMs, signal, graceMs } = bounds;
  let over = false;
  let reject: (error: KnownError) => void = () => undefined;
  const passed = new Promise<never>((_, fail) => (reject = fail));
  passed.catch(() => undefined); // nobody may be listening any more
  const pass = () => {
    over = true;
    reject(
      new KnownError({
        what: `The database at ${where} stopped answering`,
        why: "no answer came within our own limit, and the connection was given up",
        next: "check the server and the network; what was under way is on record: purchase-fix journal --unsettled",
      }),
    );
  };
  const timers = [setTimeout(pass, patienceMs)];
  const hurry = () => timers.push(setTimeout(pass, graceMs));
  if (signal?.aborted) hurry();
  else signal?.addEventListener("abort", hurry, { once: true });
  return {
    passed,
    isPassed: () => over,
    end() {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener("abort", hurry);
    },
  };
}
