import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextTry } from "../../src/sales/restraint.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import type { Tried } from "../../src/sales/tries.js";
import { noTries, triesOf } from "../../src/sales/tries.js";
import { ana, evidence, hoursAgo, judged, now } from "../cast/sales.js";

/** A request of this sale alone that Meta refused without saying why, while its pixel took others. */
const spoilt = (run: number, differing: Partial<Tried> = {}): Tried => ({
  run: `run-${run}`,
  at: hoursAgo(20) + run * MINUTE,
  answer: "not-sent",
  blame: "sale",
  alone: true,
  pixelTook: true,
  othersRefused: false,
  because: "Meta refused: 100",
  ...differing,
});
const lost = (run: number, differing: Partial<Tried> = {}) =>
  spoilt(run, {
    answer: "unconfirmed",
    blame: "network",
    pixelTook: false,
    because: "no answer",
    ...differing,
  });
const many = (count: number, make: (run: number) => Tried) =>
  Array.from({ length: count }, (_, at) => make(at));

describe("what counts as a try in vain", () => {
  test("a refusal of the sale by itself, once per run however often it is repeated there", () => {
    expect(triesOf([spoilt(1), spoilt(1), spoilt(1), spoilt(2)])).toMatchObject({ count: 2, certain: 2 });
  });

  test("says when the last was, and what came of it", () => {
    expect(triesOf([spoilt(1), spoilt(2, { because: "Meta refused: 1" })])).toMatchObject({
      lastAt: spoilt(2).at,
      because: "Meta refused: 1",
    });
  });

  test.each([
    ["the pixel's fault", { blame: "pixel" }],
    ["a refusal that others shared", { blame: null, alone: false }],
    ["no connection", { blame: "network" }],
    ["an acceptance", { blame: null, answer: "accepted" }],
    ["an answer that was lost with others", { blame: "network", answer: "unconfirmed", alone: false }],
    ["an attempt whose run died", { blame: null, answer: null, alone: false }],
  ] as const)("not %s", (_, differing) => {
    expect(triesOf(many(20, (run) => spoilt(run, differing)))).toEqual(noTries);
  });

  test("an answer that was lost once is anybody's; again and again it makes pauses, and never a quarantine", () => {
    expect(triesOf([lost(1), lost(1), lost(1)])).toEqual(noTries);
    expect(triesOf([lost(1), lost(2)])).toMatchObject({ count: 1, certain: 0 });
    expect(triesOf(many(30, lost))).toMatchObject({ count: 29, certain: 0 });
  });

  test("an answer that is lost while its pixel answers others is the sale's own", () => {
    expect(triesOf(many(3, (run) => lost(run, { pixelTook: true })))).toMatchObject({ count: 3, certain: 3 });
  });

  test("refusals make no quarantine while the pixel takes nothing and refuses others too", () => {
    const outage = many(30, (run) => spoilt(run, { pixelTook: false, othersRefused: true }));
    expect(triesOf(outage)).toMatchObject({ count: 30, certain: 0 });
    const alone = many(3, (run) => spoilt(run, { pixelTook: false }));
    expect(triesOf(alone)).toMatchObject({ count: 3, certain: 3 });
  });
});

describe("the pause after a try in vain", () => {
  const after = (count: number, deadline: number | null = null) =>
    (nextTry({ count, lastAt: now }, deadline) ?? Number.NaN) - now;

  test("is a quarter of an hour, doubles, and ends at six hours", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((count) => after(count) / MINUTE)).toEqual([
      15, 30, 60, 120, 240, 360, 360, 360,
    ]);
  });

  test("leaves one last try two hours before the deadline, and no more than one", () => {
    expect(after(7, now + 5 * HOUR)).toBe(3 * HOUR);
    expect(after(7, now + HOUR)).toBe(6 * HOUR);
  });

  test("never ends before it begins, grows with each try, and spares a last try in time", () => {
    const hours = fc.double({ min: 0, max: 170, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), hours, (count, left) => {
        const deadline = now + left * HOUR;
        const pause = after(count, deadline);
        expect(pause).toBeGreaterThan(0);
        expect(pause).toBeLessThanOrEqual(6 * HOUR);
        expect(after(count + 1)).toBeGreaterThanOrEqual(after(count));
        if (left > 2) expect(now + pause).toBeLessThanOrEqual(deadline - 2 * HOUR);
      }),
    );
  });
});

describe("what a window makes of it", () => {
  const tried = (count: number, certain: number, lastAt: number, differing = {}) =>
    judged(
      ana(),
      evidence({ tries: { count, certain, lastAt, because: "Meta refused: 100" }, ...differing }),
    );

  test("a sale that was tried lately is paused, and says until when", () => {
    expect(tried(3, 3, now - 10 * MINUTE).restraint).toEqual({
      kind: "paused",
      because: "tried 3 times, next try after 2025-11-20 15:50Z",
      until: now + 50 * MINUTE,
      person: null,
    });
    expect(tried(3, 3, now - 61 * MINUTE).restraint).toMatchObject({ kind: "none", person: null });
  });

  test("after eight tries it is quarantined, and says how to let it out", () => {
    const { kind, because, person } = tried(8, 8, now - 20 * HOUR).restraint;
    expect(kind).toBe("quarantined");
    expect(because).toBe(
      "quarantined after 8 tries: last answer: Meta refused: 100; purchase-fix quarantine release 7 --reason …",
    );
    expect(person).toBe(because);
  });

  test("where nothing proves that the fault is its own it goes on with pauses, and somebody should look", () => {
    expect(tried(9, 7, now - MINUTE).restraint).toMatchObject({
      kind: "paused",
      person: "tried 9 times in vain: Meta refused: 100",
    });
    expect(tried(9, 7, now - 7 * HOUR).restraint).toMatchObject({
      kind: "none",
      person: expect.stringContaining("in vain"),
    });
  });

  test("what Meta refused by name waits for a person and not for time", () => {
    expect(tried(3, 3, now, { refused: "100/2804050" }).restraint.kind).toBe("none");
  });

  test("what somebody acknowledged rests, whatever else holds", () => {
    const acknowledged = { reason: "paid twice", by: "ana@web-1", at: hoursAgo(3) };
    expect(tried(20, 20, now, { acknowledged }).restraint).toEqual({
      kind: "acknowledged",
      because: "acknowledged by ana@web-1, 2025-11-20 12:00Z: paid twice",
      until: null,
      person: null,
    });
  });
});
