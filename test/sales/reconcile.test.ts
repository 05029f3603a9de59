import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addAmounts, compareAmounts } from "../../src/sales/money.js";
import { decide } from "../../src/sales/decision.js";
import type { Action } from "../../src/sales/permissions.js";
import { actions } from "../../src/sales/permissions.js";
import type { Rules } from "../../src/sales/reconcile.js";
import { allowedFor, noRules, overCap, planReconcile, stopped } from "../../src/sales/reconcile.js";
import type { Judged } from "../../src/sales/verdict.js";
import {
  allOf,
  ana,
  anaBesideHim,
  attempt,
  caio,
  click,
  evidence,
  hoursAgo,
  judged,
  now,
  pixel,
  policy,
  pool,
  sale,
  wishes,
} from "../cast/sales.js";

const rules = (differing: Partial<Rules> = {}): Rules => ({ ...noRules, ...differing });
const plan = (sales: readonly Judged[], under: Partial<Rules> = {}, said = {}) =>
  planReconcile(sales, wishes(said), rules(under), policy, now);
const parts = (sales: readonly Judged[], under: Partial<Rules> = {}, said = {}) =>
  plan(sales, under, said).act.map(({ action, judged: { sale } }) => `${action} ${sale.id}`);
const whys = (sales: readonly Judged[], under: Partial<Rules> = {}, said = {}) =>
  plan(sales, under, said).left.map(({ judged: { sale }, because }) => `${sale.id}: ${because}`);

const own = (id: number, differing = {}) => sale({ id, pageviewEventId: `pageview_${id}`, ...differing });
const delivered = (id: number) =>
  judged(own(id), evidence({ traces: [attempt({ eventId: `pageview_${id}`, result: "accepted" })] }));
const ambiguous = (id: number, differing = {}) => judged(own(id, differing));
/** Proof that nothing arrived, and a row that no event can be built of. */
const unsendable = (id: number) =>
  judged(
    own(id, { paidAt: hoursAgo(30), sentFromDelivery: false }),
    allOf(attempt({ result: "not-sent", at: hoursAgo(30) })),
    { fault: "its bot is in no enabled pool" },
  );
const untraceable = (id: number) => judged(own(id, { pageviewEventId: null, paidAt: hoursAgo(60) }));
const expired = (id: number) => judged(own(id, { paidAt: hoursAgo(200) }));

describe("each sale goes to the first part that may have it", () => {
  test("confirm, then resend, then revert; the rest is left with its reason", () => {
    const sales = [unsendable(4), ambiguous(3), delivered(2), untraceable(5), expired(6)];
    expect(parts(sales)).toEqual(["confirm 2", "resend 3", "revert 4"]);
    expect(whys(sales)).toEqual([
      expect.stringMatching(/^5: .*it may count twice$/),
      expect.stringMatching(/^6: paid over 7 days ago/),
    ]);
  });

  test("nearest deadline first within each part", () => {
    const sales = [ambiguous(1, { paidAt: hoursAgo(2) }), ambiguous(2, { paidAt: hoursAgo(40) })];
    expect(parts(sales)).toEqual(["resend 2", "resend 1"]);
  });

  test("what can be sent is not given back, even where a revert would be allowed", () => {
    const lost = judged(
      own(1, { paidAt: hoursAgo(30), sentFromDelivery: false }),
      allOf(attempt({ result: "refused", at: hoursAgo(30) })),
    );
    expect(decide("revert", lost, wishes(), policy, now).allowed).toBe(true);
    expect(parts([lost])).toEqual(["resend 1"]);
    expect(parts([lost], { allow: ["confirm", "revert"] })).toEqual([]);
    expect(whys([lost], { allow: ["confirm", "revert"] })).toEqual([
      expect.stringContaining("the policy does not allow to resend it"),
    ]);
  });

  test("a copy of a click waits for its carrier, and goes after one that is confirmed in the same run", () => {
    const beside = (acceptedAt: number | null) =>
      judged(caio({ id: 9 }), evidence({ siblings: [anaBesideHim({ acceptedAt })] }));
    const carrier = judged(
      ana(),
      evidence({ traces: [attempt({ eventId: click, result: "accepted", at: hoursAgo(2) })] }),
    );
    expect(parts([beside(hoursAgo(2)), carrier])).toEqual(["confirm 7", "resend 9"]);
    expect(parts([beside(null), judged(ana())])).toEqual(["resend 7", "resend 9"]);
    expect(parts([beside(null), judged(ana())], { bots: new Map(), pixels: new Map(), allow: [] })).toEqual(
      [],
    );
  });

  test("what may count twice is sent up to its limit, and where a flag would help it is a whole command", () => {
    const sales = [untraceable(1), untraceable(2)];
    expect(parts(sales, {}, { acceptDuplicate: true, duplicateLimit: "100.00" })).toEqual(["resend 1"]);
    expect(plan(sales).left.map(({ wouldAllow }) => wouldAllow)).toEqual([
      "--accept-duplicate",
      "--accept-duplicate",
    ]);
    const young = judged(own(3, { paidAt: hoursAgo(0.1) }));
    expect(plan([young]).left).toMatchObject([{ wouldAllow: "purchase-fix resend --id 3" }]);
  });

  test("--limit counts all parts together", () => {
    const sales = [delivered(1), delivered(2), ambiguous(3), ambiguous(4), unsendable(5)];
    expect(parts(sales, {}, { limit: 3 })).toEqual(["confirm 1", "confirm 2", "resend 3"]);
    expect(whys(sales, {}, { limit: 3 })).toEqual(
      expect.arrayContaining(["4: beyond --limit 3", "5: beyond --limit 3"]),
    );
  });
});

describe("what the rules allow", () => {
  const one = ambiguous(1, { botId: 19, botName: "shop" });

  test("a bot's rule comes before its pixel's, and that before the general one", () => {
    const of = (under: Partial<Rules>) => allowedFor(rules(under), one);
    expect(of({})).toEqual(actions);
    expect(of({ allow: ["confirm"] })).toEqual(["confirm"]);
    expect(of({ allow: ["confirm"], pixels: new Map([[pixel, ["resend"]]]) })).toEqual(["resend"]);
    const pixels = new Map<string, readonly Action[]>([[pixel, ["resend"]]]);
    expect(of({ pixels, bots: new Map([["shop", []]]) })).toEqual([]);
    expect(of({ pixels, bots: new Map([["19", ["revert"]]]) })).toEqual(["revert"]);
  });

  test("an empty list leaves the sales alone, and they still need their person", () => {
    const alone = { bots: new Map([["19", [] as const]]) };
    expect(parts([one, delivered(2)], alone)).toEqual([]);
    expect(plan([expired(3)], alone).left).toMatchObject([{ person: expect.stringContaining("7 days") }]);
  });

  test("a refusal by Meta gives nothing back where the rules do not let a run give back", () => {
    const lost = judged(
      own(1, { paidAt: hoursAgo(30), sentFromDelivery: false }),
      allOf(attempt({ result: "not-sent", at: hoursAgo(30) })),
    );
    expect(plan([lost]).act).toMatchObject([{ revertIfRefused: true }]);
    expect(plan([lost], { allow: ["resend"] }).act).toMatchObject([{ revertIfRefused: false }]);
  });
});

describe("a cap", () => {
  const three = [ambiguous(1), ambiguous(2), delivered(3)];

  test("is no matter to a plan that just fits", () => {
    expect(overCap(plan(three), rules({ maxSales: 3, maxValue: "291.00" }))).toBeNull();
  });

  test("says both figures of a plan that does not", () => {
    expect(overCap(plan(three), rules({ maxSales: 2 }))).toBe(
      "the plan has 3 sales worth 291.00, more than --max-sales 2",
    );
    expect(overCap(plan(three), rules({ maxValue: "290.99" }))).toBe(
      "the plan has 3 sales worth 291.00, more than --max-value 290.99",
    );
  });

  test("leaves all of it to a person", () => {
    const none = stopped(plan([...three, expired(4)]), "too many");
    expect(none.act).toEqual([]);
    expect(none.left.map(({ judged: { sale }, person }) => [sale.id, person])).toEqual([
      [3, "too many"],
      [1, "too many"],
      [2, "too many"],
      [4, expect.stringContaining("7 days")],
    ]);
  });
});

describe("any window", () => {
  const kinds = [delivered, ambiguous, unsendable, untraceable, expired];
  const window = fc
    .array(fc.constantFrom(...kinds), { maxLength: 12 })
    .map((makers) => makers.map((make, at) => make(at + 1)));
  const list = fc.subarray([...actions]);
  const under = fc.record({
    allow: list,
    pixels: list.map((one) => new Map([[pool().pixelId ?? "", one]])),
    bots: fc.option(list, { nil: undefined }).map((one) => new Map(one === undefined ? [] : [["19", one]])),
    maxSales: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }),
    maxValue: fc.option(fc.constantFrom("97.00", "200.00", "500.00"), { nil: null }),
  });
  const said = fc.record({
    acceptDuplicate: fc.boolean(),
    limit: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }),
  });

  test("is parted: each sale is in one part or left, none is lost, and each part is allowed by both tables", () => {
    fc.assert(
      fc.property(window, under, said, (sales, asked, more) => {
        const { act, left } = plan(sales, asked, more);
        const ids = [...act, ...left].map(({ judged: { sale } }) => sale.id);
        expect(ids.toSorted((a, b) => a - b)).toEqual(sales.map(({ sale }) => sale.id));
        for (const { action, judged: one } of act) {
          expect(allowedFor(asked, one)).toContain(action);
          expect(decide(action as Action, one, wishes(more), policy, now).allowed).toBe(true);
          const earlier = actions.slice(0, actions.indexOf(action as Action));
          for (const before of earlier.filter((name) => allowedFor(asked, one).includes(name)))
            expect(decide(before, one, wishes(more), policy, now).allowed).toBe(false);
        }
        const order = act.map(({ action }) => actions.indexOf(action as Action));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        if (more.limit !== null) expect(act.length).toBeLessThanOrEqual(more.limit);
      }),
    );
  });

  test("is stopped by a cap exactly where it is larger", () => {
    fc.assert(
      fc.property(window, under, (sales, asked) => {
        const whole = plan(sales, asked);
        const value = addAmounts(whole.act.map(({ judged: { sale } }) => sale.amount ?? "0.00"));
        const isOver =
          (asked.maxSales !== null && whole.act.length > asked.maxSales) ||
          (asked.maxValue !== null && compareAmounts(value, asked.maxValue) > 0);
        expect(overCap(whole, asked) !== null).toBe(isOver);
      }),
    );
  });
});
