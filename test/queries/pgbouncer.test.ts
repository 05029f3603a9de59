import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { LeaseLost } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { PgBouncer } from "../cast/pgbouncer.js";
import { startPgBouncer } from "../cast/pgbouncer.js";
import type { Product } from "../cast/product.js";
import { claimOf, newRun, openProduct, settlementOf } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

const pooler: PgBouncer | null = await startPgBouncer(inject("postgresUrl"));

describe.skipIf(pooler === null)("through PgBouncer in transaction mode", () => {
  let db: ShopDatabase;
  let product: Product;

  beforeAll(async () => {
    db = await shopDatabase("pooled");
    await insertBot(db.witness, { id: 1 });
    product = openProduct(db, { url: pooler?.url(db.name) ?? "" });
  });

  afterAll(async () => {
    await product?.close();
    await pooler?.stop();
    await db?.close();
  });

  const insert = async () => await product.sale(await insertSale(db.witness, { botId: 1 }));
  const everySale = { since: 0, until: null };

  test("everything reads: sales, the printed statement, evidence, customers, the journal", async () => {
    const sale = await insert();
    const now = await product.sales.now();
    expect(await product.stuck(everySale)).toEqual([sale]);
    expect(await db.query(await product.sales.statement(everySale))).toHaveLength(1);
    expect(await product.sales.outside(everySale, now)).toMatchObject({ count: 0 });
    expect((await product.evidence.about([sale], now)).size).toBe(1);
    expect((await product.customers.of([sale.id])).size).toBe(1);
    expect(
      await product.journal.entries({ sales: [], run: null, unsettledOnly: false, limit: null }),
    ).toBeNull();
  });

  test("the whole way of a sale: lease, claim, settle, revert, confirm, witness, release", async () => {
    const [accepted, reverted, confirmed] = [await insert(), await insert(), await insert()];
    const lease = await product.begin();
    const [claimed] = await product.act.claim(lease, [claimOf(accepted)]);
    expect(await product.runs.renew(lease, 60_000)).toBe(true);
    const written = [
      ...(await product.act.settle(lease, [settlementOf(claimed?.attempt ?? "")])),
      ...(await product.act.revert(lease, [{ saleId: reverted.id, mark: reverted.mark }])),
      ...(await product.act.confirm(lease, [claimOf(confirmed)])),
    ];
    expect(written.map(({ effect }) => effect)).toEqual(["confirmed", "reverted", "confirmed"]);
    expect(await product.witness.check(written)).toEqual([]);
    await product.runs.release(lease, {});
    const rows = await db.query(
      "select id, meta_purchase_sent as flagged, meta_event_id from payments where id = any($1) order by id",
      [[accepted.id, reverted.id, confirmed.id]],
    );
    expect(rows).toEqual([
      { id: accepted.id, flagged: true, meta_event_id: accepted.pageviewEventId },
      { id: reverted.id, flagged: false, meta_event_id: null },
      { id: confirmed.id, flagged: true, meta_event_id: confirmed.pageviewEventId },
    ]);
  });

  test("several lanes at once, one lease: each sale is claimed and settled once", async () => {
    const sales: Sale[] = [];
    for (let at = 0; at < 40; at += 1) sales.push(await insert());
    const lease = await product.begin();
    await Promise.all(
      sales.map(async (sale) => {
        const [claimed] = await product.act.claim(lease, [claimOf(sale)]);
        await product.act.settle(lease, [settlementOf(claimed?.attempt ?? "")]);
      }),
    );
    await product.runs.release(lease, {});
    const ids = sales.map(({ id }) => id);
    expect(
      await db.query(
        `select count(*)::int as sales, count(*) filter (where meta_event_id = pageview_event_id)::int as confirmed,
                (select count(*)::int from purchase_fix.attempt where sale_id = any($1) and effect = 'confirmed') as attempts
         from payments where id = any($1)`,
        [ids],
      ),
    ).toEqual([{ sales: 40, confirmed: 40, attempts: 40 }]);
  });

  test("the lock holds: one of many gets it, and a run that lost it writes nothing", async () => {
    const sale = await insert();
    const got = await Promise.all(Array.from({ length: 8 }, () => product.runs.acquire(newRun(), 60_000)));
    const leases = got.flatMap((answer) => ("lease" in answer ? [answer.lease] : []));
    expect(leases).toHaveLength(1);
    const [loser] = leases;
    if (!loser) throw new Error("nobody got the lock");
    await db.query("update purchase_fix.lease set expires_at = clock_timestamp()");
    const successor = await product.begin();
    await expect(product.act.claim(loser, [claimOf(sale)])).rejects.toThrow(LeaseLost);
    expect(await product.act.claim(successor, [claimOf(sale)])).toHaveLength(1);
    await product.runs.release(successor, {});
  });

  test("limits of our transactions do not stay behind for the pooler's next client", async () => {
    await Promise.all(Array.from({ length: 4 }, () => product.sales.now()));
    const application = new Client({ connectionString: pooler?.url(db.name) ?? "" });
    await application.connect();
    const settings =
      "select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement";
    const { rows } = await application.query(settings);
    await application.end();
    expect(rows).toEqual([{ lock: "0", statement: "0" }]);
  });
});
