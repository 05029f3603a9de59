import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Sample } from "../../bench/engine/pairs.js";
import { WrongAnswer, check, cpuOf, memory, play, ratioOf, speed, time } from "../../bench/engine/pairs.js";
import type { Row } from "../../bench/engine/row.js";
import { Lacking, atLeast, atMost, failed, isNoisy, judge, pairsOr, row } from "../../bench/engine/row.js";
import { median, percentile, spreadOf } from "../../bench/engine/spread.js";
import { markdown, number, terminalLines } from "../../bench/engine/table.js";

const took = (wallMs: number, more: Partial<Sample> = {}): Sample => ({
  wallMs,
  cpuMs: wallMs,
  peakMb: 100,
  units: 1,
  ...more,
});

const around = (median: number) => ({ median, min: median, max: median });

describe("a figure over several pairs", () => {
  test("the median is the middle one, or lies between the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 100])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });

  test("the median leaves as many below as above, in whatever order they came", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const { median: middle, min, max } = spreadOf(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(below).toBeLessThanOrEqual(values.length / 2);
        expect(above).toBeLessThanOrEqual(values.length / 2);
        expect([min <= middle, middle <= max]).toEqual([true, true]);
      }),
    );
  });

  test("of a hundred, 99 do not exceed the 99th percentile", () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
  });
});

describe("pairs", () => {
  test("are played in turns, and a warm-up is not counted", async () => {
    const played: string[] = [];
    const side = (name: string) => async () => {
      played.push(name);
      return took(played.length);
    };
    const pairs = await play(side("A"), side("B"), 2, 1);
    expect(played.join(" ")).toBe("A B A B A B");
    expect(pairs.map(({ ours, beside }) => [ours.wallMs, beside.wallMs])).toEqual([
      [3, 4],
      [5, 6],
    ]);
  });

  test("the ratio is taken pair by pair: a slow spell that meets both sides changes nothing", () => {
    const pairs = [
      { ours: took(10), beside: took(20) },
      { ours: took(1_000), beside: took(2_000) },
      { ours: took(30), beside: took(60) },
    ];
    expect(ratioOf(pairs, time)).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  });

  test("sides that did different amounts are compared per unit", () => {
    const pair = { ours: took(1_000, { units: 1_000 }), beside: took(100, { units: 1 }) };
    expect(time(pair)).toBe(0.01);
    expect(speed(pair)).toBe(100);
    expect(cpuOf([pair])?.median).toBe(0.01);
  });

  test("memory is compared as it is, whatever the amount of work", () => {
    const pair = { ours: took(1, { units: 1_000_000, peakMb: 150 }), beside: took(1, { peakMb: 100 }) };
    expect(memory(pair)).toBe(1.5);
  });

  test("CPU that one side does not know is not compared", () => {
    expect(cpuOf([{ ours: took(1), beside: took(1, { cpuMs: null }) }])).toBeNull();
  });
});

describe("judging", () => {
  const of = (found: Partial<Row>) => row("ours", "theirs", found);

  test("a goal is met at its very value, and missed beyond it", () => {
    expect(judge(of({ ratio: around(1.5), goal: atMost(1.5) }), false)).toBe("met");
    expect(judge(of({ ratio: around(1.51), goal: atMost(1.5) }), false)).toBe("missed");
    expect(judge(of({ ratio: around(140), goal: atLeast(140) }), false)).toBe("met");
    expect(judge(of({ ratio: around(139), goal: atLeast(140) }), false)).toBe("missed");
  });

  test("it is the median that is judged, not the best", () => {
    const ratio = { median: 2, min: 1, max: 3 };
    expect(judge(of({ ratio, goal: atMost(1.5) }), false)).toBe("missed");
  });

  test("a ratio that is no number meets no goal", () => {
    expect(judge(of({ ratio: around(Number.NaN), goal: atMost(1.5) }), false)).toBe("missed");
    expect(judge(of({ ratio: around(Number.NaN), goal: atLeast(1.5) }), false)).toBe("missed");
  });

  test("a second condition that does not hold makes a goal missed", () => {
    expect(judge(of({ ratio: around(1), goal: atMost(1.2), unless: "more than 150 MB" }), false)).toBe(
      "missed",
    );
  });

  test("on a noisy machine no goal is judged, and a wrong answer stays wrong", () => {
    expect(judge(of({ ratio: around(9), goal: atMost(1.5) }), true)).toBe("not judged");
    expect(judge(failed("ours", "theirs", new WrongAnswer("7 rows, not 8")), true)).toBe("wrong");
  });

  test("the control is noisy outside 0.95 to 1.05, and where there is none", () => {
    expect([0.95, 1, 1.05].map((value) => isNoisy(around(value)))).toEqual([false, false, false]);
    expect([0.94, 1.06, Number.NaN].map((value) => isNoisy(around(value)))).toEqual([true, true, true]);
  });

  test("a wrong answer, a failure and a missing part are three things", () => {
    const kinds = [new WrongAnswer("x"), new Error("x"), new Lacking("x")].map(
      (error) => failed("ours", "theirs", error).fault?.kind,
    );
    expect(kinds).toEqual(["wrong", "failed", "lacking"]);
  });

  test("a wrong answer in the last pair fails the row, however quick the others were", async () => {
    let rounds = 0;
    const ours = async () => {
      rounds += 1;
      check(rounds < 3, "7 rows, not 8");
      return took(1);
    };
    const found = await pairsOr(
      "ours",
      "theirs",
      () => play(ours, async () => took(100), 3, 0),
      (pairs) => ({ ratio: ratioOf(pairs, time), goal: atMost(1) }),
    );
    expect(judge(found, false)).toBe("wrong");
    expect(found.ratio).toBeNull();
    expect(found.fault?.text).toBe("7 rows, not 8");
  });
});

describe("the table", () => {
  const met = row("`--version`", "`node -e 0`", { ratio: around(1.4), goal: atMost(1.5), figures: "45 ms" });
  const wrong = failed("revert", "update", new WrongAnswer("7 rows | not 8"));

  test("says of each row how it came out, on a terminal and in the README", () => {
    expect(terminalLines(met, false)).toContain("goal ≤ 1.50   met");
    expect(markdown([met, wrong], false).split("\n")).toEqual([
      expect.stringContaining("| beside | ratio |"),
      expect.stringContaining("---"),
      "| `--version` | `node -e 0` | 1.40 (1.40 to 1.40) |  | ≤ 1.50 | met | 45 ms |",
      "| revert | update |  |  |  | WRONG ANSWER | 7 rows \\| not 8 |",
    ]);
  });

  test("says that a noisy run judged nothing", () => {
    expect(terminalLines(met, true)).toContain("noisy: not judged");
  });

  test("numbers keep the digits that mean something", () => {
    expect([0.0051, 0.33, 1.234, 12.34, 2_712.4, Number.NaN].map(number)).toEqual([
      "1/196",
      "0.33",
      "1.23",
      "12.3",
      "2,712",
      "?",
    ]);
  });
});
