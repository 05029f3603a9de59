import { describe, expect, test } from "vitest";
import {
  JSON_VERSION,
  because,
  leftJson,
  outcomeJson,
  plannedJson,
  saleJson,
  saleWithWhyJson,
} from "../../src/sales/json.js";
import { makePlan } from "../../src/sales/plan.js";
import { ana, attempt, bia, click, evidence, hoursAgo, judged, now, policy, wishes } from "../cast/sales.js";

/*
 * The fields of the documents, pinned: a field that goes or changes its meaning needs a new JSON_VERSION.
 */

test("the version of these fields", () => {
  expect(JSON_VERSION).toBe(1);
});

describe("a sale", () => {
  const who = ana({ id: 9445, paymentId: "BOT19_1763607031_ab12cd", createdAt: hoursAgo(3) });

  test("shows all of these fields, and no others", () => {
    expect(saleJson(judged(who), "BRL")).toEqual({
      id: 9445,
      paymentId: "BOT19_1763607031_ab12cd",
      botName: "shop",
      amount: "97.00",
      currency: "BRL",
      createdAt: "2025-11-20T12:00:00.000Z",
      paidAt: "2025-11-20T13:00:00.000Z",
      flaggedAt: "2025-11-20T13:01:00.000Z",
      state: "stuck",
      verdict: "ambiguous",
      obstacle: "none",
      restraint: "none",
      because: "no answer on record; event id presumed from its page view",
      cause: null,
      eventId: "pageview_3f",
      eventIdOrigin: "pageview_event_id",
      pixelId: "1001",
      deadline: "2025-11-22T12:00:00.000Z",
    });
  });

  test("shows null for what the row does not say", () => {
    const bare = ana({ amount: null, paidAt: null, createdAt: null, flaggedAt: null, pools: null });
    expect(saleJson(judged(bare), "BRL")).toMatchObject({
      amount: null,
      createdAt: null,
      paidAt: null,
      flaggedAt: null,
      pixelId: null,
      deadline: null,
    });
  });

  test("that we reverted says so, and stays listed", () => {
    const back = judged(ana({ flagged: false, flaggedAt: null }), evidence({ reverted: true }));
    expect(saleJson(back, "BRL")).toMatchObject({
      state: "reverted",
      because: "reverted, not sent again; no answer on record; event id presumed from its page view",
    });
  });

  test("with --why adds what weighed most in its verdict, and only then", () => {
    const told = attempt({ eventId: click, result: "accepted", because: "Meta received it", taskId: "t-1" });
    expect(saleWithWhyJson(judged(ana(), evidence({ traces: [told] })), "BRL").why).toEqual({
      at: "2025-11-20T13:00:00.000Z",
      source: "application log",
      text: "Meta received it",
      where: "task t-1",
    });
    expect(saleWithWhyJson(judged(ana()), "BRL").why).toBeNull();
    expect(saleJson(judged(ana()), "BRL")).not.toHaveProperty("why");
  });

  test("with an obstacle names it beside the verdict's reason", () => {
    expect(because(judged(ana(), evidence(), { fault: "redirect_pools 1: meta_pixel_id is empty" }))).toBe(
      "no answer on record; event id presumed from its page view; " +
        "unsendable: redirect_pools 1: meta_pixel_id is empty",
    );
  });

  test.each([
    ["evidence", ana(), evidence({ traces: [attempt({ eventId: "purchase_7_1" })] })],
    ["journal", ana(), evidence({ traces: [attempt({ by: "purchase-fix", eventId: click })] })],
    ["pageview_event_id", ana(), evidence()],
    ["purchase_id", bia(), evidence()],
  ])("shows its event id's origin: %s", (origin, buyer, found) => {
    expect(saleJson(judged(buyer, found), "BRL").eventIdOrigin).toBe(origin);
  });
});

describe("a plan", () => {
  const plan = makePlan(
    "resend",
    [judged(ana()), judged(bia()), judged(ana({ id: 5, paidAt: hoursAgo(200) }))],
    wishes(),
    policy,
    now,
  );

  test("shows what is done, until when, and whether it may count twice", () => {
    expect(plan.act.map(plannedJson)).toEqual([
      {
        id: 7,
        action: "resend",
        verdict: "ambiguous",
        because: "no answer on record; event id presumed from its page view",
        eventId: "pageview_3f",
        eventIdOrigin: "pageview_event_id",
        pixelId: "1001",
        before: "2025-11-22T12:00:00.000Z",
        mayDouble: false,
      },
    ]);
  });

  test("shows null where nothing is to be sent, and so no moment passes", () => {
    const reverts = makePlan("revert", [judged(ana())], wishes({ named: true }), policy, now);
    expect(reverts.act.map(plannedJson)).toMatchObject([{ id: 7, before: null }]);
  });

  test("shows what is left, each with its reason", () => {
    expect(plan.left.map(leftJson)).toEqual([
      {
        id: 8,
        verdict: "untraceable",
        obstacle: "waiting",
        restraint: "none",
        because: "flagged 1h 59m ago; its own task may run for 18h",
        wouldAllow: "--id 8 --accept-duplicate",
        needsPerson: true,
      },
      {
        id: 5,
        verdict: "untraceable",
        obstacle: "expired",
        restraint: "none",
        because: "paid over 7 days ago: Meta rejects it, and its whole request with it",
        wouldAllow: null,
        needsPerson: true,
      },
    ]);
  });
});

test("an outcome shows answer, effect and the id that Meta has", () => {
  const item = judged(ana());
  const common = { judged: item, because: "Meta received it", eventId: click };
  expect(outcomeJson({ ...common, answer: "accepted", effect: "confirmed" })).toEqual({
    id: 7,
    answer: "accepted",
    effect: "confirmed",
    eventId: "pageview_3f",
    because: "Meta received it",
  });
  expect(outcomeJson({ ...common, answer: null, effect: "overtaken", eventId: null })).toMatchObject({
    answer: null,
    eventId: null,
  });
});
