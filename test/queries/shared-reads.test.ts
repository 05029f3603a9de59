import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tx } from "../../src/queries/database.js";
import { sharedReads } from "../../src/queries/shared-reads.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { openProduct } from "../cast/product.js";

let db: ShopDatabase;
let product: Product;

beforeAll(async () => {
  db = await shopDatabase("shared_reads");
  product = openProduct(db);
});

afterAll(async () => {
  await product?.close();
  await db?.close();
});

/** When its transaction began, on which connection, and whether it may write. */
const whereabouts = async (tx: Tx) => {
  const [row] = await tx<{ began: string; pid: number; mode: string }[]>`
    select now()::text as began, pg_backend_pid() as pid, current_setting('transaction_read_only') as mode`;
  return row;
};

test("reads that follow one another are one transaction; one after a pause is another", async () => {
  const first = await product.database.read(whereabouts);
  const second = await product.database.read(whereabouts);
  await pause(20);
  const third = await product.database.read(whereabouts);
  expect(second).toEqual(first);
  expect(third).toMatchObject({ pid: first?.pid });
  expect(third?.began).not.toBe(first?.began);
});

test("one that lay idle for long, since we were busy ourselves, is not gone on with", async () => {
  const first = await product.database.read(whereabouts);
  const until = performance.now() + 1_200;
  while (performance.now() < until);
  expect((await product.database.read(whereabouts))?.began).not.toBe(first?.began);
});

test("a write right behind a read is a transaction of its own, on the same connection", async () => {
  const read = await product.database.read(whereabouts);
  const write = await product.database.write(whereabouts);
  const again = await product.database.read(whereabouts);
  expect([read?.mode, write?.mode, again?.mode]).toEqual(["on", "off", "on"]);
  expect([write?.pid, again?.pid]).toEqual([read?.pid, read?.pid]);
  expect(write?.began).not.toBe(read?.began);
});

test("one that fails leaves those before and behind it alone", async () => {
  const before = await product.database.read(whereabouts);
  await expect(product.database.read((tx) => tx`select 1 / 0`)).rejects.toThrow(/division by zero/);
  await expect(product.database.read(() => Promise.reject(new Error("ours")))).rejects.toThrow("ours");
  expect(await product.database.read(whereabouts)).toMatchObject({ pid: before?.pid });
});

test("reads at one time have a transaction each", async () => {
  const all = await Promise.all([1, 2, 3].map(() => product.database.read(whereabouts)));
  expect(new Set(all.map((one) => one?.pid)).size).toBe(3);
});

test("what others commit meanwhile is seen by the next read of the same transaction", async () => {
  await db.query("create table told (n int)");
  const seen = async (tx: Tx) => (await tx`select from told`).length;
  const reads = product.database;
  const both = await reads.read(async (tx) => {
    const before = await seen(tx);
    await db.query("insert into told values (1)");
    return [before, await seen(tx)];
  });
  expect(both).toEqual([0, 1]);
});

test("whoever must not run beside a commit waits for it", async () => {
  const steps: string[] = [];
  let commit: () => void = () => undefined;
  const committed = new Promise<void>((resolve) => (commit = resolve));
  const reads = sharedReads(async (work) => {
    await work(undefined as never);
    steps.push("commit");
    await committed;
  });
  await reads.read(() => Promise.resolve());
  const ended = reads.end().then(() => steps.push("ended"));
  const next = reads.read(async () => void steps.push("next"));
  await pause(20);
  expect(steps).toEqual(["commit"]);
  commit();
  await Promise.all([ended, next]);
  expect(steps.slice(0, 3).toSorted()).toEqual(["commit", "ended", "next"]);
});
