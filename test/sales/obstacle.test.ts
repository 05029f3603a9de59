import { describe, expect, test } from "vitest";
import type { Evidence } from "../../src/sales/evidence.js";
import { needsPerson } from "../../src/sales/obstacle.js";
import type { Sale } from "../../src/sales/sale.js";
import { DAY, HOUR, MINUTE } from "../../src/sales/sale.js";
import type { Judged } from "../../src/sales/verdict.js";
import {
  allOf,
  ana,
  attempt,
  bia,
  evidence,
  hoursAgo,
  judged,
  now,
  ours,
  oursOpen,
  task,
} from "../cast/sales.js";

const obstacle = (who: Sale, found?: Evidence, options?: Parameters<typeof judged>[2]) =>
  judged(who, found, options).obstacle.kind;

describe("waiting", () => {
  const minutesAgo = (minutes: number) => now - minutes * MINUTE;

  test("a sale flagged under 20 minutes ago, to the millisecond", () => {
    expect(obstacle(ana({ flaggedAt: minutesAgo(20) + 1 }))).toBe("waiting");
    expect(obstacle(ana({ flaggedAt: minutesAgo(20) }))).toBe("none");
  });

  test("an untraceable sale under 18 hours, to the millisecond", () => {
    expect(obstacle(bia({ flaggedAt: hoursAgo(18) + 1 }))).toBe("waiting");
    expect(obstacle(bia({ flaggedAt: hoursAgo(18) }))).toBe("none");
  });

  test("both spans are the operator's to set", () => {
    const under = { minAge: HOUR, retryHorizon: 2 * HOUR };
    expect(obstacle(ana({ flaggedAt: minutesAgo(59) }), evidence(), { under })).toBe("waiting");
    expect(obstacle(bia({ flaggedAt: hoursAgo(2) }), evidence(), { under })).toBe("none");
    expect(
      obstacle(bia({ flaggedAt: minutesAgo(30) }), evidence(), { under: { ...under, retryHorizon: 0 } }),
    ).toBe("waiting");
  });

  test("not where evidence shows that no task lives", () => {
    const found = evidence({ noTaskLives: true });
    expect(obstacle(ana({ flaggedAt: minutesAgo(1) }), found)).toBe("none");
    expect(obstacle(bia({ flaggedAt: minutesAgo(1) }), found)).toBe("none");
  });

  test("a flag time that is missing, or in the future, counts as the row's last change", () => {
    for (const flaggedAt of [null, now + 1]) {
      expect(obstacle(ana({ flaggedAt, updatedAt: minutesAgo(10) }))).toBe("waiting");
      expect(obstacle(ana({ flaggedAt, updatedAt: minutesAgo(20) }))).toBe("none");
    }
  });

  test("where the row's last change is no help either, the payment counts", () => {
    expect(obstacle(ana({ flaggedAt: null, updatedAt: null }))).toBe("none");
    expect(obstacle(ana({ flaggedAt: null, updatedAt: now + 1, paidAt: minutesAgo(10) }))).toBe("waiting");
  });

  test("a sale without any time waits", () => {
    expect(obstacle(ana({ flaggedAt: null, updatedAt: null, paidAt: null, createdAt: null }))).toBe(
      "waiting",
    );
  });
});

describe("one obstacle is named, the worst first", () => {
  const old = { paidAt: hoursAgo(7 * 24) };

  test("expired before unsendable before waiting", () => {
    const fault = "redirect_pools 1: meta_pixel_id is empty";
    expect(obstacle(ana({ ...old, flaggedAt: now }), evidence(), { fault })).toBe("expired");
    expect(judged(ana({ flaggedAt: now }), evidence(), { fault }).obstacle).toEqual({
      kind: "unsendable",
      because: fault,
    });
    expect(obstacle(ana({ flaggedAt: now }))).toBe("waiting");
  });

  test("a sale without a time of payment has no age that Meta could refuse", () => {
    expect(obstacle(ana({ paidAt: null, createdAt: null, flaggedAt: hoursAgo(200) }))).toBe("none");
  });
});

describe("who needs a person", () => {
  const person = (item: Judged, at = now) => needsPerson(item, at);

  test("expired, unsendable, untraceable and refused sales do", () => {
    expect(person(judged(ana({ paidAt: hoursAgo(7 * 24) })))).toContain("over 7 days ago");
    expect(person(judged(ana(), evidence(), { fault: "no pixel" }))).toBe("no pixel");
    expect(person(judged(bia({ flaggedAt: hoursAgo(18) })))).toContain("its event id is unknown");
    expect(
      person(judged(ana(), evidence({ traces: [ours({ result: "refused" })], refused: "100/2804050" }))),
    ).toBe("Meta refused it: 100/2804050");
  });

  test("ambiguous, lost, delivered and in-flight ones do not, while there is time", () => {
    const never = allOf(attempt({ result: "not-sent" }));
    expect(person(judged(ana()))).toBeNull();
    expect(person(judged(ana({ sentFromDelivery: false }), never))).toBeNull();
    expect(person(judged(ana(), evidence({ traces: [attempt({ result: "accepted" })] })))).toBeNull();
    expect(person(judged(ana(), evidence({ live: [task()] })))).toBeNull();
  });

  test.each([
    ["in-flight", evidence({ live: [task()] })],
    ["unsettled", evidence({ traces: [oursOpen()] })],
  ])("%s sales do from 24 h before a limit on", (kind, found) => {
    const item = judged(ana(), found);
    const limit = item.deadline ?? 0;
    expect(person(item, limit - DAY)).toBeNull();
    expect(person(item, limit - DAY + 1)).toBe(`${kind}, and only 23h 59m left`);
    expect(person(item, limit + HOUR)).toContain("only 0s left");
  });

  test("waiting sales do from 24 h before a limit on", () => {
    const young = ana({ paidAt: hoursAgo(30), flaggedAt: now });
    expect(person(judged(young))).toBe("waiting, and only 17h left");
    expect(person(judged(ana({ flaggedAt: now })))).toBeNull();
  });
});
