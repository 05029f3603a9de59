import { describe, expect, test } from "vitest";
import { ruleNumber, stepsOf } from "../../src/sales/reasoning.js";
import type { Judged } from "../../src/sales/verdict.js";
import {
  accepted,
  allOf,
  ana,
  attempt,
  bia,
  caioFolded,
  click,
  evidence,
  hoursAgo,
  judged,
  now,
  ours,
  oursOpen,
  task,
} from "../cast/sales.js";

const nothing = { logs: false, broker: false, tracking: false };
const everything = { logs: true, broker: true, tracking: true };
const answers = (one: Judged, asked = everything) => stepsOf(one, asked).map(({ answer }) => answer);
const whys = (one: Judged, asked = everything) => stepsOf(one, asked).map(({ because }) => because);

describe("the rules of a sale", () => {
  test.each([
    ["unsettled", judged(ana(), evidence({ traces: [oursOpen()] })), 1],
    ["delivered", judged(ana(), evidence({ traces: [accepted] })), 2],
    ["folded", caioFolded(), 2],
    ["in-flight", judged(ana(), evidence({ live: [task()] })), 3],
    ["lost", judged(ana({ sentFromDelivery: false }), allOf(attempt({ result: "refused" }))), 4],
    ["ambiguous", judged(ana()), 5],
    ["untraceable", judged(bia()), 5],
  ] as const)(
    "of one that is %s end with the one that decided, which gives the verdict's reason",
    (kind, one, rule) => {
      const steps = stepsOf(one, everything);
      expect([one.kind, steps.length, ruleNumber(one)]).toEqual([kind, rule, rule]);
      expect(steps.map(({ decides }) => decides)).toEqual(steps.map((_, at) => at === rule - 1));
      expect(steps.at(-1)).toMatchObject({
        because: one.because,
        answer: kind === "untraceable" ? "no" : "yes",
      });
      expect(answers(one).slice(0, -1)).not.toContain("yes");
    },
  );
});

describe("why an earlier rule did not hold", () => {
  test("an attempt of ours that is answered, or settled by a later acceptance", () => {
    expect(whys(judged(ana()))[0]).toBe("we never sent it");
    expect(whys(judged(ana(), evidence({ traces: [ours({ result: "refused" })] })))[0]).toBe(
      "each of ours has its answer",
    );
    const settled = evidence({ traces: [oursOpen({ at: hoursAgo(1.5) }), ours({ result: "accepted" })] });
    expect(whys(judged(ana(), settled))[0]).toBe("a later acceptance settled it");
  });

  test("a task: a queue that nobody read is not an empty one", () => {
    expect(answers(judged(ana()), nothing)[2]).toBe("not known");
    expect(whys(judged(ana()), nothing)[2]).toBe("neither broker nor workers were read");
    expect(answers(judged(ana()))[2]).toBe("not known");
    const gone = judged(ana(), evidence({ noTaskLives: true }));
    expect([answers(gone)[2], whys(gone)[2]]).toEqual([
      "no",
      "broker and workers were read twice, and no task of it lives",
    ]);
  });

  test("proof of loss: one that may have arrived, none on record, not all on record, the browser's pixel", () => {
    const timedOut = attempt({ because: "Meta did not answer in time" });
    const failed = attempt({ result: "refused", eventId: click });
    expect(whys(judged(ana(), evidence({ traces: [failed, timedOut] })))[3]).toBe(
      "one may have arrived: Meta did not answer in time",
    );
    expect(answers(judged(ana()), nothing)[3]).toBe("not known");
    expect(whys(judged(ana()), nothing)[3]).toBe("no attempt is on record, and no log was read");
    expect(whys(judged(ana(), evidence({ traces: [failed] })))[3]).toBe(
      "those on record failed, but they need not be all",
    );
    const browser = judged(
      bia({ sentFromDelivery: true, paidAt: now - 3_600_000 }),
      allOf(attempt({ result: "refused" })),
    );
    expect([browser.kind, whys(browser)[3]]).toEqual([
      "untraceable",
      "of server copies yes, but the browser's pixel may have reported it",
    ]);
  });

  test("an acceptance that counted for another sale, beside an attempt under another id", () => {
    const one = caioFolded(attempt({ eventId: "purchase_9_1", at: hoursAgo(0.4) }));
    expect(one.kind).not.toBe("folded");
    expect(whys(one)[1]).toContain("only under an id that counted for another sale");
  });
});
