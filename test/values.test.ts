import { InvalidArgumentError } from "commander";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cause,
  count,
  duration,
  hours,
  moment,
  money,
  reference,
  references,
  someTime,
  splitReferences,
} from "../src/values.js";

/** What the parser makes of a text: its value, or "refused". */
function parsed<T>(parse: (text: string) => T, text: string): T | "refused" {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return "refused";
    throw error;
  }
}

/** Texts that no number option may take for a number. */
const nonsense = [
  "",
  " ",
  "-1",
  "+1",
  "1e3",
  "1_000",
  "0x18",
  "٢٤",
  "NaN",
  "Infinity",
  "24 ",
  "abc",
  "1,5",
  ".",
];

describe("--hours", () => {
  test.each([
    ["24", 24],
    ["0.5", 0.5],
    ["168", 168],
    ["8784", 8784],
    ["0", "refused"],
    ["0.0", "refused"],
    ["8785", "refused"],
    ["8784.1", "refused"],
    ["24h", "refused"],
    ["24.", "refused"],
    [".5", "refused"],
  ])("reads %j as %s", (text, expected) => {
    expect(parsed(hours, text)).toBe(expected);
  });

  test.each(nonsense)("refuses %j", (text) => {
    expect(parsed(hours, text)).toBe("refused");
  });

  test("takes any decimal number above 0 and up to a year", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 878_400 }), (hundredths) => {
        expect(hours((hundredths / 100).toFixed(2))).toBe(hundredths / 100);
      }),
    );
  });

  test("never gives anything but a number above 0 and up to a year", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)), (text) => {
        const value = parsed(hours, text);
        expect(value === "refused" || (value > 0 && value <= 8784)).toBe(true);
      }),
    );
  });
});

describe("--limit", () => {
  test.each([
    ["1", 1],
    ["50", 50],
    ["999999999", 999_999_999],
    ["0", "refused"],
    ["01", "refused"],
    ["1.5", "refused"],
    ["9999999999", "refused"],
  ])("reads %j as %s", (text, expected) => {
    expect(parsed(count, text)).toBe(expected);
  });

  test.each(nonsense)("refuses %j", (text) => {
    expect(parsed(count, text)).toBe("refused");
  });
});

describe("a span of time", () => {
  test.each([
    ["90", 90_000],
    ["90s", 90_000],
    ["20m", 1_200_000],
    ["18h", 64_800_000],
    ["1.5h", 5_400_000],
    ["0", 0],
    ["168h", 604_800_000],
    ["604801", "refused"],
    ["168.1h", "refused"],
    ["9999999h", "refused"],
    ["20 m", "refused"],
    ["20M", "refused"],
    ["1d", "refused"],
    ["h", "refused"],
  ])("reads %j as %s ms", (text, expected) => {
    expect(parsed(duration, text)).toBe(expected);
  });

  test.each(nonsense)("refuses %j", (text) => {
    expect(parsed(duration, text)).toBe("refused");
  });

  test("is never longer than a timer of Node can wait, beyond which it would fire at once", () => {
    const units = fc.constantFrom("", "s", "m", "h");
    fc.assert(
      fc.property(fc.nat({ max: 9_999_999 }), units, (number, unit) => {
        const ms = parsed(duration, `${number}${unit}`);
        expect(ms === "refused" || ms < 2 ** 31).toBe(true);
      }),
    );
  });

  test("means the same in seconds, minutes and hours", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 168 }), (number) => {
        expect(duration(`${number * 60}m`)).toBe(duration(`${number}h`));
        expect(duration(`${number * 3600}`)).toBe(duration(`${number}h`));
      }),
    );
  });

  test("is more than nothing where nothing would make no sense", () => {
    expect(parsed(someTime, "0")).toBe("refused");
    expect(parsed(someTime, "0.0h")).toBe("refused");
    expect(someTime("1")).toBe(1_000);
  });
});

describe("--accept-duplicate", () => {
  test.each([
    ["500", "500.00"],
    ["497.00", "497.00"],
    ["497,5", "497.50"],
    ["0", "0.00"],
    ["1.000", "refused"],
    ["1.000,00", "refused"],
    ["R$ 5", "refused"],
    ["-5", "refused"],
    ["1e3", "refused"],
    ["", "refused"],
  ])("reads %j as %s", (text, expected) => {
    expect(parsed(money, text)).toBe(expected);
  });

  test("keeps every cent of amounts that no double can hold", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        fc.integer({ min: 0, max: 99 }),
        (whole, cents) => {
          const text = `${whole}.${String(cents).padStart(2, "0")}`;
          expect(money(text)).toBe(text);
          expect(money(text.replace(".", ","))).toBe(text);
        },
      ),
    );
  });
});

describe("--id", () => {
  test.each([
    ["9445", ["9445"]],
    ["9445,9447", ["9445", "9447"]],
    [" 9445 , BOT19_1763607031_ab12cd ", ["9445", "BOT19_1763607031_ab12cd"]],
    ["9445,9445", ["9445"]],
    ["9445 9447", ["9445", "9447"]],
    ["-", ["-"]],
    ["BOT 19 com espaço", ["BOT 19 com espaço"]],
    ["", "refused"],
    [" , ,", "refused"],
  ])("reads %j as %j", (text, expected) => {
    expect(parsed((given) => references(given), text)).toEqual(expected);
  });

  test("adds to what was given before, each name once", () => {
    expect(references("2,3", references("1,2"))).toEqual(["1", "2", "3"]);
  });

  test("reads lines as well as commas, whatever ends a line", () => {
    expect(splitReferences("\uFEFF1\r\n2\n\n3,4\r5 6\t7\n")).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });

  test.each([
    ["a NUL", "9445,94\u000046", 'The name "94\\u000046" holds U+0000, which no text in PostgreSQL can'],
    ["half a pair", "BOT\uD83D", 'The name "BOT\\ud83d" holds U+D83D, which no text in PostgreSQL can'],
    [
      "the other half",
      "\uDE00\uD83D",
      'The name "\\ude00\\ud83d" holds U+DE00, which no text in PostgreSQL can',
    ],
  ])("refuses %s by name, from either source", (_, text, what) => {
    for (const read of [references, splitReferences]) expect(() => read(text)).toThrow(what);
  });

  test("takes whole pairs, and everything else that a text can hold", () => {
    expect(splitReferences("BOT😀,\u0001\uFFFF")).toEqual(["BOT😀", "\u0001\uFFFF"]);
  });

  test("gives back any names that were joined by commas or lines", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1 })
      .map((text) => `B${text.replaceAll(/[,\r\n]/g, "")}T`);
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1 }),
        fc.constantFrom(",", "\n", "\r\n", " , "),
        (names, between) => {
          expect(splitReferences(names.join(between))).toEqual(names);
        },
      ),
    );
  });
});

const utc = (text: string) => Date.parse(text);
const at = (text: string, zone: string) => {
  const parse = parsed(moment, text);
  return parse === "refused" ? parse : parse(zone);
};

describe("--since and --until", () => {
  test.each([
    ["2026-11-20", "America/Sao_Paulo", "2026-11-20T03:00:00Z"],
    ["2026-11-20", "UTC", "2026-11-20T00:00:00Z"],
    ["2026-11-20T14:00", "America/Sao_Paulo", "2026-11-20T17:00:00Z"],
    ["2026-11-20 14:00:30.5", "America/Sao_Paulo", "2026-11-20T17:00:30.500Z"],
    ["2026-11-20T17:00:00Z", "America/Sao_Paulo", "2026-11-20T17:00:00Z"],
    ["2026-11-20t17:00z", "Asia/Tokyo", "2026-11-20T17:00:00Z"],
    ["2026-11-20T14:00-03:00", "UTC", "2026-11-20T17:00:00Z"],
    ["2026-11-20T14:00 +0530", "UTC", "2026-11-20T08:30:00Z"],
    ["2026-11-20Z", "Asia/Tokyo", "2026-11-20T00:00:00Z"],
    ["2028-02-29", "UTC", "2028-02-29T00:00:00Z"],
    // Summer time, in a zone that still has it, and in the one that had it until 2019.
    ["2026-07-01T12:00", "Europe/Lisbon", "2026-07-01T11:00:00Z"],
    ["2026-01-01T12:00", "Europe/Lisbon", "2026-01-01T12:00:00Z"],
    ["2018-12-01T12:00", "America/Sao_Paulo", "2018-12-01T14:00:00Z"],
  ])("reads %s in %s as %s", (text, zone, expected) => {
    expect(at(text, zone)).toBe(utc(expected));
  });

  test.each([
    "",
    "yesterday",
    "20/11/2026",
    "2026-11",
    "2026-11-20T14",
    "2026-13-01",
    "2026-02-31",
    "2027-02-29",
    "2026-11-20T25:00",
    "2026-11-20T10:60",
    "2026-11-20T10:00+15:00",
    "2026-11-20T10:00+03:60",
    "2026-11-20T10:00 BRT",
    "1969-12-31",
    "0000-01-01",
    "1763607031",
  ])("refuses %j", (text) => {
    expect(at(text, "UTC")).toBe("refused");
  });

  const instant = fc.integer({
    min: utc("1971-01-01T00:00:00Z") / 1000,
    max: utc("2100-01-01T00:00:00Z") / 1000,
  });
  const zones = [
    "America/Sao_Paulo",
    "UTC",
    "Asia/Kathmandu",
    "Europe/Lisbon",
    "Pacific/Apia",
    "America/New_York",
  ];

  /** What the clocks of a zone show, in the form of the option. */
  const shown = (ms: number, timeZone: string) =>
    new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(ms);

  test("reads back what the clocks of any zone show; in the hour that comes twice, one of the two", () => {
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), (seconds, zone) => {
        const text = shown(seconds * 1000, zone);
        const read = at(text, zone);
        expect(read).not.toBe("refused");
        expect(shown(Number(read), zone)).toBe(text);
        expect(Math.abs(Number(read) - seconds * 1000)).toBeLessThanOrEqual(3_600_000);
      }),
      { numRuns: 300 },
    );
  });

  test("heeds no zone where the text names one", () => {
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), (seconds, zone) => {
        const ms = seconds * 1000;
        expect(at(new Date(ms).toISOString(), zone)).toBe(ms);
      }),
    );
  });

  test("puts a time that the clocks skip next to the gap", () => {
    // Brazil's last summer time began on 4 November 2018: midnight was one o'clock.
    const read = Number(at("2018-11-04T00:30", "America/Sao_Paulo"));
    expect(Math.abs(read - utc("2018-11-04T03:00:00Z"))).toBeLessThanOrEqual(3_600_000);
  });
});

describe("--cause", () => {
  test("repeats, takes commas, and names each cause once", () => {
    const first = cause("meta-refused, task-failed");
    expect(cause("unknown,meta-refused", first)).toEqual(["meta-refused", "task-failed", "unknown"]);
  });

  test.each(["", "Meta-Refused", "refused", "meta-refused,", "meta-refused,x"])("refuses %j", (text) => {
    expect(parsed((one: string) => cause(one), text)).toBe("refused");
  });
});

describe("the sale of explain", () => {
  test.each([
    ["9445", "9445"],
    [" BOT19_1763607031_ab12cd ", "BOT19_1763607031_ab12cd"],
    ["", "refused"],
    ["9445,9446", "refused"],
    ["9445 9446", "refused"],
  ])("reads %j as %s: exactly one", (text, name) => {
    expect(parsed(reference, text)).toBe(name);
  });
});
