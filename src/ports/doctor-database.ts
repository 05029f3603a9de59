import type { Instant } from "../sales/sale.js";

/** The server, as a session finds it. */
export interface ServerFacts {
  readonly place: string;
  readonly version: string;
  readonly versionNumber: number;
  readonly user: string;
  /** A standby, or a role or database that starts read-only. */
  readonly readOnly: "standby" | "default" | null;
  /** Host's clock before and after, database's between. */
  readonly clock: { readonly before: Instant; readonly at: Instant; readonly after: Instant };
  /** TimeZone of a session that says nothing. */
  readonly zone: string;
}

export interface ColumnFact {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly select: boolean;
  readonly update: boolean;
}

export interface TableFact {
  readonly table: string;
  readonly owned: boolean;
  readonly insert: boolean;
  readonly delete: boolean;
  readonly truncate: boolean;
  /** Row-level security holds for this role. */
  readonly filtered: boolean;
}

/** The shop's tables as this role sees them; a table that is missing is in neither list. */
export interface ShapeFacts {
  readonly tables: readonly TableFact[];
  readonly columns: readonly ColumnFact[];
  readonly role: {
    readonly name: string;
    readonly superuser: boolean;
    readonly bypassesRowSecurity: boolean;
    readonly createsRoles: boolean;
    /** May read `payments.xmin`, by which the second session knows our own writes. */
    readonly readsXmin: boolean;
  };
}

export interface IndexFact {
  readonly name: string;
  readonly valid: boolean;
  readonly predicate: string | null;
  /** Its first column, as PostgreSQL writes it. */
  readonly first: string;
}

export interface IndexFacts {
  /** As SQL names it. */
  readonly table: string;
  /** By the planner's statistics; null where the table was never analysed. */
  readonly rows: number | null;
  readonly indexes: readonly IndexFact[];
  /** There is a `pageview_event_id`, by which sales share a click. */
  readonly clicks: boolean;
  /** Rows that the partial index would hold; null where counting took too long. */
  readonly stuck: number | null;
}

export interface JournalFacts {
  /** Of the schema; null where there is none, 0 where the role may not read it. */
  readonly version: number | null;
  readonly known: number;
  /** As SQL names it. */
  readonly role: string;
  readonly mayCreate: boolean;
  /** The database in which it was written, where it is another one. */
  readonly away: string | null;
  readonly usage: boolean;
  /** Tables of ours on which the role lacks select, insert or update. */
  readonly lacking: readonly string[];
  /** Tables that `observe` cannot clear. */
  readonly keeps: readonly string[];
}

/** What the rows of the last days tell. */
export interface RowFacts {
  readonly now: Instant;
  readonly days: number;
  readonly newest: Instant | null;
  /** The same text read in other zones. */
  readonly newestIn: readonly { readonly zone: string; readonly at: Instant }[];
  /** Rows of the 24 hours up to the newest: how busy the shop is. */
  readonly busy: number;
  readonly future: number;
  readonly paid: number;
  readonly flaggedWithoutTime: number;
  readonly withoutAmount: number;
  readonly idWithoutFlag: number;
  readonly idUnpaid: number;
  readonly oldestStuck: Instant | null;
  /** Confirmed sales that bear the event id of an earlier one within 48 hours, and their money. */
  readonly folded: { readonly count: number; readonly amount: string | null };
  /** Sales in a currency other than the configured one; null where the shop has no such column. */
  readonly otherCurrency: number | null;
  /** Bots with paid sales that no enabled pool serves; empty in a shop without pools. */
  readonly botsWithoutPool: readonly number[];
}
