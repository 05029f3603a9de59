import type { Acknowledgement } from "../sales/restraint.js";
import type { Instant } from "../sales/sale.js";
import type { RunSummary } from "../sales/summary.js";
import type { Lease } from "./runs.js";

/** The last run of a command that looked at its whole window and came to its end. */
export interface Success extends Pick<RunSummary, "endedAt" | "needsPerson"> {
  readonly beganAt: Instant;
}

/** When commands last came to their end. */
export interface Successes {
  /** Null where none did. */
  last(command: string): Promise<Success | null>;
  /** @throws KnownError where this journal belongs to another database, or this role lacks a right to what reconcile needs */
  ready(): Promise<void>;
  /** Replaces what was noted before. `run` is null where there was nothing to do, and so no run on record. */
  note(success: {
    readonly command: string;
    readonly beganAt: Instant;
    readonly since: Instant;
    readonly run: string | null;
    readonly summary: RunSummary;
  }): Promise<void>;
}

/** A sale that somebody lets rest, or let rest once. */
export interface Acknowledged extends Acknowledgement {
  readonly id: number;
  readonly saleId: number;
  readonly run: string;
  readonly withdrawn: { readonly at: Instant; readonly by: string; readonly because: string } | null;
}

/** What people decide about sales that no run can mend. Each is written under the run lock. */
export interface Restraints {
  release(lease: Lease, ids: readonly number[], reason: string, by: string): Promise<void>;
  /** The sales that were not acknowledged before. */
  acknowledge(lease: Lease, ids: readonly number[], reason: string, by: string): Promise<readonly number[]>;
  /** The sales that were. */
  withdraw(lease: Lease, ids: readonly number[], reason: string, by: string): Promise<readonly number[]>;
  /** All acknowledgements, the newest first, withdrawn ones too. */
  list(): Promise<readonly Acknowledged[]>;
}
