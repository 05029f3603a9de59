import { beforeEach, describe, expect, test } from "vitest";
import type { Lease, Settlement } from "../../src/ports.js";
import { LeaseLost } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { changes, claimOf, settlementOf, wholeRows } from "../cast/product.js";
import { insertSale } from "../cast/shop.js";
import { stage } from "../cast/stage.js";

let db: ShopDatabase;
let product: Product;
let lease: Lease;
let sale: Sale;
let attempt: string;

stage("settle", {}, (on) => ({ db, product, lease } = on));

/** Each test begins with one claimed sale, and a stuck one beside it that must stay as it is. */
beforeEach(async () => {
  await claimOne();
  await insertSale(db.witness, { botId: 1 });
});

async function claimOne(
  inserted: Partial<Parameters<typeof insertSale>[1]> = {},
  takeBack = false,
): Promise<void> {
  sale = await product.sale(await insertSale(db.witness, { botId: 1, ...inserted }));
  const [claimed] = await product.act.claim(lease, [claimOf(sale, { takeBack })]);
  attempt = claimed?.attempt ?? "";
}

/** Settles the attempt after the row has been set to something else, and tells what came of both. */
async function settleAfter(set: string | null, settlement: Partial<Settlement> = {}) {
  if (set !== null) await db.query(`update payments set ${set} where id = $1`, [sale.id]);
  const before = await wholeRows(db);
  const written = await product.act.settle(lease, [settlementOf(attempt, settlement)]);
  return { written: written[0], changed: changes(before, await wholeRows(db)) };
}

const journal = async () => (await db.query("select * from purchase_fix.attempt order by id"))[0];

const untouched = { xid: null, flagged: null, flaggedAt: null, metaEventId: null };

describe("accepted", () => {
  test("flag and id are set together; the journal keeps the answer and what the row became", async () => {
    const { written, changed } = await settleAfter(null, {
      status: 200,
      fbtraceId: "AbC",
      because: "Meta received it",
    });
    expect(changed).toEqual({ [sale.id]: { meta_event_id: sale.pageviewEventId } });
    expect(written).toEqual({
      saleId: sale.id,
      attempt,
      effect: "confirmed",
      xid: String((await wholeRows(db))[sale.id]?.["xmin"]),
      flagged: true,
      flaggedAt: sale.mark.flaggedAt,
      metaEventId: sale.pageviewEventId,
    });
    expect(await journal()).toMatchObject({
      answer: "accepted",
      effect: "confirmed",
      http_status: 200,
      code: null,
      subcode: null,
      fbtrace_id: "AbC",
      because: "Meta received it",
      flagged_after: true,
      flagged_at_after: sale.mark.flaggedAt,
      meta_event_id_after: sale.pageviewEventId,
      settled_at: expect.any(String),
    });
  });

  test("a sale whose flag the application cleared meanwhile is flagged again, at the time that was claimed", async () => {
    const { written, changed } = await settleAfter(
      "meta_purchase_sent = false, meta_purchase_sent_at = null",
    );
    expect(written?.effect).toBe("confirmed");
    expect(changed).toEqual({
      [sale.id]: {
        meta_purchase_sent: true,
        meta_purchase_sent_at: String(sale.mark.flaggedAt).replace(" ", "T"),
        meta_event_id: sale.pageviewEventId,
      },
    });
  });

  test.each([
    ["it has the very id already", "meta_event_id = pageview_event_id"],
    [
      "a new visit flagged it anew and stored the very id",
      "meta_event_id = pageview_event_id, meta_purchase_sent_at = localtimestamp",
    ],
  ])("%s: confirmed, and no value changes", async (_, set) => {
    const { written, changed } = await settleAfter(set);
    expect(written).toMatchObject({ effect: "confirmed", metaEventId: sale.pageviewEventId });
    expect(Object.values(changed)).toEqual([{}]);
  });

  test.each([
    ["another id was stored", "meta_event_id = 'pageview_other'"],
    ["an empty id was stored", "meta_event_id = ''"],
    ["it was flagged anew", "meta_purchase_sent_at = meta_purchase_sent_at + interval '1 microsecond'"],
    ["its flag lost its time", "meta_purchase_sent_at = null"],
    ["it was refunded", "status = 'refunded'"],
    [
      "it was refunded, and its flag cleared",
      "status = 'refunded', meta_purchase_sent = false, meta_purchase_sent_at = null",
    ],
  ])("%s: overtaken, the row is left and the acceptance stays on record", async (_, set) => {
    const { written, changed } = await settleAfter(set);
    expect(written).toEqual({ saleId: sale.id, attempt, effect: "overtaken", ...untouched });
    expect(changed).toEqual({});
    expect(await journal()).toMatchObject({ answer: "accepted", effect: "overtaken", flagged_after: null });
  });

  test("the row was deleted: overtaken", async () => {
    await db.query("delete from payments where id = $1", [sale.id]);
    const { written } = await settleAfter(null);
    expect(written).toEqual({ saleId: sale.id, attempt, effect: "overtaken", ...untouched });
  });

  test("a changed amount does not matter any more: Meta has the sale", async () => {
    const { written, changed } = await settleAfter("amount = 1");
    expect(written?.effect).toBe("confirmed");
    expect(changed).toEqual({ [sale.id]: { meta_event_id: sale.pageviewEventId } });
  });

  test("an id longer than its column is cut there, and whole in the journal", async () => {
    const long = `pageview_${"x".repeat(150)}`;
    await product.act.settle(lease, [settlementOf(attempt, { answer: "not-sent" })]);
    await claimOne({ pageviewEventId: long });
    const { written, changed } = await settleAfter(null);
    expect(changed).toEqual({ [sale.id]: { meta_event_id: long.slice(0, 100) } });
    expect(written).toMatchObject({ effect: "confirmed", metaEventId: long.slice(0, 100) });
    expect(await product.witness.check(written ? [written] : [])).toEqual([]);
    const [row] = await db.query(
      "select event_id, meta_event_id_after from purchase_fix.attempt where id = $1",
      [attempt],
    );
    expect(row).toEqual({ event_id: long, meta_event_id_after: long.slice(0, 100) });
  });

  test("a sale that was taken back keeps the flag time of the claim", async () => {
    await claimOne({ flagged: false, flaggedHoursAgo: null }, true);
    const taken = await product.sale(sale.id);
    const { written, changed } = await settleAfter(null);
    expect(written).toMatchObject({ effect: "confirmed", flaggedAt: taken.mark.flaggedAt });
    expect(changed).toEqual({ [sale.id]: { meta_event_id: sale.pageviewEventId } });
  });
});

describe("not accepted", () => {
  const refused = {
    answer: "refused",
    status: 400,
    code: 100,
    subcode: 2804003,
    because: "too old",
  } as const;

  test.each(["refused", "not-sent", "unconfirmed"] as const)(
    "%s without a revert: kept, not a byte is written to the row",
    async (answer) => {
      const { written, changed } = await settleAfter(null, { ...refused, answer });
      expect(written).toEqual({ saleId: sale.id, attempt, effect: "kept", ...untouched });
      expect(changed).toEqual({});
      expect(await journal()).toMatchObject({
        answer,
        effect: "kept",
        http_status: 400,
        code: 100,
        subcode: 2804003,
        because: "too old",
        flagged_after: null,
        settled_at: expect.any(String),
      });
    },
  );

  test("refused with a revert: given back, flag and time together", async () => {
    const { written, changed } = await settleAfter(null, { ...refused, revert: true });
    expect(changed).toEqual({ [sale.id]: { meta_purchase_sent: false, meta_purchase_sent_at: null } });
    expect(written).toMatchObject({ effect: "reverted", flagged: false, flaggedAt: null, metaEventId: null });
    expect(await journal()).toMatchObject({ answer: "refused", effect: "reverted", flagged_after: false });
  });

  test.each([
    ["another id was stored", "meta_event_id = 'pageview_other'"],
    ["it was flagged anew", "meta_purchase_sent_at = meta_purchase_sent_at + interval '1 microsecond'"],
    ["its flag is gone already", "meta_purchase_sent = false, meta_purchase_sent_at = null"],
    ["it was refunded", "status = 'refunded'"],
  ])("refused with a revert, but %s: overtaken, the row is left", async (_, set) => {
    const { written, changed } = await settleAfter(set, { ...refused, revert: true });
    expect(written).toEqual({ saleId: sale.id, attempt, effect: "overtaken", ...untouched });
    expect(changed).toEqual({});
  });

  test("a sale that was taken back in vain is given back as it was", async () => {
    const before = await wholeRows(db);
    await claimOne({ flagged: false, flaggedHoursAgo: null }, true);
    const { written } = await settleAfter(null, { answer: "not-sent", revert: true, status: null });
    expect(written?.effect).toBe("reverted");
    expect(await product.sale(sale.id)).toMatchObject({ flagged: false, flaggedAt: null, metaEventId: null });
    expect(changes(before, await wholeRows(db))).toEqual({ [sale.id]: expect.anything() });
  });
});

describe("a confirmed sale that Meta folded into another", () => {
  const eventId = "purchase_own";

  beforeEach(async () => {
    sale = await product.sale(await insertSale(db.witness, { botId: 1, metaEventId: "pageview_shared" }));
    const own = claimOf(sale, { eventId, metaEventId: "pageview_shared" });
    const [claimed] = await product.act.claim(lease, [own]);
    attempt = claimed?.attempt ?? "";
  });

  test("is claimed with the id that it bears, accepted under its own, and its row is kept", async () => {
    const { written, changed } = await settleAfter(null);
    expect(written).toEqual({ saleId: sale.id, attempt, effect: "kept", ...untouched });
    expect(changed).toEqual({});
    const entries = await db.query("select * from purchase_fix.attempt where id = $1", [attempt]);
    expect(entries).toMatchObject([
      { event_id: eventId, answer: "accepted", effect: "kept", meta_event_id_before: "pageview_shared" },
    ]);
  });

  test.each([
    ["another id was stored", "meta_event_id = 'pageview_other'"],
    ["it was refunded", "status = 'refunded'"],
  ])("is overtaken where %s meanwhile", async (_, set) => {
    const { written, changed } = await settleAfter(set);
    expect(written?.effect).toBe("overtaken");
    expect(changed).toEqual({});
  });

  test("is not given back, whatever Meta says", async () => {
    const { written, changed } = await settleAfter(null, { answer: "refused", revert: true });
    expect(written?.effect).toBe("kept");
    expect(changed).toEqual({});
  });

  test.each([null, "pageview_other"])(
    "is not claimed by whoever takes its id for %s",
    async (metaEventId) => {
      expect(await product.act.claim(lease, [claimOf(sale, { eventId, metaEventId })])).toEqual([]);
    },
  );
});

describe("nothing is settled", () => {
  /** Whether the run is told, what became of the rows, and the answers on record. */
  const settling = async (settlements: readonly Settlement[]) => {
    const before = await wholeRows(db);
    const error = await product.act.settle(lease, settlements).catch((thrown: unknown) => thrown);
    const entries = await db.query<{ answer: string | null; effect: string | null }>(
      "select answer, effect from purchase_fix.attempt order by id",
    );
    return {
      lost: error instanceof LeaseLost,
      changed: changes(before, await wholeRows(db)),
      journal: entries.map(({ answer, effect }) => `${answer}, ${effect}`),
    };
  };
  const refused = { lost: true, changed: {} };

  test("twice; but an acceptance is on record, even where the attempt was given up as unconfirmed", async () => {
    await product.act.settle(lease, [settlementOf(attempt, { answer: "unconfirmed" })]);
    const late = await settling([settlementOf(attempt)]);
    expect(late).toEqual({ ...refused, journal: ["accepted, kept"] });
    const later = await settling([settlementOf(attempt, { answer: "not-sent" })]);
    expect(later).toEqual({ ...refused, journal: ["accepted, kept"] });
  });

  test("by another run than the one that claimed; its own answer beside it is on record", async () => {
    const foreign = attempt;
    await product.runs.release(lease, {});
    lease = await product.begin();
    await claimOne();
    expect(await settling([settlementOf(foreign), settlementOf(attempt)])).toEqual({
      ...refused,
      journal: ["null, null", "accepted, null"],
    });
  });

  test("that was never claimed", async () => {
    expect(await settling([settlementOf("999999")])).toEqual({ ...refused, journal: ["null, null"] });
  });
});

test("several attempts, each by its own answer", async () => {
  const first = { sale, attempt };
  await claimOne();
  const second = { sale, attempt };
  await claimOne();
  const before = await wholeRows(db);
  const written = await product.act.settle(lease, [
    settlementOf(attempt, { answer: "unconfirmed", because: "no answer" }),
    settlementOf(second.attempt, { answer: "refused", revert: true }),
    settlementOf(first.attempt),
  ]);
  expect(Object.fromEntries(written.map((row) => [row.saleId, row.effect]))).toEqual({
    [first.sale.id]: "confirmed",
    [second.sale.id]: "reverted",
    [sale.id]: "kept",
  });
  expect(changes(before, await wholeRows(db))).toEqual({
    [first.sale.id]: { meta_event_id: first.sale.pageviewEventId },
    [second.sale.id]: { meta_purchase_sent: false, meta_purchase_sent_at: null },
  });
});
