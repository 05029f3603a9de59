import { describe, expect, test } from "vitest";
import { Timeline } from "../../simulate/timeline.js";
import { seeded } from "../cast/logs.js";

describe("a timeline", () => {
  test("lets everything happen in order, what is due together as it was planned, and nothing that is not due", () => {
    const timeline = new Timeline(0);
    const random = seeded(1);
    const happened: number[] = [];
    const planned = Array.from({ length: 500 }, () => random.below(100));
    for (const [n, at] of planned.entries()) timeline.at(at, () => happened.push(at * 1_000 + n));
    timeline.pass(49);
    expect(timeline.now()).toBe(49);
    const all = planned.map((at, n) => at * 1_000 + n).toSorted((a, b) => a - b);
    expect(happened).toEqual(all.filter((one) => one < 50_000));
    timeline.pass(100);
    expect(happened).toEqual(all);
  });

  test("passes while a run sleeps, and wakes it early when it is told to stop", async () => {
    const timeline = new Timeline(0);
    const stop = new AbortController();
    timeline.at(10, () => stop.abort());
    const run = async () => {
      await timeline.sleep(5);
      const first = timeline.now();
      await timeline.sleep(50, stop.signal);
      return [first, timeline.now()];
    };
    expect(await timeline.during(run())).toEqual([5, 10]);
  });

  test("stands still while something outside is awaited", async () => {
    const timeline = new Timeline(0);
    let isEarly = false;
    timeline.at(1, () => (isEarly = true));
    const reading = new Promise((resolve) => setTimeout(resolve, 5));
    await timeline.during(timeline.outside(reading));
    expect(isEarly).toBe(false);
  });

  test("says so when everybody waits for ever", async () => {
    await expect(new Timeline(0).during(new Promise(() => undefined))).rejects.toThrow(
      "nothing will ever happen",
    );
  });
});
