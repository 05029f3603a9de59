import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Evidence, Sibling, Trace } from "../../src/sales/evidence.js";
import {
  carrierOf,
  firstAttempt,
  identify,
  isFolded,
  mayHaveBeenSent,
  ownEventId,
} from "../../src/sales/identity.js";
import type { Instant, Sale } from "../../src/sales/sale.js";
import {
  ana,
  anaBesideHim,
  attempt,
  bia,
  caio,
  caioBesideHer,
  click,
  evidence,
  hoursAgo,
  now,
  otherPixel,
  ours,
  oursOpen,
  pixel,
  pool,
  sale,
  task,
} from "../cast/sales.js";

const idOf = (who: Sale, found: Evidence = evidence()) => {
  const { eventId, origin, knowledge } = identify(who, found, null);
  return `${eventId} (${origin}, ${knowledge})`;
};

describe("what the application's tracking data would have it pass on", () => {
  const tracked = (trackedEventId: string, more: Partial<Evidence> = {}) =>
    evidence({ trackedEventId, ...more });

  test("makes the page view's id known where both say the same", () => {
    expect(idOf(ana(), tracked(click))).toBe(`${click} (pageview_event_id, known)`);
  });

  test("is presumed where the row has none", () => {
    expect(idOf(ana({ pageviewEventId: null }), tracked("pageview_t"))).toBe(
      "pageview_t (tracking, presumed)",
    );
  });

  test("leaves the id unknown where it names another: which of them was sent cannot be told", () => {
    expect(idOf(ana(), tracked("pageview_t"))).toBe(`${click} (pageview_event_id, unknown)`);
  });

  test("gives way to an attempt whose id is on record", () => {
    expect(idOf(ana(), tracked("pageview_t", { traces: [logged("pageview_x")] }))).toBe(
      "pageview_x (evidence, known)",
    );
  });
});

describe("an id that is guessed from the flag's time", () => {
  const nameless = ana({ pageviewEventId: null });
  const guess = `purchase_${nameless.id}_${Math.floor((nameless.flaggedAt ?? 0) / 1000)}`;

  test("counts as unknown, and is not even sent, unless it is trusted", () => {
    expect(idOf(nameless)).toBe(`${ownEventId(nameless)} (purchase_id, unknown)`);
    expect(identify(nameless, evidence(), null, true)).toMatchObject({
      eventId: guess,
      origin: "inferred",
      knowledge: "presumed",
    });
  });

  test("is no guess where there is no flag time, and never outweighs an id that is known", () => {
    const timeless = ana({ pageviewEventId: null, flaggedAt: null });
    expect(identify(timeless, evidence(), null, true).origin).toBe("purchase_id");
    expect(identify(ana(), evidence(), null, true).origin).toBe("pageview_event_id");
  });
});

const logged = (eventId: string, more: Partial<Trace> = {}) => attempt({ eventId, ...more });

describe("which event id: the first rule that holds", () => {
  test("evidence of the earlier attempt, before all else", () => {
    const traces = [logged("purchase_7_1"), ours()];
    expect(idOf(ana(), evidence({ traces }))).toBe("purchase_7_1 (evidence, known)");
  });

  test("our journal, before the row", () => {
    const earlier = ours({ eventId: "pageview_before" });
    expect(idOf(ana(), evidence({ traces: [earlier] }))).toBe("pageview_before (journal, known)");
  });

  test("the page view of the row, presumed", () => {
    expect(idOf(ana())).toBe("pageview_3f (pageview_event_id, presumed)");
  });

  test("an id of our own, not known, where there is nothing else", () => {
    expect(idOf(bia())).toBe("purchase_8 (purchase_id, unknown)");
    expect(ownEventId({ id: 9445 })).toBe("purchase_9445");
  });

  test("a live task is evidence too", () => {
    const live = [task({ eventId: "purchase_8_1" })];
    expect(idOf(bia(), evidence({ live }))).toBe("purchase_8_1 (evidence, known)");
  });

  test("an attempt that may have arrived says more than an older one that did not", () => {
    const never = logged("purchase_7_1", { result: "refused", at: hoursAgo(3) });
    expect(idOf(ana(), evidence({ traces: [never, logged("purchase_7_2")] }))).toBe(
      "purchase_7_2 (evidence, known)",
    );
    expect(idOf(ana(), evidence({ traces: [never] }))).toBe("purchase_7_1 (evidence, known)");
  });

  test("a delivered sale bears the id that Meta accepted, by whom it was sent", () => {
    const byTask = logged("purchase_7_1", { result: "accepted" });
    expect(idOf(ana(), evidence({ traces: [ours(), byTask] }))).toBe("purchase_7_1 (evidence, known)");
    const byUs = ours({ eventId: "purchase_7", result: "accepted" });
    expect(idOf(ana(), evidence({ traces: [logged(click), byUs] }))).toBe("purchase_7 (journal, known)");
  });
});

describe("an id once journalled stays the sale's", () => {
  test("the page view's: presumed still, since our attempt proves nothing about the application's", () => {
    expect(idOf(ana({ pageviewEventId: click }), evidence({ traces: [ours()] }))).toBe(
      "pageview_3f (journal, presumed)",
    );
  });

  test("one that the row no longer bears", () => {
    expect(idOf(ana({ pageviewEventId: "pageview_new" }), evidence({ traces: [ours()] }))).toBe(
      "pageview_3f (journal, known)",
    );
  });

  test("our own, even where the row bears a page view by now: it is not the application's", () => {
    const traces = [ours({ eventId: "purchase_7" })];
    expect(idOf(ana(), evidence({ traces }))).toBe("purchase_7 (journal, unknown)");
  });

  test("an attempt without an answer is repeated with its own id, whatever evidence says", () => {
    const traces = [logged("purchase_7_1"), oursOpen()];
    expect(idOf(ana(), evidence({ traces }))).toBe("pageview_3f (journal, known)");
    const siblings = [anaBesideHim({ acceptedAt: hoursAgo(3) })];
    expect(idOf(caio(), evidence({ traces: [oursOpen()], siblings }))).toBe("pageview_3f (journal, known)");
  });

  test("one taken over from evidence that is gone, even where a sibling carries the click", () => {
    const traces = [ours({ eventId: "purchase_9_1" })];
    const identity = identify(caio(), evidence({ traces, siblings: [anaBesideHim()] }), null);
    expect(identity).toMatchObject({ eventId: "purchase_9_1", origin: "journal", carrier: null });
  });
});

describe("which pixel and pool", () => {
  const second = pool({ id: 2, pixelId: otherPixel });
  const where = (who: Sale, traces: Trace[] = [], fallback: string | null = null) => {
    const { pixelId, pool: chosen } = identify(who, evidence({ traces }), fallback);
    return [pixelId, chosen?.id ?? null];
  };

  test.each([
    ["the first pool, where nothing names one", [pool(), second], [], [pixel, 1]],
    [
      "the pool of the pixel that our journal names",
      [pool(), second],
      [ours({ pixelId: otherPixel })],
      [otherPixel, 2],
    ],
    [
      "the pixel that evidence names, without a pool, where no pool has it",
      [pool()],
      [logged(click, { pixelId: otherPixel })],
      [otherPixel, null],
    ],
    ["nothing, where the bot is in no pool", [], [], [null, null]],
    ["the configured pixel, where the shop has no pools", null, [], ["3003", null]],
    ["the pixel of the earlier attempt, before the configured one", null, [ours()], [pixel, null]],
  ] as const)("%s", (_, pools, traces, expected) => {
    expect(where(ana({ pools }), [...traces], "3003")).toEqual(expected);
  });

  test("the pixel belongs to the attempt whose id is used", () => {
    const traces = [ours({ pixelId: pixel }), logged("purchase_7_1", { pixelId: otherPixel })];
    expect(where(ana({ pools: [pool(), second] }), traces)).toEqual([otherPixel, 2]);
  });
});

describe("since when Meta may have known the id", () => {
  const since = (who: Sale, found: Evidence) => identify(who, found, null).since;

  test("an id of our own: since we first sent it", () => {
    const traces = [ours({ eventId: "purchase_8", at: hoursAgo(1) })];
    expect(since(bia(), evidence({ traces }))).toBe(hoursAgo(1));
  });

  test("any other: since the sale's first attempt, and the siblings' where one of them carries it", () => {
    expect(since(ana(), evidence({ siblings: [caioBesideHer()] }))).toBe(hoursAgo(2));
    expect(since(caio(), evidence({ siblings: [anaBesideHim()] }))).toBe(hoursAgo(2));
  });
});

describe("the first attempt", () => {
  test.each([
    ["the payment, where nothing else is known", {}, {}, hoursAgo(2)],
    [
      "the creation, where the payment's time is missing",
      { paidAt: null, createdAt: hoursAgo(3) },
      {},
      hoursAgo(3),
    ],
    ["the earliest attempt", {}, { traces: [attempt({ at: hoursAgo(4) }), attempt()] }, hoursAgo(4)],
    ["the payment, where evidence begins later", {}, { traces: [attempt({ at: hoursAgo(1) })] }, hoursAgo(2)],
    [
      "the evidence, where it covers everything",
      {},
      { traces: [attempt({ at: hoursAgo(1) })], complete: true },
      hoursAgo(1),
    ],
    ["the payment, where complete evidence shows no attempt", {}, { complete: true }, hoursAgo(2)],
    ["the flag time before a revert", {}, { flagTimes: [hoursAgo(5)] }, hoursAgo(5)],
    ["never a flag set anew", { flaggedAt: hoursAgo(0.1) }, {}, hoursAgo(2)],
    ["unknown, where nothing has a time", { paidAt: null, createdAt: null }, {}, null],
  ] as const)("%s", (_, differing, found, expected) => {
    expect(
      firstAttempt(
        sale(differing),
        evidence({ ...found, traces: "traces" in found ? [...found.traces] : [] }),
      ),
    ).toBe(expected);
  });
});

describe("who carries a shared click", () => {
  const carrier = (who: Sale, ...siblings: Sibling[]) => carrierOf(who, evidence({ siblings }))?.id ?? null;

  test("the oldest", () => {
    expect(carrier(caio(), anaBesideHim())).toBe(7);
    expect(carrier(ana(), caioBesideHer())).toBeNull();
  });

  test("the one journalled with it, before the oldest", () => {
    expect(carrier(ana(), caioBesideHer({ journalled: true }))).toBe(9);
    const found = evidence({ traces: [ours()], siblings: [anaBesideHim()] });
    expect(carrierOf(caio(), found)).toBeNull();
  });

  test("the earliest acceptance, before the one journalled with it", () => {
    const him = caioBesideHer({ acceptedAt: hoursAgo(1) });
    expect(carrier(ana(), anaBesideHim({ id: 5, journalled: true }), him)).toBe(9);
    expect(carrier(ana(), him, caioBesideHer({ id: 10, acceptedAt: hoursAgo(1.5) }))).toBe(10);
  });

  test("of two of one age the lower id", () => {
    expect(carrier(ana(), caioBesideHer({ createdAt: hoursAgo(2) }))).toBeNull();
    expect(carrier(ana(), anaBesideHim({ id: 5 }))).toBe(5);
  });

  test("never one that is pending: it was never sent", () => {
    const pending = anaBesideHim({ id: 5, status: "pending", flagged: false, createdAt: hoursAgo(9) });
    expect(carrier(ana(), pending)).toBeNull();
    expect(mayHaveBeenSent(pending, click)).toBe(false);
  });

  test("never one that is confirmed under another id: it leaves the click to the others", () => {
    expect(carrier(caio(), anaBesideHim({ metaEventId: "purchase_7" }))).toBeNull();
    expect(carrier(caio(), anaBesideHim({ metaEventId: click }))).toBe(7);
  });

  test("a refunded one that was flagged may have been sent", () => {
    expect(carrier(caio(), anaBesideHim({ status: "cancelled" }))).toBe(7);
  });

  test("an acceptance under another id than the click's carries nothing", () => {
    const traces = [ours({ eventId: "purchase_9", result: "accepted" })];
    expect(carrierOf(caio(), evidence({ traces, siblings: [anaBesideHim()] }))?.id).toBe(7);
  });

  test("of any company exactly one, and all agree on which", () => {
    const member = fc.record({
      createdAt: fc.option(fc.integer({ min: 1, max: 3 }).map(hoursAgo), { nil: null }),
      acceptedAt: fc.option(fc.integer({ min: 1, max: 3 }).map(hoursAgo), { nil: null }),
      journalled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(member, { minLength: 2, maxLength: 5 }), (members) => {
        const company = members.map((facts, id) => ({ ...facts, id }));
        const verdicts = company.map((self) => {
          const siblings = company.filter((other) => other !== self).map((other) => anaBesideHim(other));
          const who = ana({ id: self.id, createdAt: self.createdAt });
          return carrierOf(who, evidence({ traces: tracesOf(self), siblings }))?.id ?? self.id;
        });
        expect(new Set(verdicts).size).toBe(1);
      }),
    );
  });
});

function tracesOf({ acceptedAt, journalled }: { acceptedAt: Instant | null; journalled: boolean }): Trace[] {
  const traces = journalled ? [ours()] : [];
  return acceptedAt === null ? traces : [...traces, logged(click, { result: "accepted", at: acceptedAt })];
}

test("a sale is folded only where every acceptance of it is another's", () => {
  const siblings = [anaBesideHim({ acceptedAt: hoursAgo(3) })];
  const copy = logged(click, { result: "accepted", at: hoursAgo(1) });
  const its = ours({ eventId: "purchase_9", result: "accepted", at: now });
  expect(isFolded(caio(), evidence({ traces: [copy], siblings }))).toBe(true);
  expect(isFolded(caio(), evidence({ traces: [copy, its], siblings }))).toBe(false);
  expect(isFolded(caio(), evidence({ siblings }))).toBe(false);
});
