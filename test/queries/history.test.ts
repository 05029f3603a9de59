import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HistoryReader, Journalled } from "../../src/ports.js";
import { openHistory } from "../../src/queries/history.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { openProduct } from "../cast/product.js";
import { insertBot, insertPool, insertSale } from "../cast/shop.js";

let db: ShopDatabase;
let product: Product;
let history: HistoryReader;

const zone = "America/Sao_Paulo";
const all = { since: 0, until: null };

beforeAll(async () => {
  db = await shopDatabase("history");
  await insertBot(db.witness, { id: 1, name: "Violão" });
  await insertPool(db.witness, { pixelId: "111", tokenText: null, bots: [1] });
  product = openProduct(db);
  history = openHistory(product.database, zone);
});

afterAll(async () => {
  await product?.close();
  await db?.close();
});

beforeEach(async () => {
  await product.runs.prepare();
  await db.query("truncate payments, purchase_fix.attempt, purchase_fix.lease, purchase_fix.run cascade");
  await db.query(
    `insert into purchase_fix.run (id, command, host, user_name, pid, program_version, token)
     values ('r', 'resend', 'web-1', 'ana', 1, '0', 1)`,
  );
});

async function journalled(reader = history, span: { since: number; until: number | null } = all) {
  const found: Journalled[] = [];
  await reader.journalled(span, (sale) => found.push(sale));
  return found;
}

/** Entries of one sale, the oldest first: `[answer, effect, pixel]`. */
async function entries(sale: number, ...list: (readonly [string | null, string | null, string | null])[]) {
  for (const [answer, effect, pixel] of list) {
    await db.query(
      `insert into purchase_fix.attempt (run_id, sale_id, answer, effect, pixel_id, settled_at)
       values ('r', $1, $2, $3, $4, case when $5::boolean then now() end)`,
      [sale, answer, effect, pixel, effect !== null],
    );
  }
}

const trailOf = async () => (await journalled()).map(({ standing }) => standing.trail);

describe("what the journal made of a sale", () => {
  test.each<[string, (readonly [string | null, string | null, string | null])[], object]>([
    [
      "was accepted",
      [["accepted", "confirmed", "1"]],
      { lastEffect: "confirmed", stands: true, accepted: true },
    ],
    ["was confirmed", [[null, "confirmed", ""]], { lastEffect: "confirmed", stands: true, accepted: false }],
    ["was reverted", [[null, "reverted", null]], { lastEffect: "reverted", stands: false, accepted: false }],
    [
      "was accepted, and its row had moved",
      [["accepted", "overtaken", "1"]],
      { lastEffect: "overtaken", stands: true, accepted: true },
    ],
    [
      "was refused, then accepted",
      [
        ["refused", "kept", "1"],
        ["accepted", "confirmed", "1"],
      ],
      { stands: true, accepted: true },
    ],
    [
      "was accepted, and that was undone",
      [
        ["accepted", "confirmed", "1"],
        [null, "restored", null],
      ],
      { lastEffect: "restored", stands: false, accepted: true },
    ],
    [
      "was accepted, undone, and the undoing undone",
      [
        ["accepted", "confirmed", "1"],
        [null, "restored", null],
        [null, "confirmed", null],
      ],
      { lastEffect: "confirmed", stands: true, accepted: true },
    ],
    [
      "has an attempt without an answer",
      [
        [null, "reverted", null],
        [null, null, "1"],
      ],
      { lastEffect: null, stands: false, accepted: false },
    ],
  ])("that %s", async (_, list, trail) => {
    const sale = await insertSale(db.witness, { botId: 1 });
    await insertSale(db.witness, { botId: 1 });
    await entries(sale, ...list);
    expect(await trailOf()).toMatchObject([trail]);
  });

  test("comes with its row as it is now, and with the last pixel that an attempt names", async () => {
    const sale = await insertSale(db.witness, {
      botId: 1,
      amount: 97.005,
      createdAt: Date.UTC(2026, 10, 20, 12),
      paidAt: null,
      status: "refunded",
    });
    await entries(
      sale,
      ["refused", "kept", "222"],
      ["refused", "kept", "333"],
      [null, "reverted", null],
      [null, "confirmed", ""],
    );
    expect(await journalled()).toMatchObject([
      {
        id: sale,
        botId: 1,
        botName: "Violão",
        amount: "97.01",
        createdAt: Date.UTC(2026, 10, 20, 12),
        pixelId: "333",
        pools: [{ pixelId: "111" }],
        cause: null,
        standing: { status: "refunded", flagged: true, hasId: false, paidAt: Date.UTC(2026, 10, 20, 12) },
      },
    ]);
  });

  test("is read for the sales of the span alone, its end not included", async () => {
    const at = Date.UTC(2026, 10, 20, 12);
    for (const [id, createdAt] of [
      [1, at - 1],
      [2, at],
      [3, at + 1],
      [4, at + 2],
    ] as const) {
      await insertSale(db.witness, { id, botId: 1, createdAt });
      await entries(id, [null, "reverted", null]);
    }
    await entries(5, [null, "reverted", null]); // a sale that is gone
    const found = await journalled(history, { since: at, until: at + 2 });
    expect(found.map(({ id }) => id)).toEqual([2, 3]);
  });

  test("is read to the end, each sale once, where there are more than one page of them", async () => {
    await db.query(
      `insert into payments (id, bot_id, payment_id, status, amount, meta_purchase_sent, created_at)
       select n, 1, 'many_' || n, 'paid', 1, false, case when n % 2 = 0 then now() else '2001-01-01' end
       from generate_series(1, 12001) n`,
    );
    await db.query(
      `insert into purchase_fix.attempt (run_id, sale_id, effect, settled_at)
       select 'r', n, 'reverted', now() from generate_series(1, 12001) n, generate_series(1, 2)`,
    );
    const found = await journalled(history, { since: Date.UTC(2010, 0), until: null });
    expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 6000 }, (_, at) => (at + 1) * 2));
  });
});

describe("a shop and a journal that lack something", () => {
  test("without a journal there is nothing to read", async () => {
    await db.query("drop schema purchase_fix cascade");
    await insertSale(db.witness, { botId: 1 });
    expect(await journalled()).toEqual([]);
  });

  test("the columns that docs/schema.md calls optional may be missing, and times may bear a zone", async () => {
    const bare = await shopDatabase("bare_history");
    const lean = openProduct(bare);
    try {
      await insertBot(bare.witness, { id: 1 });
      const at = Date.UTC(2026, 10, 20, 12);
      const sale = await insertSale(bare.witness, { botId: 1, createdAt: at });
      await bare.query(`
        alter table payments drop column amount, drop column paid_at, drop column pool_id,
          alter column created_at type timestamptz using created_at at time zone 'America/Sao_Paulo';
        drop table pool_bots, redirect_pools cascade`);
      await lean.begin("revert");
      await bare.query(
        `insert into purchase_fix.attempt (run_id, sale_id, effect, settled_at)
         select id, ${sale}, 'reverted', now() from purchase_fix.run`,
      );
      expect(await journalled(openHistory(lean.database, zone), { since: at, until: at + 1 })).toMatchObject([
        { id: sale, amount: null, createdAt: at, pools: null, standing: { paidAt: at } },
      ]);
    } finally {
      await lean.close();
      await bare.close();
    }
  });

  test("a cause is read where the journal has that column: of the last attempt that names one", async () => {
    const sale = await insertSale(db.witness, { botId: 1 });
    await entries(sale, ["refused", "kept", "1"], ["refused", "kept", "1"], [null, "reverted", null]);
    const column = (words: string) => db.query(`alter table purchase_fix.attempt ${words}`);
    await column("drop column if exists cause");
    expect(await journalled()).toMatchObject([{ cause: null }]);
    await column("add column cause text");
    expect(await journalled()).toMatchObject([{ cause: null }]);
    await db.query("update purchase_fix.attempt set cause = 'task-failed' where effect = 'kept'");
    await db.query(
      `update purchase_fix.attempt set cause = 'meta-refused'
       where id = (select max(id) from purchase_fix.attempt where effect = 'kept')`,
    );
    expect(await journalled()).toMatchObject([{ cause: "meta-refused" }]);
  });
});
