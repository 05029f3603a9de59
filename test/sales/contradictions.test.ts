import { describe, expect, test } from "vitest";
import { contradictionsOf } from "../../src/sales/contradictions.js";
import {
  ana,
  anaBesideHim,
  attempt,
  caio,
  click,
  evidence,
  hoursAgo,
  judged,
  now,
  ours,
  oursOpen,
  pixel,
  task,
} from "../cast/sales.js";

/* Facts that disagree: each is told in one line, with the rule that decided. */

const accepted = attempt({ result: "accepted", eventId: click, pixelId: pixel, because: "Meta received it" });
const refused = attempt({ result: "refused", because: "Meta refused it (status 400)", at: hoursAgo(1.5) });
const of = (found: Parameters<typeof evidence>[0], who = ana()) =>
  contradictionsOf(judged(who, evidence(found)));

describe("a sale that Meta accepted", () => {
  test("and whose wait timed out: the acceptance decides", () => {
    expect(of({ traces: [accepted], cause: "celery-timeout" })).toEqual([
      "reported failed (Celery timed out), and Meta accepted it: rule 2 decides, an acceptance outweighs every failure",
    ]);
  });

  test("in one of two attempts, the other refused", () => {
    expect(of({ traces: [accepted, refused] })).toEqual([
      "reported failed (Meta refused it (status 400)), and Meta accepted it: rule 2 decides, an acceptance outweighs every failure",
    ]);
  });

  test("by its log, while the result of the same task tells of a failure", () => {
    const text = "its task failed before it sent: ValueError";
    const fact = {
      at: now,
      source: "task result" as const,
      text,
      where: "task t-1",
      tells: "not-sent" as const,
    };
    expect(of({ traces: [accepted], facts: [fact] })[0]).toContain(
      `reported failed (${text}), and Meta accepted it`,
    );
    expect(of({ traces: [accepted], facts: [{ ...fact, tells: "accepted" }] })).toEqual([]);
  });

  test("and that has an attempt of ours under another id without an answer: both may count", () => {
    const open = oursOpen({ eventId: "purchase_7" });
    expect(of({ traces: [accepted, open] })).toEqual([
      `Meta accepted it (${click}), and our attempt under purchase_7 has no answer: rule 1 decides, since both may count`,
    ]);
  });

  test("under an id that another sale of its click had first: it counts for that one", () => {
    const found = {
      traces: [{ ...accepted, at: hoursAgo(0.5) }],
      siblings: [anaBesideHim({ acceptedAt: hoursAgo(1) })],
    };
    expect(of(found, caio())).toEqual([
      "Meta accepted its event id, and had accepted it for sale 7 before: rule 2 decides, one click counts once",
    ]);
  });
});

describe("a sale that failed", () => {
  test("while a copy of its task lives: a failure is not the end", () => {
    expect(of({ traces: [refused], live: [task()] })).toEqual([
      "reported failed (Meta refused it (status 400)), and a task of it lives: rule 3 decides, a failure is not the end while a copy may run",
    ]);
  });

  test("once for certain, and once perhaps not", () => {
    expect(of({ traces: [refused, attempt()], complete: true })).toEqual([
      "of 2 attempts 1 ended refused, and 1 may have arrived: rule 4 does not hold while one may",
    ]);
  });

  test("more often than one reads: the rest is counted", () => {
    const many = ["a", "b", "c", "d"].map((because) => attempt({ result: "refused", because }));
    expect(of({ traces: [accepted, ...many] })[0]).toContain("(a; b; and 2 more)");
  });
});

test("an operator's word against an attempt that was seen: what was seen decides", () => {
  const word = attempt({ source: "attestation", result: "not-sent", because: "ana attests" });
  expect(of({ traces: [word, attempt({ because: "it was queued" })], complete: true })).toEqual([
    "an operator attests that nothing was sent, and an attempt was seen (it was queued): what was seen decides",
  ]);
  expect(of({ traces: [word], complete: true }, ana({ sentFromDelivery: false }))).toEqual([]);
});

test("row and tracking data with different event ids: neither counts as known, unless evidence names one", () => {
  const [line] = of({ trackedEventId: "pageview_9c" });
  expect(line).toBe(
    "the row names the event id pageview_3f, the tracking data pageview_9c: neither counts as known",
  );
  const [decided] = of({
    trackedEventId: "pageview_9c",
    traces: [ours({ eventId: click, result: "accepted" })],
  });
  expect(decided).toContain("journal decides");
});

test("facts that agree are no contradiction", () => {
  expect(of({})).toEqual([]);
  expect(of({ traces: [accepted], trackedEventId: click })).toEqual([]);
  expect(of({ traces: [refused], complete: true }, ana({ sentFromDelivery: false }))).toEqual([]);
  expect(of({ live: [task()] })).toEqual([]);
});
