import { describe, expect, test } from "vitest";
import type { Lease, Undoing } from "../../src/ports.js";
import { openPastRuns } from "../../src/queries/open.js";
import type { Sale } from "../../src/sales/sale.js";
import { defaultPatience, judge } from "../../src/sales/verdict.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { changes, claimOf, settlementOf, wholeRows } from "../cast/product.js";
import { insertSale } from "../cast/shop.js";
import { idleStage } from "../cast/stage.js";

describe.each(["timestamp", "timestamptz"])("undo, with flag times of type %s", (type) => {
  let db: ShopDatabase;
  let product: Product;

  idleStage("undo", { flagTimes: type }, (on) => ({ db, product } = on));

  const insert = async (row: Partial<Parameters<typeof insertSale>[1]> = {}) =>
    await product.sale(await insertSale(db.witness, { botId: 1, ...row }));
  const begin = async (command: string) => await product.begin(command);
  const end = async (lease: Lease) => await product.runs.release(lease, {});
  const evidenceOf = async (sale: Sale) => {
    const found = (await product.evidence.about([sale], Date.now())).get(sale.id);
    if (!found) throw new Error("no evidence");
    return found;
  };

  /** What the run made of these sales, ready to be undone. */
  async function undoing(run: string): Promise<Undoing[]> {
    const past = await openPastRuns(product.database).find(run);
    return await Promise.all(
      (past?.changes ?? []).map(async ({ saleId, was, wrote }) => {
        const { lastAttempt } = await evidenceOf(await product.sale(saleId));
        return { saleId, lastAttempt, from: wrote, to: was, because: "as it was" };
      }),
    );
  }

  async function reverted(...sales: Sale[]): Promise<Undoing[]> {
    const lease = await begin("revert");
    await product.act.revert(
      lease,
      sales.map(({ id, mark }) => ({ saleId: id, mark })),
    );
    await end(lease);
    return await undoing(lease.run);
  }

  test("restores flag, time and id, and nothing else; its entry comes in the same transaction and says what was", async () => {
    const [sale, other] = [await insert(), await insert()];
    const list = await reverted(sale);
    const before = await wholeRows(db);
    const lease = await begin("undo");
    const { written, locked } = await product.attempts.undo(lease, list);
    const after = await wholeRows(db);
    expect(changes(before, after)).toEqual({
      [sale.id]: { meta_purchase_sent: true, meta_purchase_sent_at: expect.any(String) },
    });
    expect(await product.sale(sale.id)).toEqual(sale);
    expect(await product.sale(other.id)).toEqual(other);
    const [entry] = await db.query(
      "select a.*, a.xmin::text as wrote from purchase_fix.attempt a order by id desc",
    );
    expect(entry).toMatchObject({
      run_id: lease.run,
      sale_id: String(sale.id),
      event_id: null,
      flagged_before: false,
      flagged_after: true,
      flagged_at_after: sale.mark.flaggedAt,
      answer: null,
      effect: "restored",
      wrote: after[sale.id]?.["xmin"],
    });
    expect([written.length, locked]).toEqual([1, []]);
    expect(await product.witness.check(written)).toEqual([]);
    expect(await evidenceOf(sale)).toMatchObject({ reverted: false, traces: [], refused: null });
    await end(lease);
  });

  test.each([
    ["refunded", "status = 'refunded'"],
    ["confirmed", "meta_event_id = 'pageview_x'"],
    ["flagged again", "meta_purchase_sent = true"],
    ["given a flag time", "meta_purchase_sent_at = '2026-01-01'"],
  ])("leaves a row that was %s in the moment before", async (_, set) => {
    const [moved, still] = [await insert(), await insert()];
    const list = await reverted(moved, still);
    await db.query(`update payments set ${set} where id = $1`, [moved.id]);
    const before = await wholeRows(db);
    const lease = await begin("undo");
    expect((await product.attempts.undo(lease, list)).written.map(({ saleId }) => saleId)).toEqual([
      still.id,
    ]);
    expect(Object.keys(changes(before, await wholeRows(db)))).toEqual([String(still.id)]);
    await end(lease);
  });

  test("leaves a sale that another run attempted in the moment before", async () => {
    const sale = await insert();
    const list = await reverted(sale);
    const lease = await begin("undo");
    await db.query(
      "insert into purchase_fix.attempt (run_id, sale_id, answer, effect, settled_at) values ($1, $2, 'not-sent', 'kept', now())",
      [lease.run, sale.id],
    );
    expect(await product.attempts.undo(lease, list)).toEqual({ written: [], locked: [] });
    await end(lease);
  });

  test("writes nothing without the lease", async () => {
    const sale = await insert();
    const list = await reverted(sale);
    const before = await wholeRows(db);
    await expect(product.attempts.undo({ run: "gone", token: "0" }, list)).rejects.toThrow(/lost its lease/);
    expect(await wholeRows(db)).toEqual(before);
  });

  test("of a confirm leaves the acceptance on record: the sale is delivered, also to its siblings", async () => {
    const sale = await insert({ pageviewEventId: "click" });
    const sibling = await insert({ pageviewEventId: "click" });
    const lease = await begin("confirm");
    await product.act.confirm(lease, [claimOf(sale, { origin: "worker log" })]);
    await end(lease);
    const list = await undoing(lease.run);
    const undo = await begin("undo");
    expect((await product.attempts.undo(undo, list)).written).toMatchObject([{ effect: "restored" }]);
    await end(undo);
    const now = Date.now();
    const policy = { pixelId: null, noBrowserPixel: false, ...defaultPatience };
    const kind = async (one: Sale) => judge(one, await evidenceOf(one), { fault: null }, policy, now).kind;
    expect(await kind(await product.sale(sale.id))).toBe("delivered");
    expect((await evidenceOf(sibling)).siblings).toMatchObject([
      { id: sale.id, acceptedAt: expect.any(Number) },
    ]);
  });

  test("of a confirm makes an attempt unsettled again that it had settled", async () => {
    const sale = await insert({ pageviewEventId: "click" });
    const first = await begin("resend");
    const [claimed] = await product.act.claim(first, [claimOf(sale)]);
    await product.act.settle(first, [settlementOf(claimed?.attempt ?? "", { answer: "unconfirmed" })]);
    await end(first);
    const unsettled = async () =>
      (await product.journal.entries({ sales: [], run: null, unsettledOnly: true, limit: null }))?.length;
    expect(await unsettled()).toBe(1);
    const lease = await begin("confirm");
    await product.act.confirm(lease, [claimOf(sale, { origin: "attestation" })]);
    await end(lease);
    expect(await unsettled()).toBe(0);
    const undo = await begin("undo");
    await product.attempts.undo(undo, await undoing(lease.run));
    await end(undo);
    expect(await unsettled()).toBe(1);
  });
});
