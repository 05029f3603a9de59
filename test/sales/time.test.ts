import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/sales/sale.js";
import { age, iso } from "../../src/sales/time.js";

describe("An age", () => {
  test.each([
    [0, "0s"],
    [999, "0s"],
    [45_000, "45s"],
    [MINUTE, "1m"],
    [MINUTE + 5_000, "1m 5s"],
    [3 * HOUR + 12 * MINUTE + 59_999, "3h 12m"],
    [2 * DAY + 4 * HOUR, "2d 4h"],
    [2 * DAY + 59 * MINUTE, "2d"],
    [47 * HOUR, "1d 23h"],
    [DAY - 1, "23h 59m"],
    [400 * DAY, "400d"],
    [-3 * HOUR, "-3h"],
    [-500, "0s"],
    [Number.NaN, "unknown"],
    [Number.POSITIVE_INFINITY, "unknown"],
  ])("of %d ms is %s", (ms, text) => {
    expect(age(ms)).toBe(text);
  });
});

describe("A moment", () => {
  test("is ISO-8601 in UTC, in whatever zone the process runs", () => {
    expect(iso(Date.UTC(2026, 10, 20, 14, 3))).toBe("2026-11-20T14:03:00.000Z");
    expect(iso(-1)).toBe("1969-12-31T23:59:59.999Z");
  });

  test("reads the same whatever moment was asked for before", () => {
    const near = fc.integer({ min: -400_000_000, max: 400_000_000 });
    const any = fc.oneof(
      near,
      fc.integer({ min: -8.64e15, max: 8.64e15 }),
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(any, { minLength: 2 }), (moments) => {
        expect(moments.map(iso)).toEqual(moments.map((at) => new Date(at).toISOString()));
      }),
    );
  });

  test("beyond the calendar is refused", () => {
    expect(() => iso(Number.NaN)).toThrow(RangeError);
  });
});
