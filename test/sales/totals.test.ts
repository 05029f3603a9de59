import { describe, expect, test } from "vitest";
import { DAY, HOUR } from "../../src/sales/sale.js";
import { totals } from "../../src/sales/totals.js";
import { ana, bia, evidence, hoursAgo, judged, now, sale } from "../cast/sales.js";

describe("totals", () => {
  test("count money exactly and name the verdicts that occur", () => {
    const list = [
      judged(ana({ amount: "0.10" })),
      judged(ana({ amount: "0.20" }), evidence({ cause: "meta-refused" })),
      judged(bia({ amount: null })),
    ];
    expect(totals(list, now)).toEqual({
      count: 3,
      amount: "0.30",
      expiringWithin24h: 0,
      foldingEndsWithin24h: 0,
      byVerdict: { ambiguous: 2, untraceable: 1 },
      byCause: { "meta-refused": 1, unknown: 2 },
    });
    expect(totals([], now)).toEqual({
      count: 0,
      amount: "0.00",
      expiringWithin24h: 0,
      foldingEndsWithin24h: 0,
      byVerdict: {},
      byCause: {},
    });
  });

  test("count as expiring what has less than 24 h left, and no more what has expired", () => {
    const item = judged(sale({ paidAt: hoursAgo(50) }));
    const end = hoursAgo(50) + 7 * DAY - HOUR;
    const soon = (at: number) => totals([item], at).expiringWithin24h;
    expect([soon(end - DAY), soon(end - DAY + 1), soon(end - 1), soon(end)]).toEqual([0, 1, 1, 0]);
  });

  test("count apart what Meta folds for less than 24 h: it expires later, but can then count twice", () => {
    const end = hoursAgo(30) + 47 * HOUR;
    const soon = (at: number) => totals([judged(ana({ paidAt: hoursAgo(30) }))], at);
    expect(soon(now)).toMatchObject({ expiringWithin24h: 0, foldingEndsWithin24h: 1 });
    expect([soon(end - DAY), soon(end)].map((sums) => sums.foldingEndsWithin24h)).toEqual([0, 0]);
  });
});
