import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isUneventful, summaryBody, summaryLine } from "../../src/sales/summary-words.js";
import { lifted, type Trouble } from "../../src/sales/trouble.js";
import { ended, sum, summaryOf } from "../cast/summary.js";

const trouble: Trouble = {
  what: "The metrics file /m could not be written",
  why: "EACCES",
  next: "check it",
  exitCode: 1,
  evenQuiet: true,
};

describe("the line that cron mails", () => {
  test.each([
    [{}, "reconcile: nothing to do"],
    [
      {
        confirmed: sum(3, "291.00"),
        resent: sum(2, "194.00"),
        needsPerson: sum(1, "97.00"),
        exitCode: 1,
      },
      "reconcile: 3 confirmed (BRL 291.00), 2 resent (BRL 194.00); 1 needs a person (BRL 97.00): purchase-fix find-stuck --hours 168",
    ],
    [
      { needsPerson: sum(2, "194.00"), exitCode: 1 },
      "reconcile: nothing to do; 2 need a person (BRL 194.00): purchase-fix find-stuck --hours 168",
    ],
    [
      { exitCode: 2, problem: "cannot reach the database" },
      "reconcile: cannot reach the database; nothing done",
    ],
    [{ exitCode: 143, resent: sum(1, "97.00") }, "reconcile: interrupted; 1 resent (BRL 97.00)"],
  ])("%j", (special, line) => {
    expect(summaryLine(summaryOf(special))).toBe(line);
  });

  test.each([
    [{}, true],
    [{ exitCode: 75, problem: "another run holds the lock" }, true],
    [{ confirmed: sum(1, "97.00") }, false],
    [{ exitCode: 1, needsPerson: sum(1, "97.00") }, false],
    [{ exitCode: 2 }, false],
    [{ exitCode: 143 }, false],
  ])("%j is nothing to be mailed: %j", (special, silent) => {
    expect(isUneventful(summaryOf(special))).toBe(silent);
  });
});

describe("the body of a ping", () => {
  const backlog = [
    { verdict: "lost", obstacle: "none", pixelId: "410000000004321", ...sum(1, "97.00") },
    { verdict: "untraceable", obstacle: "expired", pixelId: null, ...sum(2, "394.00") },
  ] as const;

  test("has the whole summary, the dearest first, and of a pixel no more than four digits", () => {
    const body = summaryBody(summaryOf({ backlog, expired: sum(2, "394.00"), exitCode: 1 }), [trouble]);
    expect(body.split("\n")).toEqual([
      "reconcile: nothing to do",
      "",
      "exit code 1, run 3f9c2a7d10be",
      "from 2026-11-20T13:29:55.800Z to 2026-11-20T13:30:00.000Z (4s)",
      "last success: 2026-11-20T13:29:00.000Z",
      "trouble: The metrics file /m could not be written: EACCES; check it",
      "expired: 2 sales (BRL 394.00)",
      "left: 2 sales (BRL 394.00), untraceable, expired, no pixel",
      "left: 1 sale (BRL 97.00), lost, pixel …4321",
      "",
    ]);
  });

  test("says of a run that failed that the rest is not known, rather than nothing", () => {
    expect(summaryBody(summaryOf({ exitCode: 2, lastSuccessAt: null, run: null }))).toMatch(
      /run none\n.*\nlast success: none on record\nwhat is left is not known/,
    );
  });

  test("never exceeds 10 kB, however many pixels and whatever they are called, and is never cut inside a character", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 30 }),
        fc.integer({ min: 0, max: 600 }),
        (pixelId, n) => {
          const part = { verdict: "lost", obstacle: "none", pixelId, ...sum(1, "97.00") } as const;
          const body = summaryBody(
            summaryOf({ backlog: Array.from({ length: n }, () => part), problem: pixelId }),
          );
          expect(Buffer.byteLength(body.replaceAll(/\p{Surrogate}/gu, "\uFFFD"))).toBeLessThanOrEqual(10_000);
        },
      ),
      { numRuns: 60 },
    );
    const many = Array.from({ length: 600 }, () => ({ ...backlog[0] }));
    expect(Buffer.byteLength(summaryBody(summaryOf({ backlog: many })))).toBeGreaterThan(9_900);
  });
});

describe("troubles", () => {
  test("lift a 0 only, and only where they say so", () => {
    expect(lifted(summaryOf(), [trouble]).exitCode).toBe(1);
    expect(lifted(summaryOf(), [{ ...trouble, exitCode: 0 }]).exitCode).toBe(0);
    for (const exitCode of [1, 2, 75, 130, 143])
      expect(lifted(summaryOf({ exitCode }), [trouble]).exitCode).toBe(exitCode);
    expect(lifted(summaryOf({ endedAt: ended }), []).endedAt).toBe(ended);
  });
});
