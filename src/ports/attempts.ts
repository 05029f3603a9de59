import type { Cause } from "../sales/evidence.js";
import type { Answer, Blame, Effect } from "../sales/outcome.js";
import type { Instant, Sale } from "../sales/sale.js";
import type { RowWas } from "../sales/undo.js";
import type { Lease } from "./runs.js";

/** What is put on record before a request leaves, and what the row must still be for that. */
export interface Claim {
  readonly saleId: number;
  readonly mark: Sale["mark"];
  readonly eventId: string;
  readonly origin: string;
  readonly pixelId: string;
  /** The id that the row bears: of a confirmed sale that Meta folded into another. It stays; null for all others. */
  readonly metaEventId: string | null;
  /** No claim from this moment on, by the database's clock. */
  readonly before: Instant;
  /** The sale was reverted by us: the claim sets the flag again. */
  readonly takeBack: boolean;
  /** The sale's last entry in the journal, as far as we know it: another run's attempt since then is noticed. */
  readonly lastAttempt: string | null;
  /** Sales of its click that were not confirmed under this event id when it was judged; one that is now counts in its place. */
  readonly siblings: readonly number[];
  /** What kept the sale from being confirmed, as it was judged: for whoever counts later. */
  readonly cause?: Cause | null;
}

/** A row as it was judged: what every guarded write compares. */
export type Guard = Pick<Claim, "saleId" | "mark" | "lastAttempt" | "cause">;

/** A row as a run left it, and what it shall be again. */
export interface Undoing extends Pick<Guard, "saleId" | "lastAttempt"> {
  readonly from: RowWas;
  readonly to: RowWas;
  readonly because: string;
}

/** What a claim got, and what kept it from the rest where that is not the row's own state. */
export interface Claims {
  readonly claimed: readonly Claimed[];
  readonly hindered: readonly { readonly saleId: number; readonly by: "lock" | "sibling" }[];
}

/** What a write did, and the rows that somebody else held locked: nobody waits for them. */
export interface Writes {
  readonly written: readonly Written[];
  readonly locked: readonly number[];
}

export interface Claimed {
  readonly saleId: number;
  readonly attempt: string;
  /** The row's flag time as it is now: ours, where the claim took the sale back. */
  readonly flaggedAt: string | null;
}

/** How an attempt ended, for the journal and for the row. */
export interface Settlement {
  readonly attempt: string;
  readonly answer: Answer;
  /** Whose fault it is that it was not accepted; null where nothing tells. */
  readonly blame: Blame | null;
  /** Give the sale back to the application (a refusal that the tables allow to revert, or a claim taken back in vain). */
  readonly revert: boolean;
  readonly status: number | null;
  readonly code: number | null;
  readonly subcode: number | null;
  readonly fbtraceId: string | null;
  readonly because: string;
}

/** What a write did to a row, as PostgreSQL returned it: what the witness reads back. */
export interface Written {
  readonly saleId: number;
  readonly effect: Effect;
  readonly attempt: string;
  /** The transaction that wrote it; null where the row was left alone. */
  readonly xid: string | null;
  readonly flagged: boolean | null;
  readonly flaggedAt: string | null;
  readonly metaEventId: string | null;
  /** Why the row was left, where the write itself knows. */
  readonly because?: string;
}

/**
 * The shop's row and our journal, changed together. Every call is one transaction, fails when the lease is lost (but for
 * `answer`), and steps over rows that somebody else has locked.
 * @throws WriteRefused where a constraint or trigger of the shop's refuses one of the rows: none was changed
 * @throws TableLocked where not even the table can be had
 */
export interface Attempts {
  claim(lease: Lease, claims: readonly Claim[]): Promise<Claims>;
  /**
   * Puts Meta's answers on record. It touches no row of the shop and needs no lease, so that no lock, no constraint and
   * no successor loses one.
   * @throws LeaseLost after that, where another run has closed one of the attempts
   */
  answer(lease: Lease, settlements: readonly Settlement[]): Promise<void>;
  /** Does to the rows what follows from the answers on record. */
  settle(lease: Lease, settlements: readonly Settlement[]): Promise<Writes>;
  /** Closes attempts whose rows could not be had: the answers stay on record, the rows are left. */
  close(lease: Lease, attempts: readonly string[], because: string): Promise<Written[]>;
  revert(lease: Lease, sales: readonly Guard[]): Promise<Writes>;
  /**
   * Writes the accepted event id of sales that Meta already has. `because`: an operator's word, which is not taken where
   * a sale of another click is stored under that id.
   */
  confirm(
    lease: Lease,
    sales: readonly (Guard & Pick<Claim, "eventId" | "origin" | "pixelId"> & { readonly because?: string })[],
  ): Promise<Writes>;
  /** Makes rows what they were before a run, where they still are what it made of them. */
  undo(lease: Lease, sales: readonly Undoing[]): Promise<Writes>;
  /** What the rows are now: for a sale that could not be claimed. */
  states(ids: readonly number[]): Promise<Map<number, RowState>>;
}

export interface RowState {
  readonly status: string;
  readonly flagged: boolean;
  readonly metaEventId: string | null;
  readonly mark: Sale["mark"];
  readonly lastAttempt: string | null;
}
