import type { Instant } from "../sales/sale.js";

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

/** The lease went to somebody else: nothing of ours may be written any more. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}
