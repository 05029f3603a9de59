import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Attestation } from "../../src/sales/attested.js";
import { attestedOf, faultOfSpan } from "../../src/sales/attested.js";
import type { Evidence } from "../../src/sales/evidence.js";
import { noFindings, withFindings } from "../../src/sales/findings.js";
import { changesOf, foresee, totalOf } from "../../src/sales/foresee.js";
import { FOLDING } from "../../src/sales/folding.js";
import type { Sale } from "../../src/sales/sale.js";
import { DAY, HOUR, MINUTE, paidMoment } from "../../src/sales/sale.js";
import { anyEvidence, anySale } from "../cast/any.js";
import {
  ana,
  anaBesideHim,
  attempt,
  bia,
  caio,
  evidence,
  hoursAgo,
  judged,
  now,
  otherPixel,
  ours,
  pixel,
  policy,
  pool,
  sale,
  task,
} from "../cast/sales.js";

const word = (differing: Partial<Attestation> = {}): Attestation => ({
  id: 1,
  from: hoursAgo(60),
  to: now,
  pixelId: null,
  reason: "the token was invalid",
  by: "eva@web-1",
  at: now,
  ...differing,
});

/** Paid and flagged so long ago that its task's retries have ended. */
const paid = (ago: number, differing: Partial<Sale> = {}) =>
  sale({ paidAt: hoursAgo(ago), flaggedAt: hoursAgo(ago), ...differing });

const isCovered = (who: Sale, words: readonly Attestation[], found: Partial<Evidence> = {}) =>
  attestedOf(who, evidence(found), words).complete;

/** The sale, judged with the words beside all else that is known. */
function judgedWith(who: Sale, found: Evidence, words: readonly Attestation[], under = {}) {
  const { traces, facts, complete } = attestedOf(who, found, words);
  const all = withFindings(who, found, { ...noFindings, traces, facts, complete });
  return judged(who, all, { under });
}

describe("a word covers a sale", () => {
  test("from the payment until the task's retries after the last flag have ended, and no less", () => {
    const last = paid(30);
    expect(isCovered(last, [word({ from: hoursAgo(30), to: hoursAgo(13) })])).toBe(true);
    expect(isCovered(last, [word({ from: hoursAgo(30) + 1, to: hoursAgo(13) })])).toBe(false);
    expect(isCovered(last, [word({ from: hoursAgo(30), to: hoursAgo(13) - 1 })])).toBe(false);
  });

  test("sooner where no task is proven to live", () => {
    const short = [word({ from: hoursAgo(2), to: now })];
    expect(isCovered(paid(2), short)).toBe(false);
    expect(isCovered(paid(2), short, { noTaskLives: true })).toBe(true);
  });

  test("only up to the last of all flags, those before a revert included", () => {
    const span = [word({ from: hoursAgo(60), to: hoursAgo(20) })];
    expect(isCovered(paid(40), span)).toBe(true);
    expect(isCovered(paid(40), span, { flagTimes: [hoursAgo(36)] })).toBe(false);
    expect(isCovered(paid(40, { flaggedAt: hoursAgo(36) }), span)).toBe(false);
  });

  test("whose flag bears no time only where its row was last written in the span", () => {
    const span = [word({ from: hoursAgo(60), to: hoursAgo(20) })];
    const untimed = (updatedAt: number | null) => paid(40, { flaggedAt: null, updatedAt });
    expect(isCovered(untimed(hoursAgo(40)), span)).toBe(true);
    expect(isCovered(untimed(hoursAgo(30)), span)).toBe(false);
    expect(isCovered(untimed(null), span)).toBe(false);
  });

  test("of no known payment never", () => {
    expect(isCovered(sale({ paidAt: null, createdAt: null }), [word({ from: 0 })])).toBe(false);
  });

  test("two words that only together span it do not: each may have missed the moment between", () => {
    const halves = [word({ to: hoursAgo(25) }), word({ from: hoursAgo(25), to: now })];
    expect(isCovered(paid(30), halves)).toBe(false);
  });

  test("about one pixel where that is the only one it can have gone to", () => {
    const about = [word({ pixelId: pixel })];
    expect(isCovered(paid(30), about)).toBe(true);
    expect(isCovered(paid(30), [word({ pixelId: otherPixel })])).toBe(false);
    expect(isCovered(paid(30, { pools: [pool(), pool({ id: 2, pixelId: otherPixel })] }), about)).toBe(false);
    expect(isCovered(paid(30, { pools: null }), about)).toBe(false);
  });

  test("and is told beside it who said so and why, also where it covers only a part", () => {
    const { facts, traces } = attestedOf(paid(30), evidence(), [word()]);
    expect(traces).toMatchObject([
      {
        source: "attestation",
        by: "application",
        result: "not-sent",
        because: "eva@web-1 attests that nothing was sent: the token was invalid",
      },
    ]);
    expect(facts[0]?.text).toContain("eva@web-1 attests that nothing was sent from 2025-11-18T03:00:00.000Z");
    const part = attestedOf(paid(30), evidence(), [word({ to: hoursAgo(29) })]);
    expect([part.facts.length, part.traces.length]).toEqual([1, 0]);
    expect(attestedOf(paid(30), evidence(), [word({ to: hoursAgo(31) })]).facts).toEqual([]);
  });
});

describe("a sale of which nothing else is known", () => {
  test("is lost by a word that covers it, and sent with the page's id while Meta folds that", () => {
    const who = ana({ paidAt: hoursAgo(30), flaggedAt: hoursAgo(29) });
    const { kind, foldedUntil } = judgedWith(who, evidence(), [word()]);
    expect(kind).toBe("lost");
    // The browser's pixel may have reported it when it was paid, before the flag was set.
    expect(foldedUntil).toBe(hoursAgo(30) + FOLDING);
    expect(judgedWith(who, evidence(), [word()], { noBrowserPixel: true })).toMatchObject({
      kind: "lost",
      foldedUntil: null,
    });
    expect(judgedWith(who, evidence(), []).kind).toBe("ambiguous");
  });
});

/** A word that is good for any sale of `anySale`. */
const wideWord = fc
  .record({
    from: fc.constantFrom(0, hoursAgo(400), hoursAgo(100), hoursAgo(48), hoursAgo(17)),
    to: fc.constantFrom(now, now + 100 * HOUR, hoursAgo(1), hoursAgo(30)),
    pixelId: fc.constantFrom(null, pixel, otherPixel),
  })
  .map((differing) => word(differing));
const words = fc.array(wideWord, { minLength: 1, maxLength: 3 });

describe("a word", () => {
  test("never makes a sale lost that any source saw sending, or that may send yet", () => {
    let lost = 0;
    fc.assert(
      fc.property(anySale, anyEvidence, words, fc.boolean(), (who, found, given, noBrowserPixel) => {
        const { kind } = judgedWith(who, found, given, { noBrowserPixel });
        if (kind !== "lost") return;
        lost += 1;
        const seen = found.traces.filter(({ result }) => result === "accepted" || result === "unknown");
        expect(seen).toEqual([]);
        expect(found.live).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
    expect(lost).toBeGreaterThan(20);
  });

  test("changes nothing where it does not cover the sale, and takes no acceptance away", () => {
    const kept = new Set<string>();
    fc.assert(
      fc.property(anySale, anyEvidence, words, (who, found, given) => {
        const before = judged(who, found);
        const after = judgedWith(who, found, given);
        if (!attestedOf(who, found, given).complete) expect(after.kind).toBe(before.kind);
        if (before.kind === "delivered" || before.kind === "unsettled" || before.kind === "in-flight")
          expect(after.kind).toBe(before.kind);
        kept.add(after.kind);
      }),
      { numRuns: 2_000 },
    );
    expect([...kept]).toEqual(expect.arrayContaining(["delivered", "unsettled", "in-flight"]));
  });

  test("never makes a copy of the browser's fold later than 47 hours after the payment", () => {
    let folded = 0;
    fc.assert(
      fc.property(anySale, words, (who, given) => {
        const after = judgedWith(who, evidence(), given);
        if (after.kind !== "lost" || after.foldedUntil === null) return;
        folded += 1;
        expect(after.foldedUntil).toBeLessThanOrEqual((paidMoment(who) ?? 0) + FOLDING);
      }),
      { numRuns: 2_000 },
    );
    expect(folded).toBeGreaterThan(0);
  });
});

describe("what a word would make of the sales that are stuck", () => {
  test("is told for those that it covers, with those that it only touches", () => {
    const all = [
      judged(ana({ id: 1, paidAt: hoursAgo(30) })),
      judged(bia({ id: 2, paidAt: hoursAgo(30) }), evidence({ traces: [attempt({ at: hoursAgo(30) })] })),
      judged(bia({ id: 3, paidAt: hoursAgo(30) })),
      judged(bia({ id: 4, paidAt: hoursAgo(3) })),
      judged(bia({ id: 5, paidAt: hoursAgo(100) })),
    ];
    const { covered, touched } = foresee(all, word(), { ...policy, noBrowserPixel: true }, now);
    expect(covered.map((one) => [one.judged.sale.id, one.judged.kind, one.becomes])).toEqual([
      [1, "ambiguous", "lost"],
      [2, "untraceable", "untraceable"],
      [3, "untraceable", "lost"],
    ]);
    expect(touched).toBe(1);
    expect(changesOf(covered)).toBe(
      "1 ambiguous becomes lost, 1 stays untraceable, 1 untraceable becomes lost",
    );
    expect(totalOf(covered)).toEqual({ count: 3, amount: "291.00" });
    expect(changesOf([])).toBe("");
  });

  test("leaves to their task what lives, and to us what we sent", () => {
    const found = [evidence({ live: [task()] }), evidence({ traces: [ours({ result: "accepted" })] })];
    const all = found.map((each) => judged(ana({ paidAt: hoursAgo(30) }), each));
    const { covered } = foresee(all, word(), policy, now);
    expect(covered.map(({ becomes }) => becomes)).toEqual(["in-flight", "delivered"]);
  });

  test("knows of a sibling that carries the click", () => {
    const his = judged(
      caio({ paidAt: hoursAgo(30), flaggedAt: hoursAgo(30) }),
      evidence({ siblings: [anaBesideHim({ firstAttempt: hoursAgo(30), createdAt: hoursAgo(30) })] }),
    );
    const [only] = foresee([his], word(), { ...policy, noBrowserPixel: true }, now).covered;
    expect(only?.becomes).toBe("lost");
  });
});

describe("a span", () => {
  test.each([
    [hoursAgo(2), hoursAgo(1), null],
    [hoursAgo(2), now + MINUTE, null],
    [now - 14 * DAY, now, null],
    [hoursAgo(1), hoursAgo(1), "is not after --from"],
    [hoursAgo(1), hoursAgo(2), "is not after --from"],
    [hoursAgo(1), now + MINUTE + 1, "lies in the future"],
    [now - 14 * DAY - 1, now, "longer than 14 days"],
  ])("from %i to %i: %s", (from, to, fault) => {
    const found = faultOfSpan(from, to, now);
    if (fault === null) expect(found).toBeNull();
    else expect(found).toContain(fault);
  });
});
