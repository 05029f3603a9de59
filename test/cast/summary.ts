import type { RunSummary } from "../../src/sales/summary.js";

const none = { count: 0, amount: "0.00" } as const;

/** Half past ten in São Paulo. */
export const ended = Date.UTC(2026, 10, 20, 13, 30);

/** A run that found nothing to do; a test says only what is special. */
export function summaryOf(special: Partial<RunSummary> = {}): RunSummary {
  return {
    command: "reconcile",
    run: "3f9c2a7d10be",
    startedAt: ended - 4_200,
    endedAt: ended,
    exitCode: 0,
    currency: "BRL",
    confirmed: none,
    resent: none,
    reverted: none,
    refused: none,
    unconfirmed: none,
    unreached: none,
    backlog: [],
    expiringWithin24h: none,
    expired: none,
    expiredSinceLast: none,
    needsPerson: none,
    quarantined: none,
    acknowledged: none,
    lastSuccessAt: ended - 60_000,
    problem: null,
    ...special,
  };
}

export const sum = (count: number, amount: string) => ({ count, amount });
