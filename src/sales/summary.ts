import type { ObstacleKind } from "./obstacle.js";
import type { Sum } from "./outcome.js";
import type { Instant } from "./sale.js";
import type { VerdictKind } from "./verdict.js";

/** Open sales that share verdict, obstacle and pixel. */
export interface BacklogPart extends Sum {
  readonly verdict: VerdictKind;
  readonly obstacle: ObstacleKind;
  /** Null where nothing names one. */
  readonly pixelId: string | null;
}

/**
 * What an unattended run found, did and left. It is all that leaves the host by ping, notification, metrics and log
 * line, and it holds no personal data: counts, money, verdicts and pixels. Amounts are decimal strings.
 */
export interface RunSummary {
  readonly command: string;
  /** Null where the run did not come to the lock. */
  readonly run: string | null;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** As the process ends: see `help exit-codes`. */
  readonly exitCode: number;
  /** ISO 4217 of all amounts. */
  readonly currency: string;
  readonly confirmed: Sum;
  /** Sent, and received by Meta. */
  readonly resent: Sum;
  readonly reverted: Sum;
  readonly refused: Sum;
  readonly unconfirmed: Sum;
  /** Planned, and not reached: interrupted, out of time, or its pixel was given up. */
  readonly unreached: Sum;
  /** What is open after the run, of the window. */
  readonly backlog: readonly BacklogPart[];
  /** Of these, how many Meta will no longer accept 24 hours from now. */
  readonly expiringWithin24h: Sum;
  /** Meta no longer accepts them. */
  readonly expired: Sum;
  /** Of these, those that still could be sent when the last successful run began. */
  readonly expiredSinceLast: Sum;
  readonly needsPerson: Sum;
  readonly quarantined: Sum;
  readonly acknowledged: Sum;
  /** When the last run began that looked at its whole window; null where there was none. */
  readonly lastSuccessAt: Instant | null;
  /** What kept the run from its job (exit code 2 or 75), without secrets; null where nothing did. */
  readonly problem: string | null;
}
