import { describe, expect, test } from "vitest";
import type { Lease } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { changes, claimOf, settlementOf, wholeRows } from "../cast/product.js";
import { insertSale } from "../cast/shop.js";
import { stage } from "../cast/stage.js";

describe.each(["timestamp", "timestamptz"])(
  "revert, confirm and the way back, with flag times of type %s",
  (type) => {
    let db: ShopDatabase;
    let product: Product;
    let lease: Lease;

    stage("direct", { flagTimes: type, command: "revert" }, (on) => ({ db, product, lease } = on));

    const insert = async (sale: Partial<Parameters<typeof insertSale>[1]> = {}) =>
      await product.sale(await insertSale(db.witness, { botId: 1, ...sale }));
    const journal = async () => await db.query("select * from purchase_fix.attempt order by id");
    const moving = async <T>(work: () => Promise<T>) => {
      const before = await wholeRows(db);
      const result = await work();
      return { result, changed: changes(before, await wholeRows(db)) };
    };
    const revert = (...sales: Sale[]) =>
      product.act.revert(
        lease,
        sales.map(({ id, mark }) => ({ saleId: id, mark })),
      );
    const update = (sale: Sale, set: string) =>
      db.query(`update payments set ${set} where id = $1`, [sale.id]);

    const guards: Record<string, string> = {
      refunded: "status = 'refunded'",
      confirmed: "meta_event_id = 'pageview_x'",
      "flagged anew": "meta_purchase_sent_at = meta_purchase_sent_at + interval '1 microsecond'",
      "without its flag time": "meta_purchase_sent_at = null",
    };

    describe("revert", () => {
      test("never gives back a sale that another run left unconfirmed since it was judged; an acceptance settles that", async () => {
        const sale = await insert();
        const entry = (answer: string) =>
          db.query(
            `insert into purchase_fix.attempt (run_id, sale_id, event_id, answer, effect, settled_at)
             values ($1, $2, 'pageview_x', $3, 'kept', clock_timestamp())`,
            [lease.run, sale.id, answer],
          );
        await entry("unconfirmed");
        await entry("not-sent");
        expect((await moving(() => revert(sale))).changed).toEqual({});
        await entry("accepted");
        expect(Object.keys((await moving(() => revert(sale))).changed)).toEqual([String(sale.id)]);
      });

      test("clears flag and time, and nothing else; the journal row comes in the same transaction", async () => {
        const [sale, other] = [await insert(), await insert()];
        const { result, changed } = await moving(() => revert(sale));
        expect(changed).toEqual({ [sale.id]: { meta_purchase_sent: false, meta_purchase_sent_at: null } });
        const rows = await db.query("select a.*, a.xmin::text as wrote from purchase_fix.attempt a");
        const xmin = String((await wholeRows(db))[sale.id]?.["xmin"]);
        expect(rows).toMatchObject([
          {
            run_id: lease.run,
            sale_id: String(sale.id),
            event_id: null,
            flagged_before: true,
            flagged_at_before: sale.mark.flaggedAt,
            flagged_after: false,
            flagged_at_after: null,
            answer: null,
            effect: "reverted",
            settled_at: expect.any(String),
            wrote: xmin,
          },
        ]);
        expect(result).toEqual([
          {
            saleId: sale.id,
            attempt: rows[0]?.["id"],
            effect: "reverted",
            xid: xmin,
            flagged: false,
            flaggedAt: null,
            metaEventId: null,
          },
        ]);
        expect(await product.sale(other.id)).toEqual(other);
      });

      test.each(Object.entries({ ...guards, "given back already": "meta_purchase_sent = false" }))(
        "a sale that is meanwhile %s is left, and said to be by its absence",
        async (_, set) => {
          const [moved, stayed] = [await insert(), await insert()];
          await update(moved, set);
          const { result, changed } = await moving(() => revert(moved, stayed));
          expect(result.map(({ saleId }) => saleId)).toEqual([stayed.id]);
          expect(Object.keys(changed)).toEqual([String(stayed.id)]);
          expect((await journal()).map((row) => row["sale_id"])).toEqual([String(stayed.id)]);
        },
      );

      test("a sale of which an attempt is unsettled is left: it may be on its way to Meta", async () => {
        const sale = await insert();
        const [claimed] = await product.act.claim(lease, [claimOf(sale)]);
        expect(await moving(() => revert(sale))).toEqual({ result: [], changed: {} });
        await product.act.settle(lease, [settlementOf(claimed?.attempt ?? "", { answer: "not-sent" })]);
        expect(await revert(sale)).toMatchObject([{ effect: "reverted" }]);
      });

      test("a flag without a time is cleared too, and without sales nothing happens", async () => {
        const sale = await insert({ flaggedHoursAgo: null });
        expect(await revert()).toEqual([]);
        expect(await revert(sale)).toMatchObject([{ saleId: sale.id, effect: "reverted" }]);
        expect(await journal()).toMatchObject([{ flagged_before: true, flagged_at_before: null }]);
      });
    });

    describe("confirm", () => {
      const confirm = (...sales: Sale[]) =>
        product.act.confirm(
          lease,
          sales.map((sale) => claimOf(sale, { eventId: `accepted_${sale.id}`, origin: "journal" })),
        );

      test("stores the id, keeps the flag time, and journals it in the same transaction", async () => {
        const [sale, other] = [await insert(), await insert()];
        const { result, changed } = await moving(() => confirm(sale));
        expect(changed).toEqual({ [sale.id]: { meta_event_id: `accepted_${sale.id}` } });
        const rows = await db.query("select a.*, a.xmin::text as wrote from purchase_fix.attempt a");
        const xmin = String((await wholeRows(db))[sale.id]?.["xmin"]);
        expect(rows).toMatchObject([
          {
            event_id: `accepted_${sale.id}`,
            event_id_origin: "journal",
            pixel_id: "111",
            flagged_before: true,
            flagged_at_before: sale.mark.flaggedAt,
            flagged_after: true,
            flagged_at_after: sale.mark.flaggedAt,
            meta_event_id_after: `accepted_${sale.id}`,
            answer: null,
            effect: "confirmed",
            wrote: xmin,
          },
        ]);
        expect(result).toMatchObject([
          { saleId: sale.id, effect: "confirmed", xid: xmin, flaggedAt: sale.mark.flaggedAt },
        ]);
        expect(await product.sale(other.id)).toEqual(other);
      });

      test.each(Object.entries(guards))("a sale that is meanwhile %s is left", async (_, set) => {
        const [moved, stayed] = [await insert(), await insert()];
        await update(moved, set);
        const { result, changed } = await moving(() => confirm(moved, stayed));
        expect(result.map(({ saleId }) => saleId)).toEqual([stayed.id]);
        expect(Object.keys(changed)).toEqual([String(stayed.id)]);
      });

      test("closes the attempt that a dead run left open behind Meta's yes, and nobody else's", async () => {
        const [sale, other] = [await insert(), await insert()];
        for (const one of [sale, other]) {
          await db.query(
            `insert into purchase_fix.attempt (run_id, sale_id, event_id, answer, because)
             values ($1, $2, $3, 'accepted', 'Meta received it')`,
            [lease.run, one.id, `accepted_${one.id}`],
          );
        }
        await confirm(sale);
        expect(await journal()).toMatchObject([
          { sale_id: String(sale.id), answer: "accepted", effect: "kept", settled_at: expect.any(String) },
          { sale_id: String(other.id), answer: "accepted", effect: null, settled_at: null },
          { sale_id: String(sale.id), effect: "confirmed" },
        ]);
      });

      test("of a sale that was given back: flag, time and id are set together", async () => {
        const sale = await insert({ flagged: false, flaggedHoursAgo: null });
        const { changed } = await moving(() => confirm(sale));
        expect(changed).toEqual({
          [sale.id]: {
            meta_purchase_sent: true,
            meta_purchase_sent_at: expect.any(String),
            meta_event_id: `accepted_${sale.id}`,
          },
        });
        const now = await product.sale(sale.id);
        expect(Math.abs((now.flaggedAt ?? 0) - (await product.sales.now()))).toBeLessThan(60_000);
        expect(await journal()).toMatchObject([{ flagged_before: false, flagged_at_before: null }]);
      });

      test("of a flag without a time: the journal keeps that it was set", async () => {
        await confirm(await insert({ flaggedHoursAgo: null }));
        expect(await journal()).toMatchObject([{ flagged_before: true, flagged_at_before: null }]);
      });

      test("an id that is too long is cut as in an acceptance", async () => {
        const sale = await insert();
        const eventId = "x".repeat(150);
        const written = await product.act.confirm(lease, [claimOf(sale, { eventId })]);
        expect((await product.sale(sale.id)).metaEventId).toBe(eventId.slice(0, 100));
        expect(await product.witness.check(written)).toEqual([]);
        expect(await journal()).toMatchObject([{ event_id: eventId }]);
      });
    });

    describe("confirm on an operator's word", () => {
      const confirm = (sale: Sale, eventId: string) =>
        product.act.confirm(lease, [
          { ...claimOf(sale, { eventId, origin: "attestation" }), because: "ana@web-1 attests it" } as never,
        ]);

      test("writes the id with flag and reason, and nothing else", async () => {
        const [sale, other] = [await insert({ pageviewEventId: "pageview_a" }), await insert()];
        const { result, changed } = await moving(() => confirm(sale, "pageview_seen"));
        expect(changed).toEqual({ [sale.id]: { meta_event_id: "pageview_seen" } });
        expect(await journal()).toMatchObject([
          { event_id_origin: "attestation", because: "ana@web-1 attests it", effect: "confirmed" },
        ]);
        expect(await product.witness.check(result)).toEqual([]);
        expect(await product.sale(other.id)).toEqual(other);
      });

      test("is not taken where another click's sale bears the id by now; one of its own click may", async () => {
        const sale = await insert({ pageviewEventId: "pageview_a" });
        await insert({ pageviewEventId: "pageview_b", metaEventId: "pageview_taken" });
        await insert({ pageviewEventId: "pageview_a", metaEventId: "pageview_shared" });
        await insert({ pageviewEventId: null, metaEventId: "pageview_of_no_click" });
        for (const taken of ["pageview_taken", "pageview_of_no_click"])
          expect(await moving(() => confirm(sale, taken))).toEqual({ result: [], changed: {} });
        expect(await confirm(sale, "pageview_shared")).toMatchObject([{ effect: "confirmed" }]);
      });
    });

    describe("the statement that undoes a run", () => {
      test("restores exactly the rows that nobody has touched since", async () => {
        const [untouched, timeless] = [await insert(), await insert({ flaggedHoursAgo: null })];
        const touched: Record<string, Sale> = {
          "meta_purchase_sent = true, meta_purchase_sent_at = localtimestamp": await insert(),
          "meta_purchase_sent_at = localtimestamp": await insert(),
          "meta_purchase_sent = true": await insert(),
          "meta_purchase_sent = null": await insert(),
          "meta_event_id = 'pageview_x'": await insert(),
          "status = 'refunded'": await insert(),
        };
        const neverOurs = await insert({ flagged: false, flaggedHoursAgo: null });
        const original = await wholeRows(db);
        await revert(untouched, timeless, ...Object.values(touched));
        await db.query(
          "update payments set customer_name = 'Ana', updated_at = localtimestamp where id = $1",
          [untouched.id],
        );
        for (const [set, sale] of Object.entries(touched)) await update(sale, set);
        const { changed } = await moving(
          async () => await db.query((await product.journal.inverse(lease.run)) ?? ""),
        );
        const restored = (sale: Sale) => ({
          meta_purchase_sent: true,
          ...(sale.mark.flaggedAt === null
            ? {}
            : { meta_purchase_sent_at: original[sale.id]?.["meta_purchase_sent_at"] }),
        });
        expect(changed).toEqual({ [untouched.id]: restored(untouched), [timeless.id]: restored(timeless) });
        expect((await product.sale(untouched.id)).mark).toEqual(untouched.mark);
        expect((await product.sale(neverOurs.id)).flagged).toBe(false);
      });

      test("a second time it changes nothing", async () => {
        await revert(await insert());
        const sql = (await product.journal.inverse(lease.run)) ?? "";
        await db.query(sql);
        expect((await moving(() => db.query(sql))).changed).toEqual({});
      });

      test("leaves what Meta accepted, and says so; an id cannot smuggle SQL into it", async () => {
        const sale = await insert({ pageviewEventId: "x\ndelete from payments; --\r\ndrop table payments;" });
        const [claimed] = await product.act.claim(lease, [claimOf(sale)]);
        await product.act.settle(lease, [settlementOf(claimed?.attempt ?? "")]);
        const reverted = await insert();
        await revert(reverted);
        const sql = (await product.journal.inverse(lease.run)) ?? "";
        expect(sql).toContain(`-- sale ${sale.id} is left: Meta has it as x delete from payments;`);
        const { changed } = await moving(() => db.query(sql));
        expect(Object.keys(changed)).toEqual([String(reverted.id)]);
      });

      test("of a refusal that gave a sale back: the flag as it was before the attempt", async () => {
        const sale = await insert();
        const [claimed] = await product.act.claim(lease, [claimOf(sale)]);
        await product.act.settle(lease, [
          settlementOf(claimed?.attempt ?? "", { answer: "refused", revert: true }),
        ]);
        await db.query((await product.journal.inverse(lease.run)) ?? "");
        expect(await product.sale(sale.id)).toEqual(sale);
      });

      test("there is none for a run that changed nothing, nor for one that never was", async () => {
        await product.act.claim(lease, [claimOf(await insert())]);
        expect(await product.journal.inverse(lease.run)).toBeNull();
        expect(await product.journal.inverse("no-such-run")).toBeNull();
      });
    });
  },
);
