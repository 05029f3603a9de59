import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MINUTE } from "../../src/sales/sale.js";
import { TREND_SPAN, Trends, perMinute } from "../../src/sales/trend.js";

const sales = (...ids: readonly number[]) => ids.map((id) => ({ id, createdAt: id * MINUTE }));

describe("the trend of a watch", () => {
  test("has nothing to tell at the first look", () => {
    expect(new Trends().look(sales(1, 2), 100, 0)).toEqual({ spanMs: 0, came: 0, went: 0 });
  });

  test("counts who came and who went since then", () => {
    const trends = new Trends();
    trends.look(sales(1, 2), 0, 0);
    expect(trends.look(sales(2, 3, 4), MINUTE, 0)).toEqual({ spanMs: MINUTE, came: 2, went: 1 });
    expect(trends.look(sales(2, 3, 4), 2 * MINUTE, 0)).toEqual({ spanMs: 2 * MINUTE, came: 2, went: 1 });
  });

  test("does not call a sale gone that only left the window, but one that was named and is", () => {
    const window = new Trends();
    window.look(sales(1, 9), 0, 0);
    expect(window.look([], MINUTE, 5 * MINUTE).went).toBe(1);
    const named = new Trends();
    named.look(sales(1, 9), 0, null);
    expect(named.look([], MINUTE, null).went).toBe(2);
  });

  test("forgets what is older than its span, and keeps what is not", () => {
    const trends = new Trends();
    trends.look([], 0, 0);
    trends.look(sales(1), MINUTE, 0);
    trends.look(sales(1, 2), TREND_SPAN, 0);
    expect(trends.look(sales(1, 2), TREND_SPAN + 2 * MINUTE, 0)).toEqual({
      spanMs: TREND_SPAN + MINUTE,
      came: 1,
      went: 0,
    });
  });

  test("of any looks within its span: who came less who went is the difference of first and last", () => {
    const look = fc.uniqueArray(fc.nat(20));
    fc.assert(
      fc.property(fc.array(look, { minLength: 2, maxLength: 9 }), (looks) => {
        const trends = new Trends();
        const told = looks.map((ids, at) => trends.look(sales(...ids), at * MINUTE, 0)).at(-1);
        const [first, last] = [looks[0] ?? [], looks.at(-1) ?? []];
        expect((told?.came ?? 0) - (told?.went ?? 0)).toBe(last.length - first.length);
        expect(told?.spanMs).toBe((looks.length - 1) * MINUTE);
      }),
    );
  });

  test("is told by the minute", () => {
    expect([
      perMinute(4, 10 * MINUTE),
      perMinute(25, MINUTE),
      perMinute(0, 5_000),
      perMinute(1, 5_000),
    ]).toEqual(["0.4 a minute", "25 a minute", "0 a minute", "12 a minute"]);
  });
});
