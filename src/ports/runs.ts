import type { Instant } from "../sales/sale.js";
import type { Change } from "../sales/undo.js";

/** Our share of the run lock: a lease with a fencing token. Every write carries it. */
export interface Lease {
  readonly run: string;
  readonly token: string;
}

/** Who holds the run lock, when it is not us. */
export interface Holder {
  readonly run: string;
  readonly command: string;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  readonly since: Instant;
  readonly expiresAt: Instant;
}

export interface RunRecord {
  readonly id: string;
  readonly command: string;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  readonly version: string;
}

/** A run on record, and the rows that it changed. */
export interface PastRun {
  readonly id: string;
  readonly command: string;
  readonly host: string;
  readonly user: string;
  readonly startedAt: Instant;
  readonly changes: readonly Change[];
}

/** Looks runs up. */
export interface PastRuns {
  /** Null where this journal has no such run. */
  find(run: string): Promise<PastRun | null>;
}

/** The run lock and the list of runs. */
export interface Runs {
  /**
   * Makes the journal's schema where it is missing, and brings it to this build's version.
   * @throws KnownError where that is not allowed, and what is there is older than `needs` (1)
   */
  prepare(needs?: number): Promise<void>;
  acquire(run: RunRecord, ttlMs: number): Promise<{ lease: Lease } | { holder: Holder }>;
  /** False when the lease is no longer ours. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease, summary: object): Promise<void>;
}

/** Where the journal belongs: it is bound to the database that it was made in. */
export interface Home {
  /** The name of the database that the journal was written in, where that is recognisably another one. */
  away(): Promise<string | null>;
  /** Makes this database its home, on record as a run; the name of the one before, or null where it is at home. */
  adopt(run: RunRecord): Promise<string | null>;
}

/** The lease went to somebody else: nothing of ours may be written any more. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}
