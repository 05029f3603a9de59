import type { Options, PostgresType, Sql, TransactionSql } from "postgres";
import postgres from "postgres";
import { deadline } from "./deadline.js";
import { explain } from "./failure.js";
import { setLimits } from "./limits.js";
import { filledIn } from "./literal.js";
import { sharedReads } from "./shared-reads.js";

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
 * Pinned, since a database or role may have another default: guards look at rows as they are when they are locked. At
 * a higher level, whoever else wrote to one of them meanwhile would fail the whole statement.
 */
const isolation = "isolation level read committed";
const readOnly = `${isolation} read only`;

/** Bounds that the server cannot keep for us. */
export interface Bounds {
  /** Connections; the first is made by the first transaction. */
  readonly max?: number;
  /** Longest transaction, by our own clock: a server that has stopped answering keeps no limit of its own. Milliseconds. */
  readonly patienceMs?: number;
  /** Somebody waits for the end: from then on a transaction gets `graceMs`. */
  readonly signal?: AbortSignal;
  readonly graceMs?: number;
}

/** Longer than `statement_timeout`, which the server answers for while it lives. */
const PATIENCE_MS = 150_000;
/** After an interruption: enough to put on record what came back, not enough to wait for a dead server. */
const GRACE_MS = 5_000;

export function openDatabase(
  options: Options<Record<string, PostgresType>>,
  where: { describe(): string },
  { max = 4, patienceMs = PATIENCE_MS, signal, graceMs = GRACE_MS }: Bounds = {},
): Database {
  let sql = pool();

  function pool(more: Options<Record<string, PostgresType>> = {}): Sql {
    return postgres({
      ...options,
      max,
      idle_timeout: 20,
      prepare: false,
      fetch_types: false,
      onnotice: () => undefined,
      ...more,
    });
  }

  /** Drops the connections of a pool, and opens another for whoever comes next. */
  function replace(used: Sql, timeout: number): void {
    if (used === sql) sql = pool();
    void reads.end();
    void used.end({ timeout }).catch(() => undefined);
  }

  function begin<T>(used: Sql, mode: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return used.begin(mode, async (tx) => {
      try {
        // Not awaited before the work: without parameters it leaves at once, and the first statement right behind it.
        // Where it fails, the server refuses what follows.
        const limited = tx.unsafe(setLimits);
        limited.catch(() => undefined);
        const result = await work(tx);
        await limited;
        return result;
      } catch (error) {
        if (isLost(error)) await new Promise(() => undefined);
        throw error;
      }
    }) as Promise<T>;
  }

  async function bounded<T>(used: Sql, done: Promise<T>): Promise<T> {
    const limit = deadline({ patienceMs, signal, graceMs }, where.describe());
    try {
      return await Promise.race([done, limit.passed]);
    } catch (error) {
      if (limit.isPassed()) replace(used, 0);
      else if (isLost(error)) replace(used, 5);
      throw explain(error, where.describe());
    } finally {
      limit.end();
    }
  }

  const reads = sharedReads((work) => begin(sql, readOnly, work));

  return {
    read: (work) => bounded(sql, reads.read(work)),
    write: (work) => {
      // Of a pool that was given up meanwhile nothing is begun any more.
      const used = sql;
      const done = reads.end().then(() => begin(used, `${isolation} read write`, work));
      return bounded(used, done);
    },
    statementOf: async (build) => {
      let seen: { text: string; values: readonly unknown[] } = { text: "", values: [] };
      // A pool of its own: with `debug`, postgres.js takes a stack for every piece of every statement.
      const own = pool({ max: 1, debug: (_connection, text, values) => (seen = { text, values }) });
      const describe = async (tx: Tx) => {
        await build(tx).describe();
        return filledIn(seen.text, seen.values);
      };
      try {
        return await bounded(own, begin(own, readOnly, describe));
      } finally {
        await own.end({ timeout: 2 });
      }
    },
    close: async () => {
      // Not awaited: a server that has stopped answering does not answer a commit either.
      void reads.end();
      await sql.end({ timeout: 2 });
    },
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
