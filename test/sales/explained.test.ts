import { describe, expect, test } from "vitest";
import { explained, explanationJson, stateOf } from "../../src/sales/explained.js";
import type { Evidence } from "../../src/sales/evidence.js";
import type { Sale } from "../../src/sales/sale.js";
import { accepted, ana, bia, click, evidence, judged, now, policy } from "../cast/sales.js";

const asked = { logs: true, broker: false, tracking: false };
const of = (who: Sale, found: Evidence = evidence(), open = true) =>
  explained(judged(who, found), open, { ours: [], asked, policy, again: " --no-broker" }, now);
const document = (...about: Parameters<typeof of>) => explanationJson(of(...about), "BRL");

const facts = [{ at: now, source: "worker log" as const, text: "Meta received it", where: "celery.log:7" }];

/*
 * The fields of the document, pinned: a field that goes or changes its meaning needs a new JSON_VERSION.
 */
describe("the document of explain", () => {
  const told = document(ana(), evidence({ traces: [accepted], facts, cause: "celery-timeout" }));

  test("has these parts, and no others", () => {
    expect(Object.keys(told)).toEqual([
      "sale",
      "tries",
      "rule",
      "rules",
      "contradictions",
      "cause",
      "wouldTell",
      "workers",
      "story",
      "permitted",
    ]);
  });

  test("shows the sale with its state, its verdict, and both deadlines", () => {
    expect(told.sale).toEqual({
      id: 7,
      paymentId: "BOT19_7",
      botName: "shop",
      amount: "97.00",
      currency: "BRL",
      createdAt: "2025-11-20T13:00:00.000Z",
      paidAt: "2025-11-20T13:00:00.000Z",
      flaggedAt: "2025-11-20T13:01:00.000Z",
      state: "stuck",
      status: "paid",
      metaEventId: null,
      verdict: "delivered",
      obstacle: "none",
      restraint: "none",
      because: "Meta received it",
      cause: "celery-timeout",
      eventId: click,
      eventIdOrigin: "evidence",
      eventIdKnowledge: "known",
      pixelId: "1001",
      deadline: "2025-11-27T12:00:00.000Z",
      foldedUntil: null,
      expiresAt: "2025-11-27T12:00:00.000Z",
      needsPerson: false,
    });
  });

  test("shows rules, cause, story and what is permitted", () => {
    expect(told.rule).toBe(2);
    expect(told.rules.map(Object.keys)).toEqual([
      ["question", "answer", "because"],
      ["question", "answer", "because"],
    ]);
    expect(told.contradictions).toHaveLength(1);
    expect(Object.keys(told.cause ?? {})).toEqual([
      "name",
      "number",
      "short",
      "title",
      "symptom",
      "check",
      "remedy",
    ]);
    expect(told.cause).toMatchObject({ name: "celery-timeout", number: 1 });
    expect(told.story.at(-1)).toEqual({
      at: "2025-11-20T15:00:00.000Z",
      source: "worker log",
      text: "Meta received it",
      where: "celery.log:7",
      times: 1,
      until: null,
    });
    expect(told.permitted[0]).toEqual({
      action: "confirm",
      allowed: true,
      because: `stores ${click}; sends nothing`,
      flag: null,
      command: "purchase-fix confirm --id 7 --no-broker",
      mayDouble: false,
      named: false,
    });
  });

  test("asks for evidence where the cause is unknown, and for none where it is known", () => {
    expect(told.wouldTell).toEqual([]);
    const { cause, wouldTell, sale } = document(bia());
    expect([cause, wouldTell.length, sale.needsPerson]).toEqual([null, 2, true]);
  });
});

describe("a sale that is not stuck", () => {
  test.each([
    ["confirmed", ana({ metaEventId: "pageview_x" })],
    ["not paid", ana({ status: "pending", flagged: false })],
    ["not flagged", ana({ flagged: false })],
  ])("is %s: it has a story, and neither verdict nor anything to do", (state, who) => {
    const told = document(who, evidence(), false);
    expect(told.sale).toMatchObject({ state, verdict: null, obstacle: null, because: null });
    expect([told.rule, told.rules, told.permitted, told.wouldTell]).toEqual([null, [], [], []]);
    expect(told.story.length).toBeGreaterThan(0);
  });

  test("but reverted by us stays open", () => {
    const back = of(ana({ flagged: false }), evidence({ reverted: true }));
    expect(stateOf(back)).toBe("reverted");
    expect(back.offers).toHaveLength(3);
  });
});
