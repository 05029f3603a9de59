import { tmpdir } from "node:os";
import pg from "pg";
import { newFernetKey } from "../../demo/fernet.js";
import { shopSchema } from "../../demo/postgres-schema.js";
import type { Postgres } from "../../demo/postgres.js";
import { startPostgres } from "../../demo/postgres.js";
import { insertBot, insertPool } from "../../demo/shop.js";
import { clickIndex, customersOf, partialIndex, shopOf, stuckOnly } from "./payments.js";

/** A database of the shop, seen through another driver than the product's. */
export interface Shop {
  readonly name: string;
  readonly url: string;
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Drops the database. */
  drop(): Promise<void>;
}

/** One server and its shops, from the first row of a run that wants them to the last. */
export interface Shops {
  readonly key: string;
  /** The version of the server. */
  readonly version: string;
  /** A year of payments, few of them stuck, with the index of the stuck ones. Made once; only read. */
  year(): Promise<Shop>;
  /** A shop with that many stuck sales and nothing else, of which this is the caller's own copy. */
  stuck(count: number): Promise<Shop>;
  stop(): Promise<void>;
}

interface Open extends Shop {
  readonly client: pg.Client;
}

type Fill = (shop: Shop) => Promise<void>;

/** Bots 1 to 4 have a pool and a pixel each, so that four requests can be under way at once. */
export const pixels = [1, 2, 3, 4].map((n) => `41000000000000${n}`);

/**
 * Neither side is made to wait for a disk: fsync is off. The data lies on a disk all the same, since ten million rows take
 * 5 GB, and a short write-ahead log would stop both sides for checkpoints at moments that no pair shares.
 */
const settings = {
  shared_buffers: "512MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  autovacuum: "off",
  maintenance_work_mem: "256MB",
  // Rows that are filled into a table of the same transaction leave no write-ahead log.
  wal_level: "minimal",
  max_wal_senders: "0",
};

export async function openShops(rows: number): Promise<Shops> {
  const key = newFernetKey();
  const server = await startPostgres({ settings, places: { memory: tmpdir() } });
  const templates = new Map<string, Promise<string>>();
  const [{ version } = { version: "?" }] = await onServer(
    server,
    "select current_setting('server_version') as version",
  );
  const template = async (name: string, fill: Fill) => {
    const made = templates.get(name) ?? make(server, key, name, fill);
    templates.set(name, made);
    return await made;
  };
  let year: Promise<Open> | null = null;
  return {
    key,
    version: String(version),
    year: () =>
      (year ??= template("year", (shop) => fillYear(shop, rows)).then((name) => connect(server, name))),
    stuck: async (count) => {
      const from = await template(`stuck_${count}`, (shop) => fillStuck(shop, count));
      const name = `${from}_${templates.size}_${Math.round(performance.now())}`;
      // A copy of files takes a third of the time of one through the write-ahead log.
      await onServer(server, `create database ${name} template ${from} strategy file_copy`);
      return await connect(server, name);
    },
    stop: async () => {
      await (await year)?.client.end();
      await server.stop();
    },
  };
}

async function fillYear(shop: Shop, rows: number): Promise<void> {
  // Keys at the end: an index that is built at once takes half the time of one that grows with the rows.
  const keys = ["pkey", "payment_id_key", "delivery_token_key"].map(
    (name) => `drop constraint payments_${name}`,
  );
  await load(shop, [
    `alter table payments ${keys.join(", ")}`,
    shopOf(rows),
    "alter table payments add primary key (id), add unique (payment_id)",
    partialIndex,
    clickIndex,
  ]);
  await shop.query("vacuum analyze payments");
}

/** In one transaction, and without a look at each row's bot: that alone took half the time. */
async function load(shop: Shop, statements: readonly string[]): Promise<void> {
  await shop.query("set session_replication_role = replica");
  for (const sql of ["begin", "truncate payments", ...statements, "commit"]) await shop.query(sql);
  await shop.query("reset session_replication_role");
}

async function fillStuck(shop: Shop, count: number): Promise<void> {
  await load(shop, [stuckOnly(count), customersOf(count), partialIndex]);
  await shop.query("vacuum analyze");
}

async function make(server: Postgres, key: string, name: string, fill: Fill): Promise<string> {
  await onServer(server, `create database ${name}`);
  const shop = await connect(server, name);
  await shop.query(shopSchema());
  for (const [at, pixelId] of pixels.entries()) {
    const id = await insertBot(shop.client, { id: at + 1 });
    await insertPool(shop.client, { id: at + 1, pixelId, key, bots: [id] });
  }
  await fill(shop);
  // A database with a session cannot be a template.
  await shop.client.end();
  return name;
}

async function connect(server: Postgres, name: string): Promise<Open> {
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href, application_name: "bench" });
  await client.connect();
  return {
    name,
    url: url.href,
    client,
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
    drop: async () => {
      await client.end();
      await onServer(server, `drop database ${name} with (force)`);
    },
  };
}

async function onServer(server: Postgres, sql: string): Promise<pg.QueryResultRow[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as pg.QueryResultRow[];
  } finally {
    await client.end();
  }
}
