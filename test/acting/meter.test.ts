import { describe, expect, test } from "vitest";
import { Meter } from "../../src/acting/meter.js";
import type { Plan } from "../../src/sales/plan.js";

function metering(action: Plan["action"], total: number) {
  let now = 0;
  const texts: string[] = [];
  const meter = new Meter(action, total, { clock: { now: () => now }, currency: "BRL" });
  const progress = (label: string) => {
    texts.push(label);
    return { update: (text: string) => void texts.push(text), stop: () => void texts.push("stopped") };
  };
  return {
    meter,
    texts,
    bar: meter.on({ progress }),
    after: (ms: number) => (now += ms),
    on: () => meter.on({ progress }),
  };
}

const sales = (count: number, amount: string | null = "10.00") =>
  Array.from({ length: count }, () => ({ amount }));

describe("how far long work is", () => {
  test("tells number, rate, time left and money, and the rate once it means something", () => {
    const { bar, texts, after } = metering("resend", 100_000);
    after(500);
    bar.add(sales(1_000), true);
    after(2_500);
    bar.add(sales(5_000), true);
    bar.stop();
    expect(texts).toEqual([
      "resend: 0 of 100000",
      "resend: 1000 of 100000, BRL 10000.00 recovered",
      "resend: 6000 of 100000, 2000/s, 47s left, BRL 60000.00 recovered",
      "stopped",
    ]);
  });

  test("what did not end well counts as done, and recovers nothing", () => {
    const { bar, texts, after } = metering("resend", 4);
    after(8_000);
    bar.add([...sales(2), ...sales(2, null)], false);
    expect(texts.at(-1)).toBe("resend: 4 of 4, 0.5/s");
  });

  test.each([
    ["revert", "given back"],
    ["confirm", "recovered"],
    ["reconcile", "recovered"],
    ["undo", "undone"],
  ] as const)("%s says %s", (action, word) => {
    const { bar, texts, after } = metering(action, 1);
    after(100);
    bar.add(sales(1, "97.00"), true);
    expect(texts.at(-1)).toBe(`${action}: 1 of 1, BRL 97.00 ${word}`);
  });

  test("is drawn at most ten times a second, and never behind by more than the last look", () => {
    const { bar, texts, after } = metering("resend", 1_000);
    for (let n = 0; n < 1_000; n += 1) {
      after(1);
      bar.add(sales(1), true);
    }
    expect(texts).toHaveLength(1 + 10);
    expect(texts.at(-1)).toMatch(/^resend: 9\d\d of 1000/);
  });

  test("goes on where it was when it is drawn again, as between two waves", () => {
    const { bar, texts, after, on } = metering("resend", 4);
    after(100);
    bar.add(sales(2), true);
    bar.stop();
    on().stop();
    expect(texts.slice(-2)).toEqual(["resend: 2 of 4, BRL 20.00 recovered", "stopped"]);
  });
});
