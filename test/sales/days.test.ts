import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calendarOf, daysBetween } from "../../src/sales/days.js";

const zones = [
  "America/Sao_Paulo",
  "UTC",
  "Pacific/Kiritimati",
  "Pacific/Pago_Pago",
  "Asia/Kathmandu",
  "Europe/Lisbon",
  "Australia/Lord_Howe",
];

describe("the calendar of a zone", () => {
  test("has a sale at half past ten in the evening on its own day, and not on that of UTC", () => {
    const { dayOf } = calendarOf("America/Sao_Paulo");
    expect(dayOf(Date.UTC(2026, 10, 21, 1, 30))).toBe("2026-11-20");
    expect(dayOf(Date.UTC(2026, 10, 21, 2, 59, 59, 999))).toBe("2026-11-20");
    expect(dayOf(Date.UTC(2026, 10, 21, 3))).toBe("2026-11-21");
  });

  test.each([
    ["America/Sao_Paulo", "2026-11-21", "2026-11-21T03:00:00.000Z"],
    // Brazil's last summer time began at midnight: that day has none.
    ["America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z"],
    ["America/Sao_Paulo", "2018-11-05", "2018-11-05T02:00:00.000Z"],
    ["Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15:00.000Z"],
    ["Pacific/Kiritimati", "2026-11-21", "2026-11-20T10:00:00.000Z"],
    ["Pacific/Pago_Pago", "2026-11-21", "2026-11-21T11:00:00.000Z"],
  ])("of %s begins %s at %s", (zone, day, start) => {
    expect(new Date(calendarOf(zone).startOf(day)).toISOString()).toBe(start);
  });

  test("begins a day at its first moment, in every zone and year", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2040, 0, 1) }),
        (zone, at) => {
          const { dayOf, startOf } = calendarOf(zone);
          const day = dayOf(at);
          const start = startOf(day);
          expect(start).toBeLessThanOrEqual(at);
          expect(dayOf(start)).toBe(day);
          expect(dayOf(start - 1) < day).toBe(true);
        },
      ),
    );
  });

  test("lists every day between two, both included, over the end of a month", () => {
    expect(daysBetween("2026-02-27", "2026-03-01")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
    expect(daysBetween("2026-11-20", "2026-11-20")).toEqual(["2026-11-20"]);
    expect(daysBetween("2026-11-21", "2026-11-20")).toEqual([]);
  });
});
