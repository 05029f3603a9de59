import type { Written } from "./ports/attempts.js";
import type { Evidence } from "./sales/evidence.js";
import type { Instant, Pool, Sale } from "./sales/sale.js";

export type * from "./ports/attempts.js";
export type * from "./ports/doctor-database.js";
export type * from "./ports/doctor.js";
export type * from "./ports/graph.js";
export type * from "./ports/history.js";
export * from "./ports/kept.js";
export type * from "./ports/outlets.js";
export * from "./ports/runs.js";
export type * from "./ports/unattended.js";

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

/** Which sales are stuck, as of one moment. Their rows are read page by page, so that nobody need hold a million. */
export interface StuckSales {
  readonly count: number;
  /** None of them empty; without those that are stuck no more. The newest first is the incident report's order. */
  pages(order?: "newest first" | "oldest first"): AsyncIterable<readonly Sale[]>;
}

/** Reads the shop's sales. Nothing here can write. */
export interface SalesReader {
  /** The database's clock: the one horizon of a run. */
  now(): Promise<Instant>;
  /** The stuck sales of the span, and among them those that we reverted and nobody sent since. */
  stuck(span: Span): Promise<StuckSales>;
  /** The page views' event ids that they bear. */
  clicks(span: Span): Promise<ReadonlySet<string>>;
  /** Of these, those that another sale bears too, whatever its state; and the newest sale that there was. */
  sharedClicks(span: Span): Promise<{ readonly clicks: ReadonlySet<string>; readonly newest: number }>;
  /** Those that sales which are newer than this one bear. */
  clicksAfter(id: number): Promise<ReadonlySet<string>>;
  /** Sales of any state by id or payment id, keyed as asked. */
  named(references: readonly string[]): Promise<Map<string, Sale>>;
  outside(span: Span, now: Instant): Promise<Outside>;
  /** The statement that `stuck` runs, its parameters filled in, ready for psql. */
  statement(span: Span): Promise<string>;
}

/** All sales that a survey asks about: broker, results and logs are asked of all at once, not page by page. */
export interface Whole {
  /** Nothing about any of them happened before. */
  readonly since: Instant;
  /** The page views' event ids that they bear. */
  eventIds(): Promise<ReadonlySet<string>>;
  /** Of these, those that another sale bears too; null where these must be looked for page by page. */
  sharedClicks(): Promise<ReadonlySet<string> | null>;
}

/** Finds facts about sales. */
export interface EvidenceReader {
  /** `whole`: what these sales are a page of; the same object for each of its pages. Without it they are the whole. */
  about(sales: readonly Sale[], now: Instant, whole?: Whole): Promise<Map<number, Evidence>>;
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

/** Reads back, through another driver and session, what a run claims to have written. */
export interface Witness {
  /** The differences that no later writer explains, in words with both sides shown. */
  check(written: readonly Written[]): Promise<string[]>;
}
