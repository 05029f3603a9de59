import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Evidence } from "../../src/sales/evidence.js";
import type { Sale } from "../../src/sales/sale.js";
import { HOUR } from "../../src/sales/sale.js";
import { verdictKinds } from "../../src/sales/verdict.js";
import {
  allOf,
  ana,
  anaBesideHim,
  attempt,
  bia,
  caio,
  caioBesideHer,
  click,
  evidence,
  hoursAgo,
  judged,
  now,
  otherPixel,
  ours,
  oursOpen,
  pixel,
  pool,
  task,
} from "../cast/sales.js";
import { anyEvidence, anySale, shuffled } from "../cast/any.js";

const verdict = (who: Sale, found?: Evidence, options?: Parameters<typeof judged>[2]) =>
  judged(who, found, options).kind;

const accepted = attempt({ result: "accepted", eventId: click, because: "EventsReceived: 1" });
const refused = attempt({ result: "refused", eventId: click, because: "Meta said 400" });
const neverSent = attempt({ result: "not-sent", eventId: click, because: "never queued" });
const untouched = { sentFromDelivery: false };

describe("each verdict", () => {
  test("unsettled: an attempt of our own has no answer", () => {
    expect(judged(ana(), evidence({ traces: [oursOpen()] }))).toMatchObject({
      kind: "unsettled",
      because: "no answer came",
      foldedUntil: hoursAgo(2) + 47 * HOUR,
    });
  });

  test("delivered: Meta's acceptance is on record, whoever sent it", () => {
    const byUs = ours({ result: "accepted", because: "on record" });
    expect(judged(ana(), evidence({ traces: [accepted] }))).toMatchObject({
      kind: "delivered",
      because: "EventsReceived: 1",
      foldedUntil: null,
    });
    expect(verdict(ana(), evidence({ traces: [byUs] }))).toBe("delivered");
    expect(verdict(bia(), evidence({ traces: [{ ...accepted, eventId: null }] }))).toBe("delivered");
  });

  test("folded: accepted under the click's id, which Meta had accepted for the sibling", () => {
    const siblings = [anaBesideHim({ acceptedAt: hoursAgo(3) })];
    const found = evidence({ traces: [accepted], siblings });
    expect(judged(caio(), found)).toMatchObject({
      kind: "folded",
      because: "Meta counted its event id for sale 7",
      identity: { eventId: "purchase_9", origin: "purchase_id" },
      foldedUntil: null,
    });
  });

  test.each(["queued", "running", "waiting", "orphan"] as const)("in-flight: its task is %s", (state) => {
    const { kind, because } = judged(ana(), evidence({ live: [task({ state })] }));
    expect(kind).toBe("in-flight");
    expect(because).toContain(`its task is ${state} (broker)`);
  });

  test("in-flight says by when the task must have run or been purged", () => {
    const { because, foldedUntil } = judged(ana(), evidence({ live: [task()] }));
    expect(foldedUntil).toBe(hoursAgo(2) + 47 * HOUR);
    expect(because).toContain("must have run or been purged by 2025-11-22T12:00:00.000Z");
  });

  test("lost: every attempt was refused or never sent, and the evidence is complete", () => {
    expect(judged(ana(untouched), allOf(neverSent, { ...refused, at: hoursAgo(1) }))).toMatchObject({
      kind: "lost",
      because: "Meta said 400",
      foldedUntil: null,
    });
  });

  test("ambiguous: no trace, a known id, and under 47 h old", () => {
    expect(judged(ana())).toMatchObject({
      kind: "ambiguous",
      because: "no answer on record; event id presumed from its page view",
      foldedUntil: hoursAgo(2) + 47 * HOUR,
    });
    const logged = evidence({ traces: [attempt({ eventId: "purchase_8_1763600000" })] });
    expect(judged(bia(), logged).because).toBe("no answer on record; event id known from evidence");
  });

  test("untraceable: no trace and no known id", () => {
    expect(judged(bia())).toMatchObject({
      kind: "untraceable",
      because: "no answer on record; its event id is unknown",
      foldedUntil: null,
    });
  });
});

describe("the order of the rules", () => {
  const siblings = [anaBesideHim({ acceptedAt: hoursAgo(3) })];

  test("our own unsettled attempt comes before proof of delivery under another id", () => {
    const traces = [oursOpen(), { ...accepted, eventId: "purchase_7_1" }];
    expect(verdict(ana(), evidence({ traces }))).toBe("unsettled");
  });

  test("proof of delivery comes before a folded copy", () => {
    const traces = [accepted, ours({ eventId: "purchase_9", result: "accepted" })];
    expect(verdict(caio(), evidence({ traces, siblings }))).toBe("delivered");
  });

  test("proof of delivery comes before a live task", () => {
    expect(verdict(ana(), evidence({ traces: [accepted], live: [task()] }))).toBe("delivered");
  });

  test("a folded copy comes before a live task of the same id", () => {
    expect(verdict(caio(), evidence({ traces: [accepted], siblings, live: [task()] }))).toBe("folded");
  });

  test("a live task comes before proof of loss", () => {
    expect(verdict(ana(untouched), { ...allOf(refused), live: [task()] })).toBe("in-flight");
  });

  test("proof of loss comes before a known id under 47 h", () => {
    expect(verdict(ana(untouched), allOf(refused))).toBe("lost");
    expect(verdict(ana(untouched), evidence({ traces: [refused] }))).toBe("ambiguous");
  });

  test("a known id under 47 h comes before untraceable", () => {
    expect(verdict(ana())).toBe("ambiguous");
    expect(verdict(ana({ pageviewEventId: null }))).toBe("untraceable");
  });
});

describe("the limits, to the millisecond", () => {
  test("the same id is folded until 47 h after the first attempt", () => {
    expect(verdict(ana({ paidAt: hoursAgo(47) + 1 }))).toBe("ambiguous");
    expect(verdict(ana({ paidAt: hoursAgo(47) }))).toBe("untraceable");
  });

  test("Meta accepts an event for 7 days, less an hour's margin", () => {
    const limit = 7 * 24 - 1;
    expect(judged(ana({ paidAt: hoursAgo(limit) + 1 })).obstacle.kind).toBe("none");
    expect(judged(ana({ paidAt: hoursAgo(limit) }))).toMatchObject({
      obstacle: { kind: "expired" },
      expiresAt: now,
      deadline: now,
    });
  });

  test("the deadline is the nearest of the two that is still ahead", () => {
    expect(judged(ana()).deadline).toBe(hoursAgo(2) + 47 * HOUR);
    expect(judged(ana({ paidAt: hoursAgo(60) })).deadline).toBe(hoursAgo(60) + (7 * 24 - 1) * HOUR);
  });

  test("a send that no folding would help has no deadline of 47 h", () => {
    expect(judged(bia()).deadline).toBe(hoursAgo(2) + (7 * 24 - 1) * HOUR);
    expect(judged(ana(untouched), allOf(refused)).deadline).toBe(hoursAgo(2) + (7 * 24 - 1) * HOUR);
  });
});

describe("the first attempt", () => {
  test("a flag set anew never makes it younger", () => {
    expect(verdict(ana({ paidAt: hoursAgo(50), flaggedAt: hoursAgo(1) }))).toBe("untraceable");
  });

  test("a flag time that the journal kept before a revert counts", () => {
    const found = evidence({ flagTimes: [hoursAgo(50)] });
    expect(verdict(ana({ paidAt: null, createdAt: hoursAgo(1) }), found)).toBe("untraceable");
  });

  test("complete evidence makes it younger than the payment", () => {
    const traces = [attempt({ at: hoursAgo(5), eventId: click })];
    expect(verdict(ana({ paidAt: hoursAgo(50) }), evidence({ traces }))).toBe("untraceable");
    expect(verdict(ana({ paidAt: hoursAgo(50) }), evidence({ traces, complete: true }))).toBe("ambiguous");
  });

  test("a payment time that is missing counts as the time of creation", () => {
    expect(verdict(ana({ paidAt: null, createdAt: hoursAgo(46) }))).toBe("ambiguous");
    expect(verdict(ana({ paidAt: null, createdAt: hoursAgo(47) }))).toBe("untraceable");
  });

  test("a sale without any time is untraceable, and has no deadline", () => {
    const timeless = ana({ paidAt: null, createdAt: null });
    expect(judged(timeless)).toMatchObject({ kind: "untraceable", expiresAt: null, deadline: null });
  });
});

describe("our own unsettled attempt", () => {
  test("is settled by a later acceptance of the same pixel and id", () => {
    const traces = [oursOpen(), ours({ at: now, result: "accepted" })];
    expect(verdict(ana(), evidence({ traces }))).toBe("delivered");
  });

  test("is not settled by an acceptance of another id, or at another pixel", () => {
    const byTheTask = attempt({ at: now, result: "accepted", eventId: "purchase_7_1", pixelId: pixel });
    const elsewhere = { ...byTheTask, eventId: click, pixelId: otherPixel };
    expect(verdict(ana(), evidence({ traces: [oursOpen(), byTheTask] }))).toBe("unsettled");
    expect(verdict(ana(), evidence({ traces: [oursOpen(), elsewhere] }))).toBe("unsettled");
  });

  test("is not settled by a later refusal: the first copy may have arrived", () => {
    const traces = [oursOpen(), ours({ at: now, result: "refused" })];
    expect(verdict(ana(), evidence({ traces }))).toBe("unsettled");
  });

  test("is settled where Meta accepted its copy as another sale's", () => {
    const siblings = [anaBesideHim({ acceptedAt: hoursAgo(3) })];
    const traces = [oursOpen(), ours({ at: now, result: "accepted" })];
    expect(verdict(caio(), evidence({ traces, siblings }))).toBe("folded");
  });

  test("one of two that is settled leaves the other", () => {
    const other = oursOpen({ eventId: "purchase_7", at: hoursAgo(0.5) });
    const traces = [oursOpen(), ours({ at: now, result: "accepted" }), other];
    expect(judged(ana(), evidence({ traces }))).toMatchObject({
      kind: "unsettled",
      identity: { eventId: "purchase_7" },
    });
  });

  test("is not surely folded beside an attempt that bore another id: the verdict says so", () => {
    const stranger = attempt({ eventId: "purchase_7_1" });
    const { kind, because, foldedUntil } = judged(ana(), evidence({ traces: [oursOpen(), stranger] }));
    expect(kind).toBe("unsettled");
    expect(because).toContain("an attempt with another event id (purchase_7_1) may have arrived");
    expect(foldedUntil).toBeLessThanOrEqual(now);
  });
});

describe("lost needs proof for every attempt", () => {
  test.each([
    ["one attempt nobody saw the end of", allOf(refused, attempt({ eventId: click }))],
    ["evidence that does not cover everything", evidence({ traces: [refused] })],
    ["complete evidence of nothing at all", allOf()],
  ])("%s makes it ambiguous", (_, found) => {
    expect(verdict(ana(untouched), found)).toBe("ambiguous");
  });
});

describe("the browser's pixel", () => {
  const young = allOf(refused);
  const old = allOf({ ...refused, at: hoursAgo(48) });

  test.each([
    // sentFromDelivery, --no-browser-pixel, under 47 h, over 47 h
    [false, false, "lost", "lost"],
    [false, true, "lost", "lost"],
    [true, true, "lost", "lost"],
    [null, true, "lost", "lost"],
    [true, false, "lost", "untraceable"],
    [null, false, "lost", "untraceable"],
  ] as const)("delivery page %s, declared absent %s: %s, later %s", (delivery, absent, early, late) => {
    const under = { noBrowserPixel: absent };
    const who = ana({ sentFromDelivery: delivery });
    expect(verdict(who, young, { under })).toBe(early);
    expect(verdict({ ...who, paidAt: hoursAgo(48) }, old, { under })).toBe(late);
  });

  test("limits a lost sale to the 47 h of the page's id", () => {
    expect(judged(ana({ sentFromDelivery: true }), young).foldedUntil).toBe(hoursAgo(2) + 47 * HOUR);
    expect(judged(ana(untouched), young).foldedUntil).toBeNull();
  });

  test("bore the page's id: a sale whose page id is not known is untraceable", () => {
    const found = allOf({ ...refused, eventId: null });
    expect(verdict(bia({ sentFromDelivery: true }), found)).toBe("untraceable");
    expect(verdict(bia(untouched), found)).toBe("lost");
  });

  test("bore the page's id, not ours: a refusal of our own id proves nothing about it", () => {
    const found = allOf(ours({ eventId: "purchase_8", result: "refused" }));
    expect(verdict(bia({ sentFromDelivery: true }), found)).toBe("untraceable");
  });
});

describe("same id means same pixel and id", () => {
  const two = [pool(), pool({ id: 2, pixelId: otherPixel })];
  const logged = (pixelId: string) => evidence({ traces: [attempt({ eventId: click, pixelId })] });

  test("several pools of one pixel are one destination", () => {
    expect(verdict(ana({ pools: [pool(), pool({ id: 2 })] }))).toBe("ambiguous");
  });

  test("several pools with different pixels, and nothing names one: untraceable", () => {
    expect(judged(ana({ pools: two }))).toMatchObject({
      kind: "untraceable",
      because: expect.stringContaining("several pools with different pixels") as string,
    });
  });

  test("evidence names one of several: the same goes there again", () => {
    expect(judged(ana({ pools: two }), logged(otherPixel))).toMatchObject({
      kind: "ambiguous",
      identity: { pixelId: otherPixel, pool: { id: 2 } },
    });
  });

  test("evidence names a pixel that no pool has: untraceable", () => {
    expect(verdict(ana(), logged(pixel))).toBe("ambiguous");
    expect(judged(ana(), logged(otherPixel))).toMatchObject({
      kind: "untraceable",
      because: expect.stringContaining(
        `went to pixel ${otherPixel}, and its pool now has ${pixel}`,
      ) as string,
    });
  });

  test("a shop without pools: evidence names another pixel than the configured one", () => {
    const under = { pixelId: pixel };
    expect(verdict(ana({ pools: null }), logged(pixel), { under })).toBe("ambiguous");
    expect(verdict(ana({ pools: null }), logged(otherPixel), { under })).toBe("untraceable");
  });

  test("our attempt went to one pixel, an unseen one of the application to another: untraceable", () => {
    const traces = [ours(), attempt({ eventId: click, pixelId: otherPixel })];
    expect(verdict(ana(), evidence({ traces }))).toBe("untraceable");
  });

  test("two different ids with unknown outcome: untraceable", () => {
    const traces = [attempt({ eventId: click }), attempt({ eventId: "purchase_7_1", at: hoursAgo(1) })];
    expect(verdict(ana(), evidence({ traces }))).toBe("untraceable");
  });

  test("another id that certainly never arrived is no doubt", () => {
    const traces = [attempt({ eventId: click }), { ...refused, eventId: "purchase_7_1" }];
    expect(verdict(ana(), evidence({ traces }))).toBe("ambiguous");
  });

  test("an attempt under an id of our own says nothing of the application's", () => {
    const found = evidence({ traces: [ours({ eventId: "purchase_8" })] });
    expect(judged(bia(), found)).toMatchObject({
      kind: "untraceable",
      identity: { eventId: "purchase_8", origin: "journal" },
    });
  });
});

describe("a live task", () => {
  const ahead = hoursAgo(2) + 47 * HOUR;

  test("lends its id and pixel to a copy that is sent beside it", () => {
    const found = evidence({ live: [task({ eventId: "purchase_8_1", pixelId: pixel })] });
    expect(judged(bia(), found)).toMatchObject({
      kind: "in-flight",
      identity: { eventId: "purchase_8_1", origin: "evidence", knowledge: "known" },
      foldedUntil: ahead,
    });
  });

  test.each([
    ["whose id is not known", bia(), [task({ eventId: null })]],
    ["that is one of two with different ids", ana(), [task(), task({ eventId: "purchase_7_1" })]],
    ["of a sale over 47 h old", ana({ paidAt: hoursAgo(47) }), [task()]],
    ["of a sale without any time", ana({ paidAt: null, createdAt: null }), [task()]],
    ["at a pixel that the pool no longer has", ana(), [task({ pixelId: otherPixel })]],
  ])("%s: a copy would not surely be folded", (_, who, live) => {
    const { kind, foldedUntil } = judged(who, evidence({ live }));
    expect(kind).toBe("in-flight");
    expect(foldedUntil).toBeLessThanOrEqual(now);
  });
});

describe("folded", () => {
  const at = (acceptedAt: number, mine: number, more: Partial<Evidence> = {}) =>
    verdict(
      caio(),
      evidence({
        traces: [{ ...accepted, at: mine }],
        siblings: [anaBesideHim({ acceptedAt })],
        ...more,
      }),
    );

  test("within 48 h of the sibling's acceptance, and not after", () => {
    expect(at(hoursAgo(49) + 1, hoursAgo(1))).toBe("folded");
    expect(at(hoursAgo(49), hoursAgo(1))).toBe("delivered");
  });

  test("only into an earlier acceptance", () => {
    expect(at(hoursAgo(1), hoursAgo(2))).toBe("delivered");
  });

  test("only under the shared id", () => {
    const siblings = [anaBesideHim({ acceptedAt: hoursAgo(3) })];
    const traces = [{ ...accepted, eventId: "purchase_9_1" }];
    expect(verdict(caio(), evidence({ traces, siblings }))).toBe("delivered");
  });

  test("not where an attempt under another id may have arrived, or may yet: that one would count", () => {
    const siblings = [anaBesideHim({ acceptedAt: hoursAgo(3) })];
    const stranger = attempt({ eventId: "purchase_9_1" });
    const found = evidence({ traces: [accepted, stranger], siblings });
    expect(judged(caio(), found)).toMatchObject({
      kind: "ambiguous",
      identity: { eventId: "purchase_9_1" },
    });
    const live = [task({ eventId: "purchase_9_1" })];
    expect(verdict(caio(), evidence({ traces: [accepted], siblings, live }))).toBe("in-flight");
  });
});

describe("a shared click", () => {
  const beside = (her: Parameters<typeof anaBesideHim>[0], more: Partial<Evidence> = {}) =>
    evidence({ siblings: [anaBesideHim(her)], ...more });

  test("the one that does not carry it goes under its own id, and the verdict names the carrier", () => {
    expect(judged(caio(), beside({}))).toMatchObject({
      kind: "ambiguous",
      because:
        "no answer on record; it shares its click with sale 7, which carries the event id; it goes as purchase_9",
      foldedUntil: hoursAgo(2) + 47 * HOUR,
    });
    expect(judged(ana(), evidence({ siblings: [caioBesideHer()] }))).toMatchObject({
      kind: "ambiguous",
      identity: { eventId: click, carrier: null },
    });
  });

  test("all attempts, and 17 h of retries after each, lie within 47 h", () => {
    const who = (hours: number) =>
      caio({ paidAt: hoursAgo(hours), flaggedAt: hoursAgo(hours), createdAt: hoursAgo(1) });
    const first = (hours: number) => ({ firstAttempt: hoursAgo(hours) });
    // He was sent an hour ago, so that a retry may follow in 16 h: she may be up to 31 h old.
    expect(verdict(who(1), beside(first(31 - 0.001)))).toBe("ambiguous");
    expect(verdict(who(1), beside(first(31)))).toBe("untraceable");
    // No task lives: only the attempts themselves count, and the present.
    expect(verdict(who(1), beside(first(47 - 0.001), { noTaskLives: true }))).toBe("ambiguous");
    expect(verdict(who(1), beside(first(47), { noTaskLives: true }))).toBe("untraceable");
    expect(verdict(who(46), beside(first(47), { noTaskLives: true }))).toBe("untraceable");
  });

  test("a flag set anew is one more attempt", () => {
    const her = { firstAttempt: hoursAgo(33) };
    const who = caio({ paidAt: hoursAgo(32), flaggedAt: hoursAgo(32), createdAt: hoursAgo(1) });
    expect(verdict(who, beside(her))).toBe("ambiguous");
    expect(verdict({ ...who, flaggedAt: hoursAgo(1) }, beside(her))).toBe("untraceable");
    expect(verdict(who, beside(her, { flagTimes: [hoursAgo(1)] }))).toBe("untraceable");
    expect(verdict(who, beside(her, { traces: [attempt({ at: hoursAgo(1), eventId: click })] }))).toBe(
      "untraceable",
    );
  });

  test("so is a sibling's", () => {
    const her = { firstAttempt: hoursAgo(33), lastAttempt: hoursAgo(32) };
    expect(verdict(caio(), beside(her, { noTaskLives: true }))).toBe("ambiguous");
    const who = caio({ paidAt: hoursAgo(32), flaggedAt: hoursAgo(32), createdAt: hoursAgo(1) });
    expect(verdict(who, beside(her))).toBe("ambiguous");
    expect(verdict(who, beside({ ...her, lastAttempt: hoursAgo(1) }))).toBe("untraceable");
  });

  test("a pending sibling was never sent: it widens no window", () => {
    const pending = anaBesideHim({ id: 5, status: "pending", flagged: false, firstAttempt: hoursAgo(60) });
    expect(verdict(caio(), evidence({ siblings: [anaBesideHim(), pending] }))).toBe("ambiguous");
  });

  test("its own id, once sent, does not widen the window", () => {
    const traces = [ours({ eventId: "purchase_9", at: hoursAgo(0.5) })];
    expect(judged(caio(), beside({}, { traces }))).toMatchObject({
      kind: "ambiguous",
      foldedUntil: hoursAgo(2) + 47 * HOUR,
    });
  });

  test("an attempt that bore another id than the click's is known by that id", () => {
    const traces = [attempt({ eventId: "purchase_9_1" })];
    expect(judged(caio(), beside({}, { traces }))).toMatchObject({
      kind: "ambiguous",
      identity: { eventId: "purchase_9_1", carrier: null },
    });
  });
});

describe("whatever the evidence", () => {
  const judgement = fc.record({ who: anySale, found: anyEvidence });

  test("every verdict occurs among what the next tests are given", () => {
    const kinds = fc.sample(judgement, 3000).map(({ who, found }) => verdict(who, found));
    expect(new Set(kinds)).toEqual(new Set(verdictKinds));
  });

  test("nothing is called lost unless every attempt is proven not to have arrived", () => {
    fc.assert(
      fc.property(judgement, ({ who, found }) => {
        if (verdict(who, found) !== "lost") return;
        expect(found.complete).toBe(true);
        expect(found.live).toEqual([]);
        expect(found.traces).not.toEqual([]);
        for (const { result } of found.traces) expect(["refused", "not-sent"]).toContain(result);
      }),
      { numRuns: 1000 },
    );
  });

  test("nothing is called ambiguous that Meta no longer folds", () => {
    fc.assert(
      fc.property(judgement, ({ who, found }) => {
        const { kind, foldedUntil } = judged(who, found);
        const relies = kind !== "untraceable" && kind !== "delivered" && kind !== "folded";
        expect(foldedUntil !== null && !relies).toBe(false);
        expect(kind === "ambiguous" && (foldedUntil ?? 0) <= now).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test("judging twice says the same", () => {
    fc.assert(
      fc.property(judgement, ({ who, found }) => {
        expect(judged(who, found)).toEqual(judged(who, found));
      }),
    );
  });

  test("the order in which evidence was found changes nothing but, at most, the words", () => {
    const orders = fc
      .record({ who: anySale, found: anyEvidence })
      .chain(({ who, found }) =>
        fc.record({ who: fc.constant(who), found: shuffled(found), first: fc.constant(found) }),
      );
    fc.assert(
      fc.property(orders, ({ who, found, first }) => {
        const { because: _a, evidence: _b, ...one } = judged(who, first);
        const { because: _c, evidence: _d, ...other } = judged(who, found);
        expect({ ...other, obstacle: other.obstacle.kind }).toEqual({ ...one, obstacle: one.obstacle.kind });
      }),
      { numRuns: 1000 },
    );
  });
});
