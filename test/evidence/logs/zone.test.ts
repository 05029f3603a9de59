import fc from "fast-check";
import { expect, test } from "vitest";
import { zoneClock } from "../../../src/evidence/logs/zone.js";

const utc = (text: string): number => Date.parse(`${text}Z`);

test.each([
  ["America/Sao_Paulo", "2025-11-20T10:31:15.123", "2025-11-20T13:31:15.123"],
  ["America/Sao_Paulo", "2019-01-15T12:00:00.000", "2019-01-15T14:00:00.000"], // The last summer that had its own time.
  ["Asia/Kathmandu", "2025-11-20T10:00:00.000", "2025-11-20T04:15:00.000"],
  ["UTC", "2025-11-20T10:00:00.000", "2025-11-20T10:00:00.000"],
  ["Etc/UTC", "2025-11-20T10:00:00.000", "2025-11-20T10:00:00.000"],
  ["Europe/Berlin", "2025-03-30T01:59:59.000", "2025-03-30T00:59:59.000"],
  ["Europe/Berlin", "2025-03-30T03:00:00.000", "2025-03-30T01:00:00.000"],
])("%s: a clock that shows %s means %s", (zone, face, moment) => {
  expect(zoneClock(zone)(utc(face), null)).toBe(utc(moment));
});

test("an hour that is shown twice is told apart by the line before", () => {
  const clock = zoneClock("Europe/Berlin");
  const half = utc("2025-10-26T02:30:00.000");
  expect(clock(half, null)).toBe(utc("2025-10-26T00:30:00.000"));
  expect(clock(half, utc("2025-10-26T00:29:00.000"))).toBe(utc("2025-10-26T00:30:00.000"));
  expect(clock(half, utc("2025-10-26T00:59:59.000"))).toBe(utc("2025-10-26T01:30:00.000"));
  // Processes write a little out of order: that is no second hour.
  expect(clock(half, utc("2025-10-26T00:31:00.000"))).toBe(utc("2025-10-26T00:30:00.000"));
});

test("an hour that never was is read as though the clock had not been put forward", () => {
  expect(zoneClock("Europe/Berlin")(utc("2025-03-30T02:30:00.000"), null)).toBe(
    utc("2025-03-30T01:30:00.000"),
  );
});

test("every moment comes back from what its clock showed", () => {
  const zones = ["America/Sao_Paulo", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"];
  const clocks = new Map(zones.map((zone) => [zone, zoneClock(zone)]));
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: utc("2015-01-01T00:00:00"), max: utc("2027-01-01T00:00:00") }),
      (zone, at) => {
        const parts = new Intl.DateTimeFormat("sv-SE", {
          timeZone: zone,
          dateStyle: "short",
          timeStyle: "medium",
        }).format(at);
        const face = utc(parts.replace(" ", "T")) + (at % 1000);
        expect(clocks.get(zone)?.(face, at - 1000)).toBe(at);
      },
    ),
    { numRuns: 500 },
  );
});

test("a zone that does not exist is refused", () => {
  expect(() => zoneClock("Brazil/Nowhere")).toThrow(RangeError);
});
