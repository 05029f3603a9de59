import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Counted, Fate, Standing, Trail } from "../../src/sales/account.js";
import { fateOf, fateTable, fates, groupings, reaches } from "../../src/sales/account.js";
import { causeNames } from "../../src/sales/causes.js";
import { byReach, openGroups } from "../../src/sales/grouped.js";
import { addAmounts, parseAmount } from "../../src/sales/money.js";
import { effects } from "../../src/sales/outcome.js";
import type { RestraintKind } from "../../src/sales/restraint.js";
import { restraintKinds } from "../../src/sales/restraint.js";
import { HOUR } from "../../src/sales/sale.js";
import { counted } from "../cast/account.js";
import { hoursAgo, now } from "../cast/sales.js";

const trail = (differing: Partial<Trail> = {}): Trail => ({
  lastEffect: null,
  stands: false,
  accepted: false,
  ...differing,
});
const standing = (differing: Partial<Standing> = {}): Standing => ({
  status: "paid",
  flagged: true,
  hasId: false,
  paidAt: hoursAgo(5),
  trail: null,
  ...differing,
});
const confirmed = { hasId: true };
const clear = { flagged: false };
const edge = now - (7 * 24 - 1) * HOUR;

describe("what became of a sale", () => {
  test.each<[string, Partial<Standing>, Fate]>([
    ["stuck, and nobody has touched it", {}, "stuck"],
    ["stuck, and we know not when it was paid", { paidAt: null }, "stuck"],
    ["an hour before its last", { paidAt: edge + 1 }, "stuck"],
    ["at the end of its last", { paidAt: edge }, "expired"],
    ["reverted", { ...clear, trail: trail({ lastEffect: "reverted" }) }, "reverted"],
    [
      "reverted, and too old",
      { ...clear, paidAt: edge, trail: trail({ lastEffect: "reverted" }) },
      "expired",
    ],
    ["reverted, and flagged anew", { trail: trail({ lastEffect: "reverted" }) }, "stuck"],
    ["refused, and kept", { trail: trail({ lastEffect: "kept" }) }, "stuck"],
    [
      "accepted, and still stuck: its row could not be had",
      { trail: trail({ stands: true, accepted: true }) },
      "stuck",
    ],
    [
      "confirmed by us",
      { ...confirmed, trail: trail({ lastEffect: "confirmed", stands: true }) },
      "confirmedLate",
    ],
    ["accepted and confirmed", { ...confirmed, trail: trail({ stands: true, accepted: true }) }, "resent"],
    [
      "accepted, and refunded before",
      { status: "refunded", trail: trail({ stands: true, accepted: true }) },
      "resent",
    ],
    [
      "accepted, taken back, and confirmed by the application",
      { ...confirmed, trail: trail({ accepted: true }) },
      "byApplication",
    ],
    [
      "given back, and confirmed by the application",
      { ...confirmed, trail: trail({ lastEffect: "reverted" }) },
      "byApplication",
    ],
    [
      "given back, and refunded",
      { ...clear, status: "refunded", trail: trail({ lastEffect: "reverted" }) },
      "closed",
    ],
    [
      "confirmed by the application, and refunded",
      { ...confirmed, status: "refunded", trail: trail() },
      "closed",
    ],
    [
      "tried, and its flag was cleared by another hand",
      { ...clear, trail: trail({ lastEffect: "kept" }) },
      "closed",
    ],
  ])("%s", (_, differing, fate) => {
    expect(fateOf(standing(differing), now)).toBe(fate);
  });

  test.each<[string, Partial<Standing>, RestraintKind, Fate]>([
    ["stuck, and paused", {}, "paused", "stuck"],
    ["stuck, and in quarantine", {}, "quarantined", "quarantined"],
    ["stuck, and somebody lets it rest", {}, "acknowledged", "acknowledged"],
    [
      "reverted, and somebody lets it rest",
      { ...clear, trail: trail({ lastEffect: "reverted" }) },
      "acknowledged",
      "acknowledged",
    ],
    ["acknowledged, and too old", { paidAt: edge }, "acknowledged", "expired"],
    ["quarantined, and too old", { paidAt: edge }, "quarantined", "expired"],
    [
      "acknowledged, and confirmed since",
      { ...confirmed, trail: trail({ lastEffect: "confirmed", stands: true }) },
      "acknowledged",
      "confirmedLate",
    ],
    [
      "quarantined, and confirmed by the application since",
      { ...confirmed, trail: trail({ lastEffect: "kept" }) },
      "quarantined",
      "byApplication",
    ],
    ["acknowledged, and refunded", { status: "refunded" }, "acknowledged", "closed"],
  ])("%s", (_, differing, restraint, fate) => {
    expect(fateOf(standing(differing), now, restraint)).toBe(fate);
  });

  test("is one fate for whatever row and journal say, open ones being those that find-stuck lists", () => {
    const anyTrail = fc.record({
      lastEffect: fc.constantFrom(null, ...effects),
      stands: fc.boolean(),
      accepted: fc.boolean(),
    });
    const any = fc.record({
      status: fc.constantFrom("paid", "pending", "refunded", "null"),
      flagged: fc.boolean(),
      hasId: fc.boolean(),
      paidAt: fc.option(fc.integer({ min: edge - HOUR, max: now })),
      trail: fc.option(anyTrail),
    });
    fc.assert(
      fc.property(any, fc.constantFrom(...restraintKinds), (one, restraint) => {
        const isOpen =
          one.status === "paid" && !one.hasId && (one.flagged || one.trail?.lastEffect === "reverted");
        const fate = fateOf(one, now, restraint);
        expect(fates).toContain(fate);
        expect(["stuck", "quarantined", "acknowledged", "reverted", "expired"].includes(fate)).toBe(isOpen);
      }),
    );
  });

  test("has a place among what Meta has, what is open, what is too late and what is closed", () => {
    expect(fates.map((fate) => [fate, fateTable[fate].reach])).toEqual([
      ["stuck", "open"],
      ["quarantined", "open"],
      ["acknowledged", "open"],
      ["reverted", "open"],
      ["expired", "too late"],
      ["confirmedLate", "reached"],
      ["resent", "reached"],
      ["byApplication", "reached"],
      ["closed", "closed"],
    ]);
  });
});

const anySale: fc.Arbitrary<Counted> = fc.record({
  day: fc.option(fc.constantFrom("2026-11-19", "2026-11-20", "2026-11-21")),
  botId: fc.integer({ min: 1, max: 4 }),
  botName: fc.constantFrom("one", "two"),
  pixelId: fc.option(fc.constantFrom("1001", "2002")),
  cause: fc.constantFrom(...causeNames),
  fate: fc.constantFrom(...fates),
  amount: fc.oneof(
    fc.integer({ min: -500, max: 10_000_000 }).map((cents) => (cents / 100).toFixed(2)),
    fc.constantFrom(null, "NaN", "1e20", "0.005"),
  ),
});
const amountOf = (sales: readonly Counted[]) =>
  addAmounts(sales.map(({ amount }) => (amount === null ? null : parseAmount(amount)) ?? "0.00"));
const groupsOf = (sales: readonly Counted[]) => {
  const groups = openGroups();
  for (const sale of sales) groups.add(sale);
  return groups;
};

describe("sales put together", () => {
  test("come to the same sums by whatever they are grouped, cell by cell", () => {
    fc.assert(
      fc.property(fc.array(anySale, { maxLength: 60 }), (sales) => {
        const groups = groupsOf(sales);
        const totals = groups.totals();
        expect([totals.count, totals.amount]).toEqual([sales.length, amountOf(sales)]);
        for (const by of groupings) {
          const rows = groups.of(by);
          expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(totals.count);
          expect(addAmounts(rows.map(({ amount }) => amount))).toBe(totals.amount);
          expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
          for (const fate of fates) {
            const cells = rows.map(({ byFate }) => byFate[fate]);
            expect(cells.reduce((sum, { count }) => sum + count, 0)).toBe(totals.byFate[fate].count);
            expect(addAmounts(cells.map(({ amount }) => amount))).toBe(totals.byFate[fate].amount);
          }
        }
        const parts = reaches.map((reach) => byReach(totals, reach));
        expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(totals.count);
        expect(addAmounts(parts.map(({ amount }) => amount))).toBe(totals.amount);
      }),
    );
  });

  test("are in each group exactly those of its day, bot, pixel or cause, in whatever order they came", () => {
    fc.assert(
      fc.property(fc.array(anySale, { maxLength: 40 }), (sales) => {
        const groups = groupsOf(sales);
        for (const { key, count, amount } of groups.of("bot")) {
          const own = sales.filter(({ botId }) => String(botId) === key);
          expect([count, amount]).toEqual([own.length, amountOf(own)]);
        }
        for (const { key, count } of groups.of("pixel"))
          expect(count).toBe(sales.filter(({ pixelId }) => pixelId === key).length);
        const withoutNames = (by: "day" | "cause") => groupsOf(sales.toReversed()).of(by);
        for (const by of ["day", "cause"] as const) expect(withoutNames(by)).toEqual(groups.of(by));
      }),
    );
  });

  test("stand by day as in the calendar, else the largest first; two bots of one name stay two", () => {
    const groups = groupsOf([
      counted({ day: "2026-11-21", botId: 2, botName: "Violão" }),
      counted({ day: null, botId: 1, botName: "Violão" }),
      counted({ day: "2026-11-20", botId: 1, botName: "Violão", amount: "1.00" }),
      counted({ day: "2026-11-20", botId: 3, botName: "Vovó", amount: "500.00" }),
    ]);
    expect(groups.of("day").map(({ label, count }) => [label, count])).toEqual([
      ["2026-11-20", 2],
      ["2026-11-21", 1],
      ["unknown", 1],
    ]);
    expect(groups.of("bot").map(({ key, label }) => [key, label])).toEqual([
      ["1", "Violão"],
      ["3", "Vovó"],
      ["2", "Violão"],
    ]);
  });
});
