import type { Evidence } from "./sales/evidence.js";
import type { Answer, Effect } from "./sales/outcome.js";
import type { Planned } from "./sales/plan.js";
import type { Instant, Pool, Sale } from "./sales/sale.js";

/** Time as a value, so that a simulation can drive it. */
export interface Clock {
  now(): Instant;
  /** Resolves after `ms`, or at once when the signal fires. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The span of `created_at` that a window command looks at; `until` is exclusive. */
export interface Span {
  readonly since: Instant;
  readonly until: Instant | null;
}

/** What lies outside the span that was asked for. */
export interface Outside {
  readonly count: number;
  readonly amount: string;
  /** Of these, how many Meta will no longer accept 24 hours from now (but still does). */
  readonly expiringSoon: number;
}

/** Reads the shop's sales. Nothing here can write. */
export interface SalesReader {
  /** The database's clock: the one horizon of a run. */
  now(): Promise<Instant>;
  /** The stuck sales of the span in the incident report's order, and those that we reverted and nobody sent since. */
  stuck(span: Span): Promise<Sale[]>;
  /** Sales of any state by id or payment id, keyed as asked. */
  named(references: readonly string[]): Promise<Map<string, Sale>>;
  outside(span: Span, now: Instant): Promise<Outside>;
  /** The statement that `stuck` runs, its parameters filled in, ready for psql. */
  statement(span: Span): Promise<string>;
}

/** Finds facts about sales. Later sources (broker, results, logs) join behind this port. */
export interface EvidenceReader {
  about(sales: readonly Sale[], now: Instant): Promise<Map<number, Evidence>>;
}

/** Can the event of a sale be built and sent, as far as the shop's rows go? */
export interface Shipping {
  /** The fault by sale id; sales without one are absent. */
  faults(parcels: readonly { sale: Sale; pool: Pool | null }[], now: Instant): Promise<Map<number, string>>;
  /** What this invocation lacks to check (or to send): no key, no pools. Null when it lacks nothing. */
  lacking(sales: readonly Sale[]): Lack | null;
}

export interface Lack {
  readonly what: string;
  readonly next: string;
}

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
  /** Makes the journal's schema where it is missing; KnownError where that is not allowed. */
  prepare(): Promise<void>;
  acquire(run: RunRecord, ttlMs: number): Promise<{ lease: Lease } | { holder: Holder }>;
  /** False when the lease is no longer ours. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease, summary: object): Promise<void>;
}

/** What is put on record before a request leaves, and what the row must still be for that. */
export interface Claim {
  readonly saleId: number;
  readonly mark: Sale["mark"];
  readonly eventId: string;
  readonly origin: string;
  readonly pixelId: string;
  /** No claim from this moment on, by the database's clock. */
  readonly before: Instant;
  /** The sale was reverted by us: the claim sets the flag again. */
  readonly takeBack: boolean;
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
}

/** The shop's row and our journal, changed together. Every call is one transaction and fails when the lease is lost. */
export interface Attempts {
  claim(lease: Lease, claims: readonly Claim[]): Promise<Claimed[]>;
  settle(lease: Lease, settlements: readonly Settlement[]): Promise<Written[]>;
  revert(lease: Lease, sales: readonly Pick<Claim, "saleId" | "mark">[]): Promise<Written[]>;
  /** Writes the accepted event id of sales that Meta already has. */
  confirm(
    lease: Lease,
    sales: readonly Pick<Claim, "saleId" | "mark" | "eventId" | "origin" | "pixelId">[],
  ): Promise<Written[]>;
  /** What the rows are now: for a sale that could not be claimed. */
  states(ids: readonly number[]): Promise<Map<number, RowState>>;
}

export interface RowState {
  readonly status: string;
  readonly flagged: boolean;
  readonly metaEventId: string | null;
  readonly mark: Sale["mark"];
}

/** The lease went to somebody else: nothing of ours may be written any more. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** Why Meta refused; what follows from each scope stands in acting/lane.ts. */
export type RefusalScope = "event" | "credentials" | "rate" | "transient" | "policy" | "request";

/** What came back for one request. */
export type GraphAnswer =
  | { readonly kind: "accepted"; readonly received: number; readonly fbtraceId: string | null }
  | {
      readonly kind: "refused";
      readonly scope: RefusalScope;
      readonly status: number;
      readonly code: number | null;
      readonly subcode: number | null;
      readonly fbtraceId: string | null;
      /** For people; redacted and cut. */
      readonly message: string;
      readonly waitMs: number | null;
    }
  /** No connection was ever made: nothing was processed. */
  | { readonly kind: "unreached"; readonly because: string }
  /** The request was written, and nobody knows what became of it. */
  | {
      readonly kind: "unknown";
      readonly because: string;
      readonly status: number | null;
      readonly fbtraceId: string | null;
      /** 200, but fewer events received than sent. */
      readonly short?: boolean;
    };

/** Builds events and sends them. It alone knows tokens and customers. */
export interface Sender {
  /** The events of these sales; a sale whose row no longer yields one comes back as a fault. */
  build(
    sales: readonly Planned[],
    now: Instant,
  ): Promise<Map<number, { event: unknown } | { fault: string }>>;
  /** All sales of a batch share pixel and pool. */
  post(
    to: { readonly pixelId: string; readonly pool: number | null; readonly testEventCode: string | null },
    events: readonly unknown[],
    signal: AbortSignal,
  ): Promise<GraphAnswer>;
}

/** Reads back, through another driver and session, what a run claims to have written. */
export interface Witness {
  /** The differences that no later writer explains, in words with both sides shown. */
  check(written: readonly Written[]): Promise<string[]>;
}
