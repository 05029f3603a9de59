import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { shopSchema } from "../demo/postgres-schema.js";

/** A database of one case, and a look into it through another driver than the product's. */
export interface Database {
  readonly name: string;
  readonly url: string;
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  readonly client: pg.Client;
  /** Ends the look, so that the database can be a template. */
  leave(): Promise<void>;
  drop(): Promise<void>;
}

/** PostgreSQL's own text for dates and timestamps: a JavaScript Date would lose microseconds. */
const asText = {
  getTypeParser: (oid: number, format?: "text") =>
    [1114, 1184].includes(oid) ? (text: string) => text : pg.types.getTypeParser(oid, format),
} as pg.CustomTypesConfig;

/** The copy is the shop's only home, as after `init --adopt`, but without a run on record that the judge would have to know. */
async function moveIn(client: pg.Client): Promise<void> {
  const { rows } = await client.query("select to_regclass('purchase_fix.home') is not null as found");
  if (rows[0]?.found !== true) return;
  await client.query(`
    update purchase_fix.home set database_name = d.datname, database_oid = d.oid, schema_oid = n.oid
    from pg_database d, pg_namespace n
    where d.datname = current_database() and n.nspname = 'purchase_fix'`);
}

/** A copy of a template, or a new database with the shop's tables. */
export async function newDatabase(server: string, template?: string): Promise<Database> {
  const name = `prove_${randomBytes(6).toString("hex")}`;
  await onServer(server, `create database ${name} template ${template ?? "template0 encoding 'UTF8'"}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = await connect(url.href);
  if (template === undefined) await client.query(shopSchema());
  else await moveIn(client);
  return {
    name,
    url: url.href,
    client,
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
    leave: () => client.end(),
    drop: async () => {
      await client.end();
      await onServer(server, `drop database ${name} with (force)`);
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "prove", types: asText });
  // A server that is restarted under a case ends this session too; the next query then says so.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Waits until a server that is coming up again takes connections. */
export async function untilUp(server: string): Promise<void> {
  const limit = performance.now() + 20_000;
  for (;;) {
    try {
      return await onServer(server, "select 1");
    } catch (error) {
      if (performance.now() > limit) throw error;
    }
  }
}

/** A look into a database that has lost its first one. */
export async function lookAgain(db: Database): Promise<Database> {
  const client = await connect(db.url);
  return {
    ...db,
    client,
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
    leave: () => client.end(),
  };
}

export async function onServer(server: string, sql: string): Promise<void> {
  const client = await connect(server);
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Waits until no session but ours is left: what a dead process had sent is done, or undone, by then. */
export async function untilAlone({ query }: Database): Promise<void> {
  for (;;) {
    const rows = await query(
      `select from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    if (rows.length === 0) return;
    // Whoever asks without a pause takes the time from those for whom it waits.
    await sleep(5);
  }
}
