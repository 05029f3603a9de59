import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { resolveConnection } from "../../src/connection.js";
import { KnownError } from "../../src/errors.js";
import { disk } from "../../src/files.js";
import type { Lease, Written } from "../../src/ports.js";
import { openWitness } from "../../src/queries/witness.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { claimOf, openProduct, settlementOf } from "../cast/product.js";
import { insertSale } from "../cast/shop.js";
import { stage } from "../cast/stage.js";

let db: ShopDatabase;
let product: Product;
let lease: Lease;

stage("witness", {}, (on) => ({ db, product, lease } = on));

const insert = async () => await product.sale(await insertSale(db.witness, { botId: 1 }));

/** One sale each: accepted, refused and given back, refused and kept, given back, confirmed. */
async function everyWrite(): Promise<{ sales: Sale[]; written: Written[] }> {
  const sales = [await insert(), await insert(), await insert(), await insert(), await insert()];
  const [a, b, c, d, e] = sales as [Sale, Sale, Sale, Sale, Sale];
  const claimed = await product.act.claim(
    lease,
    [a, b, c].map((sale) => claimOf(sale)),
  );
  const [first, second, third] = claimed.map(({ attempt }) => attempt) as [string, string, string];
  const settled = await product.act.settle(lease, [
    settlementOf(first),
    settlementOf(second, { answer: "refused", revert: true }),
    settlementOf(third, { answer: "unconfirmed" }),
  ]);
  const reverted = await product.act.revert(lease, [{ saleId: d.id, mark: d.mark }]);
  const confirmed = await product.act.confirm(lease, [claimOf(e)]);
  const written = [...settled, ...reverted, ...confirmed];
  const at = (sale: Sale) => sales.findIndex(({ id }) => id === sale.id);
  return {
    sales,
    written: written.toSorted((x, y) => at({ id: x.saleId } as Sale) - at({ id: y.saleId } as Sale)),
  };
}

const check = async (written: readonly Written[]) => await product.witness.check(written);

test("agrees with every kind of write, and with none at all", async () => {
  const { written } = await everyWrite();
  expect(written.map(({ effect }) => effect)).toEqual([
    "confirmed",
    "reverted",
    "kept",
    "reverted",
    "confirmed",
  ]);
  expect(await check(written)).toEqual([]);
  expect(await check([])).toEqual([]);
});

describe("a later writer explains a difference", () => {
  test.each([
    ["confirmed the sale itself", "meta_event_id = 'pageview_x'"],
    ["flagged it anew", "meta_purchase_sent = true, meta_purchase_sent_at = localtimestamp"],
    ["gave it back", "meta_purchase_sent = false, meta_purchase_sent_at = null, meta_event_id = null"],
  ])("it %s", async (_, set) => {
    const { written } = await everyWrite();
    await db.query(`update payments set ${set}`);
    expect(await check(written)).toEqual([]);
  });

  test("whose transaction began before ours, and wrote after it", async () => {
    const sale = await insert();
    const elsewhere = await insert();
    const application = new Client({ connectionString: db.url });
    await application.connect();
    await application.query("begin");
    await application.query("update payments set amount = 1 where id = $1", [elsewhere.id]);
    const [claimed] = await product.act.claim(lease, [claimOf(sale)]);
    const written = await product.act.settle(lease, [settlementOf(claimed?.attempt ?? "")]);
    await application.query("update payments set meta_event_id = 'pageview_theirs' where id = $1", [sale.id]);
    await application.query("commit");
    await application.end();
    const [row] = await db.query<{ older: boolean }>(
      "select age(xmin) > age($2::text::xid) as older from payments where id = $1",
      [sale.id, written[0]?.xid],
    );
    expect(row).toEqual({ older: true });
    expect(await check(written)).toEqual([]);
  });

  test("it deleted the row", async () => {
    const { written } = await everyWrite();
    await db.query("delete from payments");
    expect(await check(written)).toEqual([]);
  });
});

describe("what no later writer explains is told, with both sides", () => {
  test("the row bears our transaction, and other values", async () => {
    const { written, sales } = await everyWrite();
    const claims = written.map((row, at) =>
      at === 0 ? { ...row, metaEventId: "pageview_claimed" } : at === 1 ? { ...row, flagged: true } : row,
    );
    expect(await check(claims)).toEqual([
      `sale ${sales[0]?.id}: we wrote flagged with event id pageview_claimed, the witness reads flagged with event id ${sales[0]?.pageviewEventId}`,
      `sale ${sales[1]?.id}: we wrote flagged with no event id, the witness reads not flagged with no event id`,
    ]);
  });

  test("a trigger of the shop altered what we wrote", async () => {
    const [sale, other] = [await insert(), await insert()];
    await db.query(`
      create function shop_alters() returns trigger language plpgsql as
        $$ begin update payments set meta_event_id = 'altered' where id = new.id; return null; end $$;
      create trigger shop_alters after update on payments for each row
        when (new.id = ${sale.id} and new.meta_event_id is distinct from 'altered') execute function shop_alters()`);
    const claimed = await product.act.claim(lease, [claimOf(sale), claimOf(other)]);
    const written = await product.act.settle(
      lease,
      claimed.map(({ attempt }) => settlementOf(attempt)),
    );
    await db.query("drop function shop_alters cascade");
    expect(await check(written)).toEqual([
      `sale ${sale.id}: we wrote flagged with event id ${sale.pageviewEventId}, the witness reads flagged with event id altered`,
    ]);
  });

  test("a flag time that differs by a microsecond, too", async () => {
    const { written } = await everyWrite();
    const [first] = written as [Written];
    expect(await check([{ ...first, flaggedAt: `${first.flaggedAt}1` }])).toHaveLength(1);
  });

  test("our transaction is not there: the row bears another's, and the journal nothing of ours", async () => {
    const { written } = await everyWrite();
    const stuck = await insert();
    const [first] = written as [Written];
    const lost = { ...first, saleId: stuck.id, attempt: "4611686018427387904" };
    expect(await check([lost])).toEqual([
      `sale ${stuck.id}: its journal should say confirmed, the witness reads nothing`,
    ]);
  });

  test("the journal says something else, or nothing", async () => {
    const { written, sales } = await everyWrite();
    await db.query("update purchase_fix.attempt set effect = 'kept' where sale_id = $1", [sales[0]?.id]);
    await db.query("delete from purchase_fix.attempt where sale_id = $1", [sales[2]?.id]);
    expect(await check(written)).toEqual([
      `sale ${sales[0]?.id}: its journal should say confirmed, the witness reads kept`,
      `sale ${sales[2]?.id}: its journal should say kept, the witness reads nothing`,
    ]);
  });
});

test("looks at all of many, page by page: a doubt is told wherever it stands", async () => {
  const { written } = await everyWrite();
  const [first] = written as [Written];
  const many = Array.from({ length: 11_000 }, () => first);
  for (const at of [0, 4_999, 5_000, 10_999])
    expect(await check(many.with(at, { ...first, flagged: false, effect: "kept" }))).toHaveLength(2);
});

test("it needs no more than to read, and leaves no connection behind", async () => {
  const { written } = await everyWrite();
  const role = `reader_${db.name}`;
  await db.query(`create role ${role} login; grant usage on schema purchase_fix to ${role};
    grant select on payments, purchase_fix.attempt to ${role}`);
  const url = new URL(db.url);
  url.username = role;
  const reader = openProduct(db, { url: url.href });
  expect(await reader.witness.check(written)).toEqual([]);
  await reader.close();
  const sessions =
    "select from pg_stat_activity where datname = current_database() and application_name like '%:witness'";
  await expect.poll(async () => await db.query(sessions)).toEqual([]);
  await db.query(`drop owned by ${role}; drop role ${role}`);
});

describe("a database that hangs does not hold the end of a run", () => {
  const within = (url: string, patienceMs: number) =>
    openWitness(
      resolveConnection({ url, env: {}, files: disk, home: null, user: null }),
      "test-product",
      patienceMs,
    );

  test("a table that stays locked: the witness gives up, and says so", async () => {
    const { written } = await everyWrite();
    await db.query("begin");
    await db.query("lock table payments in access exclusive mode");
    try {
      await expect(within(db.url, 300).check(written)).rejects.toThrow(/stopped answering/);
    } finally {
      await db.query("rollback");
    }
    expect(await check(written)).toEqual([]);
  });

  test("a host that takes the connection and never answers", async () => {
    const { written } = await everyWrite();
    const silent = createServer((socket) => socket.on("error", () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = new URL(db.url);
    url.host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    // What the operator allows for connecting in general is no limit for the witness.
    url.searchParams.set("connect_timeout", "0");
    try {
      await expect(within(url.href, 300).check(written)).rejects.toThrow(/did not answer in time/);
    } finally {
      await new Promise((resolve) => silent.close(resolve));
    }
  });
});

test("an unreachable database is a known error, not a doubt", async () => {
  const { written } = await everyWrite();
  const url = new URL(db.url);
  url.pathname = "/no_such_database";
  const elsewhere = openProduct(db, { url: url.href });
  await expect(elsewhere.witness.check(written)).rejects.toThrow(KnownError);
  await elsewhere.close();
});
