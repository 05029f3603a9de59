import type { Options, PostgresType, Sql, TransactionSql } from "postgres";
import postgres from "postgres";
import { explain } from "./failure.js";

/** A statement's surroundings: one short transaction with limits of its own. */
export type Tx = TransactionSql;

/** Our way into the shop's database. */
export interface Database {
  /** A transaction that cannot write. @throws KnownError when the database refuses or cannot be reached. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A transaction that may write, and commits when `work` ends well. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A read transaction that hands over the statement instead of running it. */
  statementOf(build: (tx: Tx) => { describe(): Promise<unknown> }): Promise<string>;
  close(): Promise<void>;
}

/**
 * Limits of every transaction, set inside it: start-up options are refused by PgBouncer. A row lock of the application
 * is waited for 5 s, and a query whose client is gone ends within 2 s (PostgreSQL 14 and later know that check; the
 * select leaves out what a server does not know). Texts of times and floats, which guards compare, are pinned too.
 */
const limits = {
  statement_timeout: "120000",
  lock_timeout: "5000",
  idle_in_transaction_session_timeout: "60000",
  client_connection_check_interval: "2000",
  jit: "off",
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  extra_float_digits: "1",
};

/** Opens a pool of at most `max` connections; the first is made by the first transaction. */
export function openDatabase(
  options: Options<Record<string, PostgresType>>,
  where: { describe(): string },
  max = 4,
): Database {
  let seen: { text: string; values: readonly unknown[] } = { text: "", values: [] };
  let sql = pool();

  function pool(): Sql {
    return postgres({
      ...options,
      max,
      idle_timeout: 20,
      prepare: false,
      fetch_types: false,
      onnotice: () => undefined,
      debug: (_connection, text, values) => {
        seen = { text, values };
      },
    });
  }

  async function transaction<T>(mode: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const used = sql;
    try {
      return (await used.begin(mode, async (tx) => {
        try {
          await setLimits(tx);
          return await work(tx);
        } catch (error) {
          if (isLost(error)) await new Promise(() => undefined);
          throw error;
        }
      })) as T;
    } catch (error) {
      if (isLost(error) && used === sql) {
        sql = pool();
        void used.end({ timeout: 5 }).catch(() => undefined);
      }
      throw explain(error, where.describe());
    }
  }

  return {
    read: (work) => transaction("read only", work),
    write: (work) => transaction("read write", work),
    statementOf: (build) =>
      transaction("read only", async (tx) => {
        await build(tx).describe();
        return filledIn(seen.text, seen.values);
      }),
    close: () => sql.end({ timeout: 2 }),
  };
}

/**
 * The session is gone. postgres.js 3.4 then answers the next statement with the old error, and its own rollback throws
 * where nobody can catch it (porsager/postgres #1208, #1215): so a lost transaction is left to the driver's closing,
 * which rejects it, and the pool is replaced.
 */
function isLost(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" && /^(CONNECTION_|ECONN|EPIPE|57P0[123]$|25P0[34]$)/.test(code);
}

async function setLimits(tx: Tx): Promise<void> {
  await tx`
    select set_config(s.name, l.value, true)
    from jsonb_each_text(${tx.json(limits)}::jsonb) l(name, value)
    join pg_catalog.pg_settings s on s.name = l.name`;
}

/** A statement with its parameters written out, for psql. Our own statements hold no `$n` inside quotes. */
export function filledIn(text: string, values: readonly unknown[]): string {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const indents = lines.filter((line) => line !== "").map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents.slice(lines[0] === "" ? 0 : 1), 80);
  const flush = lines
    .map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)))
    .join("\n");
  return `${flush.trim().replaceAll(/\$(\d+)/g, (_, n: string) => literal(values[Number(n) - 1]))};`;
}

/** A value as an SQL literal. Without backslashes inside, `standard_conforming_strings` does not matter. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
