import { describe, expect, test } from "vitest";
import type { Claim, Lease } from "../../src/ports.js";
import type { Loose } from "../cast/product.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { changes, claimOf, settlementOf, wholeRows } from "../cast/product.js";
import { insertSale } from "../cast/shop.js";
import { stage } from "../cast/stage.js";

describe.each(["timestamp", "timestamptz"])("claims, with flag times of type %s", (type) => {
  let db: ShopDatabase;
  let product: Product;
  let lease: Lease;

  stage("claims", { flagTimes: type }, (on) => ({ db, product, lease } = on));

  const insert = async (sale: Partial<Parameters<typeof insertSale>[1]> = {}) =>
    await insertSale(db.witness, { botId: 1, ...sale });
  const claimed = async (...claims: Loose<Claim>[]) =>
    (await product.act.claim(lease, claims)).map(({ saleId }) => saleId);
  const journal = async () =>
    await db.query<Record<string, unknown>>("select * from purchase_fix.attempt order by id");

  test("an attempt is on record before the request leaves, and the row is left as it is", async () => {
    const sale = await product.sale(await insert());
    const before = await wholeRows(db);
    const [attempt] = await product.act.claim(lease, [claimOf(sale)]);
    expect(attempt).toEqual({ saleId: sale.id, attempt: expect.any(String), flaggedAt: sale.mark.flaggedAt });
    expect(changes(before, await wholeRows(db))).toEqual({});
    const [row, ...others] = await journal();
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      id: attempt?.attempt,
      run_id: lease.run,
      sale_id: String(sale.id),
      event_id: sale.pageviewEventId,
      event_id_origin: "pageview_event_id",
      pixel_id: "111",
      flagged_before: true,
      flagged_at_before: sale.mark.flaggedAt,
      flagged_at_claimed: sale.mark.flaggedAt,
      answer: null,
      effect: null,
      settled_at: null,
    });
    const [moment] = await db.query(
      "select (extract(epoch from flagged_at_before_instant) * 1000)::float8 as ms from purchase_fix.attempt",
    );
    expect(Math.floor(Number(moment?.["ms"]))).toBe(sale.flaggedAt);
  });

  /** What may happen to a sale between the moment of judging and that of claiming. */
  const deviations: Record<string, string> = {
    refunded: "status = 'refunded'",
    "without a status": "status = null",
    confirmed: "meta_event_id = 'pageview_x'",
    "confirmed under an empty id": "meta_event_id = ''",
    "given back": "meta_purchase_sent = false, meta_purchase_sent_at = null",
    "given back, its time kept": "meta_purchase_sent = false",
    "never flagged": "meta_purchase_sent = null",
    "flagged anew, a microsecond later":
      "meta_purchase_sent_at = meta_purchase_sent_at + interval '1 microsecond'",
    "without a flag time": "meta_purchase_sent_at = null",
    "of another amount": "amount = amount + 0.01",
    "of no amount": "amount = null",
    deleted: "",
  };

  test.each(Object.entries(deviations))(
    "a sale that is meanwhile %s is not claimed; its neighbour is",
    async (_, set) => {
      const [moved, stayed] = [await product.sale(await insert()), await product.sale(await insert())];
      await db.query(
        set === ""
          ? `delete from payments where id = ${moved.id}`
          : `update payments set ${set} where id = ${moved.id}`,
      );
      const before = await wholeRows(db);
      expect(await claimed(claimOf(moved), claimOf(stayed))).toEqual([stayed.id]);
      expect(changes(before, await wholeRows(db))).toEqual({});
      expect((await journal()).map((row) => row["sale_id"])).toEqual([String(stayed.id)]);
    },
  );

  test("a deadline is compared with the database's clock, at the moment of the claim", async () => {
    const now = await product.sales.now();
    const deadlines = [now - 1, now + 60_000, Infinity];
    const claims: Loose<Claim>[] = [];
    for (const before of deadlines) claims.push(claimOf(await product.sale(await insert()), { before }));
    expect(await claimed(...claims)).toEqual(claims.slice(1).map(({ saleId }) => saleId));
  });

  test("a sale that does not exist is not claimed, and nothing comes of claiming nothing", async () => {
    const sale = await product.sale(await insert());
    expect(await claimed({ ...claimOf(sale), saleId: 999_999 })).toEqual([]);
    expect(await claimed()).toEqual([]);
    expect(await journal()).toEqual([]);
  });

  describe("of a sale that we gave back", () => {
    test("sets flag and time again, and touches no other column", async () => {
      const sale = await product.sale(await insert({ flagged: false, flaggedHoursAgo: null }));
      const before = await wholeRows(db);
      const [attempt] = await product.act.claim(lease, [claimOf(sale, { takeBack: true })]);
      const after = await product.sale(sale.id);
      expect(changes(before, await wholeRows(db))).toEqual({
        [sale.id]: { meta_purchase_sent: true, meta_purchase_sent_at: expect.any(String) },
      });
      expect(attempt?.flaggedAt).toBe(after.mark.flaggedAt);
      expect(Math.abs((after.flaggedAt ?? 0) - (await product.sales.now()))).toBeLessThan(60_000);
      expect(await journal()).toMatchObject([
        { flagged_before: false, flagged_at_before: null, flagged_at_claimed: attempt?.flaggedAt },
      ]);
    });

    test("leaves it where the application has flagged it since", async () => {
      const sale = await product.sale(await insert({ flagged: false, flaggedHoursAgo: null }));
      await db.query("update payments set meta_purchase_sent = true");
      expect(await claimed(claimOf(sale, { takeBack: true }))).toEqual([]);
      await db.query(
        "update payments set meta_purchase_sent = false, meta_purchase_sent_at = localtimestamp",
      );
      expect(await claimed(claimOf(sale, { takeBack: true }))).toEqual([]);
      expect(await journal()).toEqual([]);
    });

    test("takes a flag that was never set for one that is not", async () => {
      const sale = await product.sale(await insert({ flagged: null }));
      expect(await claimed(claimOf(sale, { takeBack: true }))).toEqual([sale.id]);
    });
  });

  describe("at most one attempt of a sale is unsettled", () => {
    test("the database sees to it, whoever writes", async () => {
      const sale = await product.sale(await insert());
      await product.act.claim(lease, [claimOf(sale)]);
      const again = `insert into purchase_fix.attempt (run_id, sale_id) values ('${lease.run}', ${sale.id})`;
      await expect(db.query(again)).rejects.toThrow("attempt_unsettled");
      await db.query("update purchase_fix.attempt set settled_at = now()");
      await db.query(again);
      expect(await journal()).toHaveLength(2);
    });

    test("one that a dead run left is closed as unconfirmed, and a new one begins", async () => {
      const [sale, other] = [await product.sale(await insert()), await product.sale(await insert())];
      await product.act.claim(lease, [claimOf(sale), claimOf(other)]);
      const dead = lease;
      await db.query("update purchase_fix.lease set expires_at = now()");
      lease = await product.begin();
      expect(await claimed(claimOf(sale))).toEqual([sale.id]);
      const rows = (await journal()).map((row) => [
        row["run_id"],
        row["sale_id"],
        row["answer"],
        row["effect"],
      ]);
      expect(rows).toEqual([
        [dead.run, String(sale.id), "unconfirmed", "kept"],
        [dead.run, String(other.id), null, null],
        [lease.run, String(sale.id), null, null],
      ]);
      const [closed] = await journal();
      expect(closed).toMatchObject({ because: "its run ended before an answer came" });
      expect(closed?.["settled_at"]).not.toBeNull();
    });

    test("one whose sale has moved meanwhile stays open: nobody knows its answer", async () => {
      const sale = await product.sale(await insert());
      await product.act.claim(lease, [claimOf(sale)]);
      await db.query("update payments set amount = amount + 1");
      expect(await claimed(claimOf(sale))).toEqual([]);
      expect(await journal()).toMatchObject([{ answer: null, settled_at: null }]);
    });
  });

  test("an attempt that another run made since the judgement is noticed, whatever came of it", async () => {
    const [tried, other] = [await product.sale(await insert()), await product.sale(await insert())];
    const [first] = await product.act.claim(lease, [claimOf(tried)]);
    await product.act.settle(lease, [settlementOf(first?.attempt ?? "", { answer: "unconfirmed" })]);
    const judged = [tried, other].map((sale) => ({ ...claimOf(sale), lastAttempt: null }));
    const got = await product.attempts.claim(lease, judged);
    expect(got).toMatchObject({ claimed: [{ saleId: other.id }], hindered: [] });
    expect((await product.attempts.states([tried.id])).get(tried.id)?.lastAttempt).toBe(first?.attempt);
    expect(await claimed({ ...claimOf(tried), lastAttempt: first?.attempt ?? null })).toEqual([tried.id]);
  });

  test("a sale of its click that was confirmed under the id meanwhile keeps it from being claimed, and is named as the reason", async () => {
    const click = "pageview_shared";
    const ids = [
      await insert({ pageviewEventId: click }),
      await insert({ pageviewEventId: click }),
      await insert(),
    ];
    const [sale, sibling, other] = [
      await product.sale(ids[0] ?? 0),
      ids[1] ?? 0,
      await product.sale(ids[2] ?? 0),
    ];
    const claims = [
      { ...claimOf(sale, { siblings: [sibling] }), lastAttempt: null },
      { ...claimOf(other), lastAttempt: null },
    ];
    await db.query("update payments set meta_event_id = 'pageview_x' where id = $1", [sibling]);
    expect((await product.attempts.claim(lease, claims.slice(0, 1))).claimed).toHaveLength(1);
    await db.query("truncate purchase_fix.attempt");
    await db.query("update payments set meta_event_id = $2 where id = $1", [sibling, click]);
    expect(await product.attempts.claim(lease, claims)).toMatchObject({
      claimed: [{ saleId: other.id }],
      hindered: [{ saleId: sale.id, by: "sibling" }],
    });
  });

  test("an answer that a dead run put on record is kept when its attempt is closed", async () => {
    const sale = await product.sale(await insert());
    const [attempt] = await product.act.claim(lease, [claimOf(sale)]);
    const refusal = settlementOf(attempt?.attempt ?? "", { answer: "refused", because: "Meta refused: 100" });
    await product.attempts.answer(lease, [refusal]);
    await product.runs.release(lease, {});
    lease = await product.begin();
    expect(await claimed(claimOf(sale))).toEqual([sale.id]);
    expect((await journal())[0]).toMatchObject({
      answer: "refused",
      effect: "kept",
      because: "Meta refused: 100",
    });
  });

  test("a thousand at once, in the order of their ids whatever the order asked", async () => {
    await db.query(`
      insert into payments (bot_id, payment_id, status, amount, meta_purchase_sent, meta_purchase_sent_at, created_at)
      select 1, 'BOT1_' || i, 'paid', i, true, localtimestamp, localtimestamp from generate_series(1, 1000) i`);
    const sales = await product.stuck({ since: 0, until: null });
    expect(sales).toHaveLength(1000);
    const got = await product.act.claim(
      lease,
      sales.map((sale) => claimOf(sale)),
    );
    expect(got.map(({ saleId }) => saleId)).toEqual(sales.map(({ id }) => id).toSorted((a, b) => a - b));
    const written = await product.act.settle(
      lease,
      got.map(({ attempt }) => settlementOf(attempt)),
    );
    expect(written.every(({ effect }) => effect === "confirmed")).toBe(true);
    expect(await product.witness.check(written)).toEqual([]);
    expect(await product.stuck({ since: 0, until: null })).toEqual([]);
  });
});
