import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { resolveConnection } from "../../src/connection.js";
import { forPostgresJs } from "../../src/connection/drivers.js";
import { KnownError } from "../../src/errors.js";
import { disk } from "../../src/files.js";
import type { Bounds, Database } from "../../src/queries/database.js";
import { openDatabase } from "../../src/queries/database.js";
import { openSales } from "../../src/queries/sales.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Proxy } from "../cast/proxy.js";
import { startProxy } from "../cast/proxy.js";

let db: ShopDatabase;
let proxy: Proxy;
let opened: Database[];

beforeAll(async () => {
  db = await shopDatabase("silence");
  proxy = await startProxy(db.url);
});

beforeEach(() => {
  opened = [];
  proxy.speak();
});

afterAll(async () => {
  await proxy?.close();
  await db?.close();
});

function through(bounds: Bounds): Database {
  const connection = resolveConnection({ url: proxy.url, env: {}, files: disk, home: null, user: null });
  const database = openDatabase(forPostgresJs(connection, "test-silence"), connection, bounds);
  opened.push(database);
  return database;
}

const now = async (database: Database) => await openSales(database, "UTC").now();
const problem = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown);
  return error instanceof KnownError ? error.problem : { what: String(error), next: undefined };
};

describe("a database that has stopped answering, its connections still standing", () => {
  test("is given up by our own clock, in words; and asked again through a new connection once it speaks", async () => {
    const database = through({ patienceMs: 300 });
    expect(await now(database)).toBeGreaterThan(0);
    proxy.hush();
    const { what, next } = await problem(now(database));
    expect(what).toContain("stopped answering");
    expect(next).toContain("journal --unsettled");
    proxy.speak();
    expect(await now(database)).toBeGreaterThan(0);
    await database.close();
  });

  test("does not keep an interrupted run: from the signal on it gets a little grace, and no more", async () => {
    const interrupted = new AbortController();
    const database = through({ patienceMs: 600_000, signal: interrupted.signal, graceMs: 200 });
    expect(await now(database)).toBeGreaterThan(0);
    proxy.hush();
    const waiting = problem(now(database));
    interrupted.abort();
    expect((await waiting).what).toContain("stopped answering");
    expect((await problem(now(database))).what).toContain("stopped answering");
    proxy.speak();
    // What can be written down in the grace is written down.
    expect(await now(database)).toBeGreaterThan(0);
    await database.close();
  });

  test("does not hold up the end either", async () => {
    const database = through({});
    expect(await now(database)).toBeGreaterThan(0);
    proxy.hush();
    const left = problem(now(database));
    await database.close();
    expect((await left).what).not.toBe("");
  });
});
