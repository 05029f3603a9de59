import { describe, expect, test } from "vitest";
import type { Judged } from "../../src/sales/verdict.js";
import type { ProofByWord } from "../../src/sales/word.js";
import { planByWord } from "../../src/sales/word.js";
import {
  ana,
  anaBesideHim,
  attempt,
  bia,
  caio,
  click,
  evidence,
  hoursAgo,
  judged,
  now,
  oursOpen,
  policy,
  task,
} from "../cast/sales.js";

const word = (differing: Partial<ProofByWord> = {}): ProofByWord => ({
  eventId: "purchase_seen",
  reason: "seen in the Events Manager",
  by: "eva@web-1",
  bearers: [],
  ...differing,
});

const plan = (sales: readonly Judged[], given = word()) =>
  planByWord(given, policy)("confirm", sales, null, null, now);
const leftOf = (one: Judged, given = word()) => plan([one], given).left.map(({ because }) => because);

const accepted = (eventId: string, at = hoursAgo(2)) =>
  attempt({ result: "accepted", eventId, at, because: "Meta received it" });

describe("an operator's own proof", () => {
  test.each<[string, Judged]>([
    ["untraceable", judged(bia())],
    ["ambiguous", judged(ana())],
    ["in-flight", judged(ana(), evidence({ live: [task()] }))],
    ["unsettled", judged(ana(), evidence({ traces: [oursOpen()] }))],
    ["lost", judged(ana(), evidence({ traces: [attempt({ result: "refused" })], complete: true }))],
  ])("is taken for a sale that is %s, and counts as an acceptance on record", (kind, one) => {
    expect(one.kind).toBe(kind);
    const { act, left } = plan([one]);
    expect(left).toEqual([]);
    expect(act).toMatchObject([{ mayDouble: false, revertIfRefused: false, before: Infinity }]);
    expect(act[0]?.judged.evidence.traces.at(-1)).toMatchObject({
      source: "attestation",
      result: "accepted",
      eventId: "purchase_seen",
      because: "eva@web-1 attests that Meta has it: seen in the Events Manager",
    });
    if (kind !== "unsettled") expect(act[0]?.judged.kind).toBe("delivered");
  });

  test("may say what other evidence says, and not another id", () => {
    const known = judged(ana(), evidence({ traces: [accepted(click)] }));
    expect(plan([known], word({ eventId: click })).act).toHaveLength(1);
    expect(leftOf(known)).toEqual([
      `Meta's acceptance of ${click} is on record: confirm it without --event-id`,
    ]);
  });

  test("is not taken for a sale that was folded: Meta counted another one", () => {
    const siblings = [anaBesideHim({ acceptedAt: hoursAgo(2) })];
    const folded = judged(caio(), evidence({ siblings, traces: [accepted(click, hoursAgo(1))] }));
    expect(folded.kind).toBe("folded");
    expect(leftOf(folded)).toEqual(["Meta counted its event id for sale 7"]);
  });

  test("nor where the word itself would make it one", () => {
    const siblings = [anaBesideHim({ acceptedAt: hoursAgo(2) })];
    const his = judged(caio(), evidence({ siblings }));
    expect(his.kind).not.toBe("folded");
    expect(leftOf(his, word({ eventId: click }))).toEqual(["Meta counted its event id for sale 7"]);
    expect(leftOf(his)).toEqual([]);
  });

  test("is not taken under an id that a sale of another click is stored under", () => {
    const given = (pageviewEventId: string | null, id = 99) => word({ bearers: [{ id, pageviewEventId }] });
    const because = ["sale 99, of another click, is stored under that event id"];
    expect(leftOf(judged(ana()), given("pageview_other"))).toEqual(because);
    expect(leftOf(judged(ana()), given(null))).toEqual(because);
    expect(leftOf(judged(bia()), given(null))).toEqual(because);
    expect(leftOf(judged(ana()), given(click))).toEqual([]);
    expect(leftOf(judged(ana()), given(null, 7))).toEqual([]);
  });

  test("keeps the obstacle that the sale had: the row's faults are the shop's", () => {
    const one = judged(ana(), evidence(), { fault: "no pool" });
    expect(plan([one]).act[0]?.judged.obstacle).toEqual(one.obstacle);
  });
});
