import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { CustomTypesConfig, QueryResultRow } from "pg";
import { Client, types } from "pg";
import { inject } from "vitest";

/** A database of one test, and the witness who looks into it through another driver than the product's. */
export interface ShopDatabase {
  readonly name: string;
  /** Of the superuser; for the product under test. */
  readonly url: string;
  readonly witness: Client;
  /** Rows as `pg` reads them, but timestamps and dates as PostgreSQL's own text. */
  query<Row extends QueryResultRow = QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** Drops the database. @throws where a connection other than the witness's is still open: somebody leaked it. */
  close(): Promise<void>;
}

/** Milliseconds that a connection may take to vanish after its client has said goodbye. */
const stragglerLimit = 1_000;

/** A fresh database with the shop's tables, all empty. */
export async function shopDatabase(name = "shop"): Promise<ShopDatabase> {
  return await freshDatabase(name, `template ${inject("shopTemplate")}`);
}

/** A fresh database without any table. */
export async function emptyDatabase(name = "empty"): Promise<ShopDatabase> {
  return await freshDatabase(name, "template template0 encoding 'UTF8'");
}

/** A logical copy of a database to which nobody is connected: its own oid, everything else alike. */
export async function copyOf(name: string): Promise<ShopDatabase> {
  return await freshDatabase("copy", `template ${name}`);
}

/** A shop's database without a witness, so that it can be copied; `drop` it after. */
export async function bareShop(): Promise<{ name: string; url: string; drop: () => Promise<void> }> {
  const name = `original_${randomBytes(6).toString("hex")}`;
  await onServer(`create database ${name} template ${inject("shopTemplate")}`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: () => onServer(`drop database ${name} with (force)`) };
}

async function freshDatabase(label: string, source: string): Promise<ShopDatabase> {
  const name = `${label.replaceAll(/\W/g, "_")}_${randomBytes(6).toString("hex")}`.toLowerCase();
  await onServer(`create database ${name} ${source}`);
  // An existing server may live in another zone; the servers that we start are in UTC anyway.
  await onServer(`alter database ${name} set timezone = 'UTC'`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  const witness = new Client({ connectionString: url.href, application_name: "test-witness", types: asText });
  await witness.connect();
  return {
    name,
    url: url.href,
    witness,
    query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await witness.query<Row>(text, [...values])).rows,
    close: async () => {
      const leaked = await leakedConnections(witness);
      await witness.end();
      await onServer(`drop database ${name} with (force)`);
      if (leaked.length > 0) throw new Error(`Connections to ${name} were left open: ${leaked.join("; ")}`);
    },
  };
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: inject("postgresUrl"), application_name: "test-cast" });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Clients only: the server's own workers (autovacuum) come and go as they like. */
async function leakedConnections(witness: Client): Promise<string[]> {
  const limit = performance.now() + stragglerLimit;
  for (;;) {
    const { rows } = await witness.query<{ connection: string }>(
      `select concat_ws(', ', nullif(application_name, ''), state, left(query, 80)) as connection
       from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    if (rows.length === 0 || performance.now() > limit) return rows.map(({ connection }) => connection);
    await sleep(20);
  }
}

/** A JavaScript Date would lose microseconds and take on this process's zone, so dates and timestamps stay text. */
const dateTypes: ReadonlySet<number> = new Set([1082, 1114, 1115, 1182, 1184, 1185]);

const asText: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text") =>
    dateTypes.has(oid)
      ? (text: string) => text
      : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
};
