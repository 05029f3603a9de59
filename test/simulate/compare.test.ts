import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Result } from "../../simulate/compare.js";
import { tally } from "../../simulate/compare.js";
import type { SaleDraft } from "../../simulate/draft.js";
import { usualRates } from "../../simulate/rates.js";
import { compare, compareAll } from "../../simulate/table.js";

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sale = (id: number, differing: Partial<SaleDraft> = {}): SaleDraft => ({
  id,
  paidAt: 1_000,
  amount: `${id}0.00`,
  pixelId: "1234567890123401",
  click: `pageview_${id}`,
  passes: null,
  visits: [],
  refunded: null,
  unfit: false,
  ...differing,
});

const copy = (saleId: number, eventId: string, at = 2_000) => {
  return { saleId, pixelId: "1234567890123401", eventId, at };
};

describe("what a strategy made of a world", () => {
  test("is counted as Meta does, sale by sale, in money too", () => {
    const ledger = [copy(2, "pageview_2"), copy(2, "pageview_2", 3_000), copy(3, "a"), copy(3, "b")];
    const got = tally([sale(1), sale(2), sale(3), sale(4)], ledger, new Set([1]), new Set([1, 2, 3, 4]));
    expect(got).toEqual({ lostUnseen: 1, left: 1, leftLost: 1, twice: 1, money: 10 + 30 + 40 });
  });

  test("sales of one click are counted together, and a refunded one is owed nothing", () => {
    const shared = { click: "pageview_9" };
    const sales = [sale(1, shared), sale(2, shared), sale(3, { refunded: 500 })];
    const ledger = [copy(1, "pageview_9"), copy(2, "pageview_9", 5_000), copy(3, "pageview_3", 9_000)];
    const got = tally(sales, ledger, new Set(), new Set([1, 2, 3]));
    expect(got).toMatchObject({ lostUnseen: 1, twice: 1, money: 20 + 30 });
  });

  test("what the application lost or doubled without being stuck is nobody's merit and nobody's fault", () => {
    const got = tally([sale(1), sale(2)], [copy(2, "a"), copy(2, "b")], new Set(), new Set());
    expect(got).toEqual({ lostUnseen: 0, left: 0, leftLost: 0, twice: 0, money: 0 });
  });
});

describe("the strategies, side by side", () => {
  const small = { seed: 4, sales: 200, folder };
  let by: Record<string, Result>;

  beforeAll(async () => {
    // Where the row's page view is what the application sent, nothing is left that may double (risk R1).
    const { results } = await compare({
      ...small,
      rates: { ...usualRates, passed: 0, dies: 0.05, vanishes: 0.05 },
    });
    by = Object.fromEntries(results.map((one) => [one.name, one]));
  });

  test("ours counts nothing twice, and loses less unseen than any that waits", () => {
    const waits = by["wait, and do nothing"] as Result;
    expect(waits.lostUnseen).toBeGreaterThan(0);
    for (const name of ["purchase-fix, without logs", "purchase-fix, with logs and broker"]) {
      expect(by[name]?.twice, name).toBe(0);
      expect(by[name]?.lostUnseen, name).toBeLessThan(waits.lostUnseen);
    }
  });

  test("a fresh event id counts again whatever had arrived", () => {
    expect(by["resend everything flagged, with a fresh event id"]?.twice).toBeGreaterThan(0);
  });

  test("logs and broker leave less to a person", () => {
    const [less = 0, more = 0] = ["purchase-fix, with logs and broker", "purchase-fix, without logs"].map(
      (name) => by[name]?.left,
    );
    expect(less).toBeLessThan(more);
  });

  test("the table is the same, letter by letter, for the same seed", async () => {
    const once = await compareAll({ ...small, sales: 60, rates: usualRates });
    expect(await compareAll({ ...small, sales: 60, rates: usualRates })).toBe(once);
  });
});
