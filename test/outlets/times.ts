import { setTimeout as pause } from "node:timers/promises";
import type { Posting } from "../../src/outlets/ping.js";

/** Real requests that are given up soon; pauses are noted and hardly waited for, and count as if they had been. */
export function hurried(timeoutMs = 300): Posting & { readonly pauses: number[] } {
  const pauses: number[] = [];
  let skipped = 0;
  return {
    pauses,
    timeoutMs,
    userAgent: "purchase-fix/0.0.0",
    clock: {
      now: () => Date.now() + skipped,
      sleep: async (ms) => {
        pauses.push(ms);
        skipped += ms;
        await pause(1);
      },
    },
  };
}
