import type { Catalogue, Table } from "./catalogue.js";
import type { PendingQuery, Row } from "postgres";
import type { Tx } from "./database.js";

/** A piece of a statement. */
export type Fragment = PendingQuery<Row[]>;

/** Writes the columns of one table into a statement, and `null` for those that this shop does not have. */
export interface Columns {
  plain(column: string): Fragment;
  /** Milliseconds since 1970 UTC, as text. A timestamp without zone is read in the shop's time zone. */
  instant(column: string): Fragment;
  /** Exactly as stored: what guards compare. */
  text(column: string): Fragment;
}

export function columnsOf(
  tx: Tx,
  catalogue: Catalogue,
  table: Table,
  alias: string,
  timeZone: string,
): Columns {
  // Names are ours, never a user's: written bare, so that a printed statement reads as a person would write it.
  const name = (column: string): Fragment => tx`${tx.unsafe(`${alias}.${column}`)}`;
  const has = (column: string) => catalogue.has(table, column);
  return {
    plain: (column) => (has(column) ? name(column) : tx`null`),
    text: (column) => (has(column) ? tx`${name(column)}::text` : tx`null::text`),
    instant: (column) => {
      if (!has(column)) return tx`null::text`;
      const moment = isZoned(catalogue, table, column)
        ? name(column)
        : tx`${name(column)} at time zone ${timeZone}`;
      return tx`(extract(epoch from ${moment}) * 1000)::text`;
    },
  };
}

export function isZoned(catalogue: Catalogue, table: Table, column: string): boolean {
  return catalogue.type(table, column)?.includes("with time zone") ?? false;
}

/** What a JavaScript date can hold, in milliseconds; PostgreSQL's years go on for another 18,000. */
const LAST_INSTANT = 8.64e15;

/** Reads what `instant` wrote. Infinite and absurd times count as missing. */
export function asInstant(text: string | null): number | null {
  if (text === null) return null;
  const ms = Math.floor(Number(text));
  return Math.abs(ms) <= LAST_INSTANT ? ms : null;
}
