import type { Instant } from "../src/sales/sale.js";

/*
 * What will happen, decided before anything does: so that every strategy meets the very same world, and that a schedule
 * that went wrong can be made smaller.
 */

/** How one run of a task ends. `stored`: Meta has the event, whatever the worker saw. */
export type RunFate =
  | "success"
  | "refused"
  | "expired token"
  | "5xx, stored"
  | "5xx"
  | "429"
  | "no answer, stored"
  | "no answer"
  | "invalid"
  | "killed before it sent"
  | "killed after Meta answered";

/**
 * How far a visit of the delivery page gets. `script`: the page's script sets the flag, and nothing is sent;
 * `vanishes`: the broker forgot its queue.
 */
export type Route = "queue" | "script" | "web process dies" | "cannot queue" | "vanishes";

export interface VisitDraft {
  /** After the payment. */
  readonly after: number;
  readonly route: Route;
  /** The page's own pixel fires. */
  readonly browser: boolean;
  /** How long the task waits for a worker that is well. */
  readonly slow: number;
  /** The ends of its runs; one more than these is a success. */
  readonly runs: readonly RunFate[];
  /** What becomes of the web process that waits for it. */
  readonly web: "stores the id" | "fails to store it" | "dies waiting";
}

export interface SaleDraft {
  readonly id: number;
  readonly paidAt: Instant;
  readonly amount: string;
  readonly pixelId: string;
  readonly click: string | null;
  /** The application's tracking data name another event id than the row (risk R1). */
  readonly passes: string | null;
  readonly visits: readonly VisitDraft[];
  /** After the payment. */
  readonly refunded: number | null;
  /** Meta refuses its event, whoever sends it. */
  readonly unfit: boolean;
}

export interface WorldDraft {
  readonly seed: number;
  readonly start: Instant;
  readonly sales: readonly SaleDraft[];
  /** When no worker runs. */
  readonly outages: readonly (readonly [from: Instant, to: Instant])[];
}
