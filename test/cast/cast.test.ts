import { Client } from "pg";
import postgres from "postgres";
import { expect, inject, test } from "vitest";
import { emptyDatabase, shopDatabase } from "./database.js";
import { startPgBouncer } from "./pgbouncer.js";

test("a shop's database has the application's tables, empty, and goes when it is closed", async () => {
  const shop = await shopDatabase("Some file.test");
  const other = await shopDatabase();
  await shop.query("insert into bots (name) values ($1)", ["one"]);
  expect(await other.query("select * from bots")).toEqual([]);
  const columns = await shop.query<{ t: string; c: string; d: string }>(
    "select table_name t, column_name c, data_type d from information_schema.columns where table_schema = 'public'",
  );
  expect(new Set(columns.map(({ t }) => t))).toEqual(
    new Set(["payments", "bots", "pool_bots", "redirect_pools", "bot_users"]),
  );
  expect(columns.filter(({ d }) => d.startsWith("timestamp")).map(({ c, d }) => `${c} ${d}`)).toHaveLength(4);
  expect(columns.some(({ d }) => d.includes("with time zone"))).toBe(false);
  await other.close();
  await shop.close();
  const server = new Client(inject("postgresUrl"));
  await server.connect();
  expect((await server.query("select 1 from pg_database where datname = $1", [shop.name])).rows).toEqual([]);
  await server.end();
});

test("no Date crosses", async () => {
  const empty = await emptyDatabase();
  expect(
    await empty.query(
      "select '2025-11-20 09:00:00.123456'::timestamp a, '2025-11-20 12:00Z'::timestamptz b, '2025-11-20'::date c, 7 n, 1.5::float8 f, true t, null z, array['2025-11-20 09:00:00'::timestamp] r",
    ),
  ).toEqual([
    {
      a: "2025-11-20 09:00:00.123456",
      b: "2025-11-20 12:00:00+00",
      c: "2025-11-20",
      n: 7,
      f: 1.5,
      t: true,
      z: null,
      r: '{"2025-11-20 09:00:00"}',
    },
  ]);
  expect(await empty.query("select tablename from pg_tables where schemaname='public'")).toEqual([]);
  expect(
    await empty.query("select application_name a from pg_stat_activity where pid = pg_backend_pid()"),
  ).toEqual([{ a: "test-witness" }]);
  await empty.close();
});

test("a leaked connection fails the test, and the database goes all the same", async () => {
  const shop = await shopDatabase();
  const leak = new Client({ connectionString: shop.url, application_name: "purchase-fix/test" });
  leak.on("error", () => undefined);
  await leak.connect();
  await leak.query("select 42");
  await expect(shop.close()).rejects.toThrow(/left open: purchase-fix\/test, idle, select 42/);
  await expect(new Client(shop.url).connect()).rejects.toThrow("does not exist");
});

test("pgbouncer shares a connection in transaction mode, and refuses start-up options", async (ctx) => {
  const shop = await shopDatabase();
  const pool = await startPgBouncer(shop.url);
  if (pool === null) {
    await shop.close();
    return ctx.skip("pgbouncer is not installed");
  }
  const url = pool.url(shop.name);
  const sql = postgres(url, { prepare: false, fetch_types: false, max: 1 });
  expect((await sql`select current_database() as d`)[0]).toEqual({ d: shop.name });
  await sql.end();
  const options = new Client({ connectionString: url, options: "-c statement_timeout=1000" });
  await expect(options.connect()).rejects.toThrow(/unsupported startup parameter/);
  await pool.stop();
  await pool.stop();
  await shop.close();
});
test("pgbouncer: two clients, one server session", async (ctx) => {
  const shop = await shopDatabase();
  const pool = await startPgBouncer(shop.url);
  if (pool === null) {
    await shop.close();
    return ctx.skip("pgbouncer is not installed");
  }
  const [a, b] = [new Client(pool.url(shop.name)), new Client(pool.url(shop.name))];
  await a.connect();
  await b.connect();
  const pa = (await a.query("select pg_backend_pid() p")).rows,
    pb = (await b.query("select pg_backend_pid() p")).rows;
  expect(pa).toEqual(pb);
  await a.end();
  await b.end();
  await pool.stop();
  await shop.close();
});
