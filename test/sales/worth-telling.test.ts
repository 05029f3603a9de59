import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/sales/sale.js";
import type { RunSummary } from "../../src/sales/summary.js";
import { notice, worthTelling, type Occasion } from "../../src/sales/worth-telling.js";
import { ended, sum, summaryOf } from "../cast/summary.js";

const standing = { exitCode: 1, needsPerson: sum(3, "291.00") } as const;
const before = (special: Partial<RunSummary>) => summaryOf({ endedAt: ended - MINUTE, ...special });

/** What is told when the same run is repeated every minute for so long, each knowing the one before. */
function told(special: Partial<RunSummary>, span: number, remembers: boolean): (Occasion | null)[] {
  const occasions: (Occasion | null)[] = [];
  for (let at = ended; at < ended + span; at += MINUTE) {
    const earlier = at === ended ? null : summaryOf({ ...special, endedAt: at - MINUTE });
    occasions.push(
      worthTelling(summaryOf({ ...special, endedAt: at }), remembers ? earlier : null, earlier, at),
    );
  }
  return occasions.filter((occasion) => occasion !== null);
}

describe("what is worth a message", () => {
  test.each<[string, Partial<RunSummary>, Partial<RunSummary>, Occasion | null]>([
    ["nothing to do", {}, {}, null],
    ["money recovered", { resent: sum(1, "97.00") }, {}, "recovered"],
    ["a confirmation alone", { confirmed: sum(1, "97.00") }, {}, "recovered"],
    ["a revert alone: the application has yet to send it", { reverted: sum(1, "97.00") }, {}, null],
    ["one more that needs a person", { needsPerson: sum(4, "388.00") }, standing, "needs-person"],
    ["as many, but dearer", { needsPerson: sum(3, "300.00") }, standing, "needs-person"],
    ["the same", standing, standing, null],
    ["fewer", { needsPerson: sum(2, "194.00") }, standing, null],
    ["the lock taken by another run", { exitCode: 75, needsPerson: sum(9, "9.00") }, {}, null],
    ["interrupted, knowing of nobody", { exitCode: 143 }, standing, null],
    ["failed after a good run", { exitCode: 2 }, {}, "failed"],
    ["failed again", { exitCode: 2 }, { exitCode: 2 }, null],
    [
      "failed again, having sent something",
      { exitCode: 2, resent: sum(1, "97.00") },
      { exitCode: 2 },
      "recovered",
    ],
  ])("%s", (_, now, earlier, occasion) => {
    expect(worthTelling(summaryOf(now), before(earlier), before(earlier), ended)).toBe(occasion);
  });

  test("what stands for three days is told at once, and then once a day", () => {
    expect(told(standing, 3 * DAY, true)).toEqual(["needs-person", "reminder", "reminder", "reminder"]);
  });

  test("a job that fails for three hours is told at once, and then once an hour, without any database", () => {
    expect(told({ exitCode: 2 }, 3 * HOUR, false)).toEqual(Array.from({ length: 4 }, () => "failed"));
  });

  test("the first run of all tells what it finds", () => {
    expect(worthTelling(summaryOf(standing), null, null, ended)).toBe("needs-person");
  });

  test("a clock that was far ahead does not silence a failing job for ever", () => {
    const ahead = { endedAt: ended + 30 * DAY, exitCode: 2 };
    expect(worthTelling(summaryOf({ exitCode: 2 }), null, ahead, ended)).toBe("failed");
  });
});

describe("the message", () => {
  test("has counts, money and the line to type", () => {
    const text = notice(
      summaryOf({ ...standing, resent: sum(2, "194.00"), expiringWithin24h: sum(1, "97.00") }),
      "needs-person",
    );
    expect(text.split("\n")).toEqual([
      "purchase-fix reconcile",
      "2 resent (BRL 194.00)",
      "3 need a person (BRL 291.00)",
      "expiring within 24 h: 1 sale (BRL 97.00)",
      "next: purchase-fix find-stuck --hours 168",
    ]);
  });

  test("says why the job failed", () => {
    expect(notice(summaryOf({ exitCode: 2, problem: "cannot reach the database" }), "failed")).toContain(
      "could not do its job: cannot reach the database",
    );
  });

  test("stays under 1,000 characters and names neither run nor pixel", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 500, maxLength: 1_200 }), (problem) => {
        const backlog = [
          { verdict: "lost", obstacle: "none", pixelId: "410000000004321", ...sum(1, "1.00") },
        ] as const;
        const text = notice(summaryOf({ ...standing, problem, backlog, run: "3f9c2a7d10be" }), "failed");
        expect(text.length).toBeLessThan(1_000);
        expect(text).not.toMatch(/410000000004321|3f9c2a7d10be/);
      }),
      { numRuns: 30 },
    );
  });
});
