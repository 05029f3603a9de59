import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/sales/outcome.js";
import { answers, effects, endedWell, tally, total, worth } from "../../src/sales/outcome.js";
import { ana, judged } from "../cast/sales.js";

function outcome(differing: Partial<Outcome> = {}, amount: string | null = "97.00"): Outcome {
  const item = judged(ana({ amount }));
  return { judged: item, answer: "accepted", effect: "confirmed", because: "", eventId: null, ...differing };
}

describe("did it end as the command meant it to?", () => {
  // Every answer (and none) with every effect. Only a stored id, or a revert that was asked for, is a good end; a row that
  // is kept is one where Meta took what it had folded before.
  const good = new Set([
    "accepted confirmed",
    "accepted kept",
    "refused confirmed",
    "unconfirmed confirmed",
    "not-sent confirmed",
    "null confirmed",
    "null reverted",
    "null restored",
  ]);

  test.each([...answers, null].flatMap((answer) => effects.map((effect) => ({ answer, effect }))))(
    "$answer, $effect",
    ({ answer, effect }) => {
      expect(endedWell(outcome({ answer, effect }))).toBe(good.has(`${answer} ${effect}`));
    },
  );

  test("an acceptance whose row moved is no good end, and no lost one either", () => {
    const moved = outcome({ answer: "accepted", effect: "overtaken", eventId: "pageview_3f" });
    expect(endedWell(moved)).toBe(false);
    expect(moved.eventId).toBe("pageview_3f");
  });
});

describe("sums", () => {
  test("are exact, and count what is no amount without adding it", () => {
    const sales = ["0.10", "0.20", "NaN", null, "-1.00"].map((amount) => ({ amount }));
    expect(total(sales)).toEqual({ count: 5, amount: "-0.70" });
    expect(total([])).toEqual({ count: 0, amount: "0.00" });
  });

  test("are by effect, and name only the effects that occurred, in one order", () => {
    const list = [
      outcome({ answer: "refused", effect: "kept" }, "10.00"),
      outcome({}, "0.10"),
      outcome({}, "0.20"),
    ];
    expect(tally(list)).toEqual({
      confirmed: { count: 2, amount: "0.30" },
      kept: { count: 1, amount: "10.00" },
    });
    expect(Object.keys(tally(list))).toEqual(["confirmed", "kept"]);
    expect(tally([])).toEqual({});
  });

  test.each([
    ["97.00", "97.00"],
    ["97", "97.00"],
    ["NaN", "0.00"],
    ["Infinity", "0.00"],
    [null, "0.00"],
  ])("the worth of %s is %s", (amount, expected) => {
    expect(worth(amount)).toBe(expected);
  });
});
