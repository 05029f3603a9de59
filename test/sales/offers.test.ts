import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Evidence } from "../../src/sales/evidence.js";
import type { Offer } from "../../src/sales/offers.js";
import { offersOf } from "../../src/sales/offers.js";
import { makePlan } from "../../src/sales/plan.js";
import type { Judged } from "../../src/sales/verdict.js";
import {
  accepted,
  allOf,
  ana,
  anaBesideHim,
  attempt,
  bia,
  caio,
  caioFolded,
  click,
  evidence,
  hoursAgo,
  judged,
  now,
  ours,
  oursOpen,
  policy,
  task,
  wishes,
} from "../cast/sales.js";

const told = (one: Judged) =>
  offersOf(one, policy, now).map(({ action, allowed, flag, command }) => [action, allowed, flag, command]);
const offer = (one: Judged, action: Offer["action"]) =>
  offersOf(one, policy, now).find((each) => each.action === action);

describe("what is permitted", () => {
  test("of a delivered sale: its id is stored, and it is given back only by its own flag", () => {
    expect(told(judged(ana(), evidence({ traces: [accepted] })))).toEqual([
      ["confirm", true, null, "purchase-fix confirm --id 7"],
      ["resend", false, null, null],
      ["revert", false, "--even-accepted", "purchase-fix revert --id 7 --even-accepted"],
    ]);
  });

  test("of an untraceable one: a send only at the risk of a second count, which is said", () => {
    const one = judged(bia());
    expect(told(one)).toEqual([
      ["confirm", false, null, null],
      ["resend", false, "--accept-duplicate", "purchase-fix resend --id 8 --accept-duplicate"],
      ["revert", true, null, "purchase-fix revert --id 8"],
    ]);
    expect(offer(one, "resend")?.mayDouble).toBe(true);
    expect(offer(one, "revert")?.named).toBe(true);
  });

  test("of a folded one: never a confirmation, and why", () => {
    const one = caioFolded();
    expect(one.kind).toBe("folded");
    expect(offer(one, "confirm")).toMatchObject({ allowed: false, flag: null, command: null });
    expect(offer(one, "confirm")?.because).toBe(
      "Meta counted its event id for another sale: stored here, it would hide that this one was never counted",
    );
    expect(offer(one, "resend")).toMatchObject({ allowed: true, command: "purchase-fix resend --id 9" });
  });

  test("of a sale whose click another one carries: both are named in one command", () => {
    const one = judged(caio(), evidence({ siblings: [anaBesideHim()], noTaskLives: true }));
    expect(offer(one, "resend")).toMatchObject({
      allowed: false,
      flag: "--id 7,9",
      command: "purchase-fix resend --id 7,9",
    });
  });

  test("says what it would do, with the time that is left", () => {
    expect(offer(judged(ana()), "resend")?.because).toBe(
      `sends it as ${click}; Meta folds it into an earlier copy until 2025-11-22T12:00:00.000Z (1d 21h left)`,
    );
    expect(offer(judged(ana(), evidence({ traces: [accepted] })), "confirm")?.because).toBe(
      `stores ${click}; sends nothing`,
    );
  });
});

/** What the words of an offered command mean, as the command line reads them. */
function wishesOf(command: string) {
  const has = (flag: string) => command.includes(` ${flag}`);
  return wishes({
    named: has("--id"),
    acceptDuplicate: has("--accept-duplicate"),
    withoutProof: has("--without-proof"),
    evenAccepted: has("--even-accepted"),
    ignoreWorkers: has("--ignore-workers"),
  });
}

const traces = fc.subarray([
  attempt(),
  accepted,
  attempt({ result: "refused", eventId: click }),
  attempt({ result: "not-sent" }),
  attempt({ eventId: "purchase_7_1" }),
  ours({ result: "refused" }),
  oursOpen({ eventId: "purchase_7" }),
]);
const found: fc.Arbitrary<Evidence> = fc
  .record({
    traces,
    live: fc.subarray([task()]),
    complete: fc.boolean(),
    noTaskLives: fc.boolean(),
    refused: fc.constantFrom(null, "100/2804003"),
    workers: fc.constantFrom(null, "frozen"),
  })
  .map((differing) => evidence(differing));
const buyer = fc.record({
  pageviewEventId: fc.constantFrom(click, null),
  paidAt: fc.constantFrom(hoursAgo(0.1), hoursAgo(2), hoursAgo(60), hoursAgo(200)),
  sentFromDelivery: fc.constantFrom(true, false, null),
  flagged: fc.boolean(),
});

test("every command that is offered does what is said: its own plan acts on the sale", () => {
  let offered = 0;
  fc.assert(
    fc.property(buyer, found, fc.constantFrom(null, "redirect_pools 1: no pixel"), (who, about, fault) => {
      const one = judged(ana(who), about, { fault });
      for (const { action, command, allowed, mayDouble, flag } of offersOf(one, policy, now)) {
        expect(allowed).toBe(command !== null && flag === null);
        if (command === null) continue;
        offered += 1;
        const plan = makePlan(action, [one], wishesOf(command), policy, now);
        expect(plan.act.map((planned) => [planned.judged.sale.id, planned.mayDouble])).toEqual([
          [7, mayDouble],
        ]);
      }
    }),
    { numRuns: 500 },
  );
  expect(offered).toBeGreaterThan(300);
});

test("where nothing is offered, no flag of the command would have helped", () => {
  expect.hasAssertions();
  const all = wishes({
    named: true,
    acceptDuplicate: true,
    withoutProof: true,
    evenAccepted: true,
    ignoreWorkers: true,
  });
  fc.assert(
    fc.property(buyer, found, (who, about) => {
      const one = judged(ana(who), about);
      const hopeless = offersOf(one, policy, now).filter(({ command }) => command === null);
      const plans = hopeless.map(({ action }) => makePlan(action, [one], all, policy, now));
      expect(plans.flatMap(({ act }) => act)).toEqual([]);
    }),
  );
});

test("an exhaustive proof of loss needs no flag to be sent", () => {
  const one = judged(ana({ sentFromDelivery: false }), allOf(attempt({ result: "refused" })));
  expect(offer(one, "resend")).toMatchObject({ allowed: true, mayDouble: false, named: false });
});
