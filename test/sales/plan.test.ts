import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actions } from "../../src/sales/permissions.js";
import type { Action } from "../../src/sales/permissions.js";
import type { Plan, Wishes } from "../../src/sales/plan.js";
import { byDeadline, makePlan } from "../../src/sales/plan.js";
import { DAY, HOUR, MINUTE } from "../../src/sales/sale.js";
import type { Judged } from "../../src/sales/verdict.js";
import { ACCEPTED_FOR } from "../../src/sales/verdict.js";
import { anyEvidence, anySale } from "../cast/any.js";
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
  ours,
  oursOpen,
  policy,
  sale,
  task,
  wishes,
} from "../cast/sales.js";

function plan(action: Action, sales: readonly Judged[], said: Partial<Wishes> = {}): Plan {
  return makePlan(action, sales, wishes(said), policy, now);
}

const acted = ({ act }: Plan) => act.map((item) => item.judged.sale.id);
const kept = ({ left }: Plan) => left.map((item) => item.judged.sale.id);
const only = ({ act }: Plan) => {
  const [item] = act;
  if (!item || act.length > 1) throw new Error(`${act.length} sales are planned`);
  return item;
};
const onlyLeft = ({ left }: Plan) => {
  const [item] = left;
  if (!item || left.length > 1) throw new Error(`${left.length} sales are left`);
  return item;
};

const named = { named: true };
const accepted = attempt({ result: "accepted", eventId: click });
const refused = attempt({ result: "refused", eventId: click });
/** Flagged a day ago: past every wait, and its page view's id is still folded. */
const yesterday = { paidAt: hoursAgo(24) };
/** Nobody knows what became of them; nothing may be sent without a flag. */
const untraceable = (id: number, amount = "97.00") => judged(sale({ id, amount, paidAt: hoursAgo(50) }));

describe("nearest deadline first", () => {
  const sales = [2, 40, 20].map((ago, index) => judged(ana({ id: index + 1, paidAt: hoursAgo(ago) })));

  test("the order of a plan, whatever the order of the list", () => {
    expect(acted(plan("resend", sales))).toEqual([2, 3, 1]);
    expect(acted(plan("resend", sales.toReversed()))).toEqual([2, 3, 1]);
  });

  test("of one deadline, the lower id first; without a deadline, last", () => {
    const twins = [12, 11].map((id) => judged(ana({ id })));
    const timeless = judged(ana({ id: 10, paidAt: null, createdAt: null, flaggedAt: hoursAgo(20) }));
    expect(byDeadline([timeless, ...twins], now).map((item) => item.sale.id)).toEqual([11, 12, 10]);
  });

  test("a deadline that has passed is none to be met: expired sales come last of all", () => {
    const [lost, spent] = [8, 9].map((days) => judged(ana({ id: days, paidAt: hoursAgo(24 * days) })));
    const atTheLimit = judged(ana({ id: 7, paidAt: now - ACCEPTED_FOR }));
    const inTime = judged(ana({ id: 6, paidAt: now - ACCEPTED_FOR + 1 }));
    const timeless = judged(ana({ id: 10, paidAt: null, createdAt: null, flaggedAt: hoursAgo(20) }));
    const all = [lost, timeless, atTheLimit, spent, inTime, ...sales] as Judged[];
    const order = byDeadline(all, now).map((item) => item.sale.id);
    expect(order).toEqual([6, 2, 3, 1, 10, 9, 8, 7]);
    expect(all.filter((item) => item.obstacle.kind === "expired").map(({ sale: { id } }) => id)).toEqual([
      8, 7, 9,
    ]);
  });

  test("--limit keeps the nearest deadlines and leaves the others for a later run", () => {
    const limited = plan("resend", sales, { limit: 2 });
    expect(acted(limited)).toEqual([2, 3]);
    expect(onlyLeft(limited)).toMatchObject({ because: "beyond --limit 2", wouldAllow: null, person: null });
  });

  test("--limit counts what is done, not what is left for other reasons", () => {
    const delivered = judged(ana({ id: 4, paidAt: hoursAgo(100) }), evidence({ traces: [accepted] }));
    expect(acted(plan("resend", [delivered, ...sales], { limit: 2 }))).toEqual([2, 3]);
  });
});

describe("the cap of --accept-duplicate", () => {
  const sales = [untraceable(1, "60.10"), untraceable(2, "40.00"), untraceable(3, "39.90")];
  const said = (duplicateLimit: string | null) => ({ acceptDuplicate: true, duplicateLimit });

  test("without an amount there is none", () => {
    expect(acted(plan("resend", sales, said(null)))).toEqual([1, 2, 3]);
  });

  test("is money to the cent: what fits, fits exactly", () => {
    expect(acted(plan("resend", sales, said("100.00")))).toEqual([1, 3]);
    expect(acted(plan("resend", sales, said("100.09")))).toEqual([1, 3]);
    expect(acted(plan("resend", sales, said("100.10")))).toEqual([1, 2]);
  });

  test("says why a sale was left", () => {
    expect(onlyLeft(plan("resend", sales, said("100.10"))).because).toBe(
      "may count twice, and would exceed --accept-duplicate=100.10",
    );
  });

  test("counts only sales that may count twice", () => {
    const safe = judged(ana({ ...yesterday, amount: "5000.00" }));
    expect(acted(plan("resend", [safe, untraceable(1, "10.00")], said("10.00")))).toEqual([7, 1]);
  });

  test("an amount that is no number adds nothing", () => {
    expect(acted(plan("resend", [untraceable(1, "NaN"), untraceable(2, "1.00")], said("1.00")))).toEqual([
      1, 2,
    ]);
  });
});

describe("the last moment of a request", () => {
  const weekOf = (paid: number) => paid + 7 * DAY - HOUR;

  test("a send that relies on folding: 47 h after the first attempt", () => {
    expect(only(plan("resend", [judged(ana(yesterday))])).before).toBe(hoursAgo(24) + 47 * HOUR);
  });

  test("a send that relies on proof, or that may count twice: until Meta no longer accepts the event", () => {
    const lost = judged(ana({ ...yesterday, sentFromDelivery: false }), allOf(refused));
    expect(only(plan("resend", [lost])).before).toBe(weekOf(hoursAgo(24)));
    expect(only(plan("resend", [untraceable(1)], { acceptDuplicate: true }))).toMatchObject({
      before: weekOf(hoursAgo(50)),
      mayDouble: true,
    });
  });

  test("the earlier of both, where a folded event expires first", () => {
    const traces = [attempt({ at: hoursAgo(1), eventId: click })];
    const late = judged(ana({ paidAt: hoursAgo(160) }), evidence({ traces, complete: true }));
    expect(late.kind).toBe("ambiguous");
    expect(only(plan("resend", [late])).before).toBe(weekOf(hoursAgo(160)));
  });

  test("none, where nothing is sent", () => {
    const gone = judged(ana({ paidAt: hoursAgo(200) }));
    expect(only(plan("revert", [gone], named)).before).toBe(Infinity);
    const delivered = judged(ana(), evidence({ traces: [accepted] }));
    expect(only(plan("confirm", [delivered])).before).toBe(Infinity);
  });
});

describe("reverted where Meta refuses", () => {
  const reverts = (item: Judged, said: Partial<Wishes> = {}) =>
    only(plan("resend", [item], { named: true, ...said })).revertIfRefused;
  const provenLost = judged(ana({ ...yesterday, sentFromDelivery: false }), allOf(refused));

  test("where the tables allowed the revert without naming, before the attempt", () => {
    expect(reverts(provenLost)).toBe(true);
    expect(reverts(judged(ana(yesterday)))).toBe(false);
  });

  test("not while its own task may still retry", () => {
    const young = judged(ana({ sentFromDelivery: false }), allOf(refused));
    expect(reverts(young)).toBe(false);
    expect(reverts(judged(ana({ sentFromDelivery: false }), { ...allOf(refused), noTaskLives: true }))).toBe(
      true,
    );
  });

  test("--revert-refused reverts the others too", () => {
    expect(reverts(judged(ana(yesterday)), { revertRefused: true })).toBe(true);
  });

  test("never where an attempt of our own has no answer", () => {
    const open = judged(ana(), evidence({ traces: [oursOpen()] }));
    expect(reverts(open)).toBe(false);
    expect(reverts(open, { revertRefused: true })).toBe(false);
  });
});

describe("a revert", () => {
  const said = { withoutProof: true };

  test("of a window waits for the task's own retries, to the millisecond", () => {
    const flagged = (at: number) => judged(ana({ paidAt: at - MINUTE, flaggedAt: at }));
    expect(acted(plan("revert", [flagged(hoursAgo(18))], said))).toEqual([7]);
    expect(onlyLeft(plan("revert", [flagged(hoursAgo(18) + 1)], said))).toMatchObject({
      because: "its own task may retry for 17 h yet, and would then send it too",
      wouldAllow: "--id 7",
    });
  });

  test("of a named sale waits for nothing", () => {
    expect(acted(plan("revert", [judged(ana())], named))).toEqual([7]);
  });

  test("waits for nothing where no task lives", () => {
    expect(acted(plan("revert", [judged(ana(), evidence({ noTaskLives: true }))], said))).toEqual([7]);
  });

  test("is not done twice", () => {
    const back = judged(ana({ ...yesterday, flagged: false, flaggedAt: null }), evidence({ reverted: true }));
    for (const wish of [said, named]) {
      expect(onlyLeft(plan("revert", [back], wish))).toMatchObject({
        because: "it was given back to the application already",
        wouldAllow: null,
      });
    }
    expect(acted(plan("resend", [back]))).toEqual([7]);
  });
});

describe("a sale that Meta refused", () => {
  const again = judged(ana(), evidence({ traces: [ours({ result: "refused" })], refused: "100/2804050" }));

  test("is sent again only when named", () => {
    expect(onlyLeft(plan("resend", [again]))).toMatchObject({
      because: "Meta refused it (100/2804050): mend it, then name it",
      wouldAllow: "--id 7",
      person: "Meta refused it: 100/2804050",
    });
    expect(acted(plan("resend", [again], named))).toEqual([7]);
  });

  test("keeps the others waiting for nothing", () => {
    const other = judged(ana({ id: 6 }));
    expect(acted(plan("resend", [again, other]))).toEqual([6]);
  });
});

describe("what would allow a sale that is left", () => {
  const offer = (action: Action, item: Judged, said: Partial<Wishes> = {}) =>
    onlyLeft(plan(action, [item], said)).wouldAllow;
  const waiting = { flaggedAt: now };

  test.each([
    ["a send that may count twice", "resend", untraceable(7), {}, "--accept-duplicate"],
    ["a sale flagged just now", "resend", judged(ana(waiting)), {}, "--id 7"],
    ["both at once", "resend", judged(bia(waiting)), {}, "--id 8 --accept-duplicate"],
    ["both, of which one was given", "resend", judged(bia(waiting)), named, "--accept-duplicate"],
    ["a revert without proof", "revert", judged(ana(yesterday)), {}, "--without-proof"],
    ["a revert without proof, too early", "revert", judged(ana()), {}, "--id 7"],
    [
      "the revert of a delivered sale",
      "revert",
      judged(ana(yesterday), evidence({ traces: [accepted] })),
      {},
      "--even-accepted",
    ],
    ["a live task", "resend", judged(ana(), evidence({ live: [task()] })), {}, "--id 7"],
    [
      "a live task that no copy is folded into",
      "resend",
      judged(ana({ paidAt: hoursAgo(47) }), evidence({ live: [task()] })),
      named,
      null,
    ],
    ["an expired sale", "resend", judged(ana({ paidAt: hoursAgo(200) })), {}, null],
    ["the revert of an expired sale", "revert", judged(ana({ paidAt: hoursAgo(200) })), {}, "--id 7"],
    ["nothing to confirm", "confirm", judged(ana()), {}, null],
  ] as const)("%s", (_, action, item, said, expected) => {
    expect(offer(action, item, said)).toBe(expected);
  });
});

describe("a revert of a window leaves", () => {
  const lost = { ...allOf(refused), noTaskLives: true };
  const hers = ana({ sentFromDelivery: false });

  test("a sale that shares its click with one that may have been sent: the application would send one id for both", () => {
    const shared = judged(hers, { ...lost, siblings: [caioBesideHer()] });
    expect(shared.kind).toBe("lost");
    expect(onlyLeft(plan("revert", [shared]))).toMatchObject({
      because:
        "it shares its click with sale 9: the application would send the same event id, which Meta counts once",
      wouldAllow: "--id 7",
    });
    expect(acted(plan("revert", [shared], named)), "who names it knows").toEqual([7]);
    expect(acted(plan("resend", [shared]))).toEqual([7]);
  });

  test("not one that shares it with a sale that nobody ever paid or flagged, nor one that shares nothing", () => {
    const pending = caioBesideHer({ status: "pending", flagged: false });
    for (const siblings of [[], [pending]])
      expect(acted(plan("revert", [judged(hers, { ...lost, siblings })]))).toEqual([7]);
  });

  test("a lost sale that the browser's pixel may have sent: nobody can bound the next visit", () => {
    const shown = judged(ana({ sentFromDelivery: true }), lost);
    expect(shown.kind).toBe("lost");
    expect(onlyLeft(plan("revert", [shown])).wouldAllow).toBe("--without-proof");
    expect(acted(plan("resend", [shown]))).toEqual([7]);
  });
});

describe("the carrier of a shared click goes first", () => {
  const she = judged(ana({ amount: "10.00" }), evidence({ siblings: [caioBesideHer()] }));
  const he = judged(caio(), evidence({ siblings: [anaBesideHim()] }));

  test("before those that it carries, whatever the deadlines", () => {
    // His deadline is hers (they share one window), and the lower id would come first.
    const early = judged(caio({ id: 3 }), evidence({ siblings: [anaBesideHim()] }));
    const third = judged(ana({ id: 4, pageviewEventId: "pageview_other" }));
    expect(acted(plan("resend", [early, she, third]))).toEqual([7, 3, 4]);
  });

  test("and a limit never cuts between them for ever: the carrier takes the place of the nearest deadline", () => {
    const early = judged(caio({ id: 3 }), evidence({ siblings: [anaBesideHim()] }));
    const third = judged(ana({ id: 4, pageviewEventId: "pageview_other" }));
    expect(acted(plan("resend", [early, she, third], { limit: 1 }))).toEqual([7]);
    expect(acted(plan("resend", [early, she, third], { limit: 2 }))).toEqual([7, 3]);
    expect(plan("resend", [early, she, third], { limit: 2 })).toMatchObject({ allowed: 3 });
  });

  test("a sale is left where its carrier is not in the plan", () => {
    expect(onlyLeft(plan("resend", [he]))).toMatchObject({
      because: "sale 7 carries the click they share and must be settled first",
      wouldAllow: "--id 7,9",
    });
  });

  test("or where the plan leaves its carrier", () => {
    const waits = judged(ana({ flaggedAt: now }), evidence({ siblings: [caioBesideHer()] }));
    expect(acted(plan("resend", [waits, he]))).toEqual([]);
    expect(new Set(kept(plan("resend", [waits, he])))).toEqual(new Set([7, 9]));
    const [, his] = plan("resend", [waits, he]).left.toSorted((a, b) => a.judged.sale.id - b.judged.sale.id);
    expect(his).toMatchObject({ wouldAllow: null }); // naming both would change nothing
    expect(acted(plan("resend", [she, he], { limit: 1 }))).toEqual([7]);
  });

  test.each([
    ["is settled already", { acceptedAt: hoursAgo(1), metaEventId: click, open: false }],
    ["can no longer be settled", { open: false }],
  ])("it waits for none that %s", (_, her) => {
    const alone = judged(caio(), evidence({ siblings: [anaBesideHim(her)] }));
    expect(acted(plan("resend", [alone]))).toEqual([9]);
  });

  test("it waits for none where the operator accepts that it may count twice", () => {
    const siblings = [anaBesideHim({ firstAttempt: hoursAgo(60) })];
    const old = judged(caio({ flaggedAt: hoursAgo(19) }), evidence({ siblings }));
    expect(old.kind).toBe("untraceable");
    expect(only(plan("resend", [old], { acceptDuplicate: true })).mayDouble).toBe(true);
  });

  test("a revert has no carriers", () => {
    expect(acted(plan("revert", [he], named))).toEqual([9]);
  });
});

describe("whatever the sales, and whatever the operator wishes", () => {
  const anyJudged = fc
    .record({ who: anySale, found: anyEvidence, fault: fc.constantFrom(null, null, null, "no pixel") })
    .map(({ who, found, fault }) => ({ who, found, fault }));
  const anySales = fc
    .array(anyJudged, { maxLength: 5 })
    .map((list) => list.map(({ who, found, fault }, id) => judged({ ...who, id }, found, { fault })));
  const anyAction = fc.constantFrom(...actions);
  const anyWishes: fc.Arbitrary<Wishes> = fc.record({
    named: fc.boolean(),
    acceptDuplicate: fc.boolean(),
    withoutProof: fc.boolean(),
    evenAccepted: fc.boolean(),
    ignoreWorkers: fc.boolean(),
    revertRefused: fc.boolean(),
    duplicateLimit: fc.constantFrom(null, null, "0.00", "100.00"),
    limit: fc.constantFrom(null, null, 1, 2),
  });
  const runs = { numRuns: 500 };

  test("every sale is either acted on or left, once", () => {
    fc.assert(
      fc.property(anyAction, anySales, anyWishes, (action, sales, said) => {
        const made = plan(action, sales, said);
        const all = [...acted(made), ...kept(made)].toSorted((a, b) => a - b);
        expect(all).toEqual(sales.map((item) => item.sale.id));
      }),
      runs,
    );
  });

  test("an expired or unsendable sale is never sent", () => {
    fc.assert(
      fc.property(anySales, anyWishes, (sales, said) => {
        for (const { judged: item, before } of plan("resend", sales, said).act) {
          expect(["none", "waiting"]).toContain(item.obstacle.kind);
          expect(before).toBeGreaterThan(now);
        }
      }),
      runs,
    );
  });

  test("nothing is sent that may count twice, unless the operator accepted it, and never for more than the cap", () => {
    fc.assert(
      fc.property(anySales, anyWishes, (sales, said) => {
        const doubled = plan("resend", sales, said).act.filter((item) => item.mayDouble);
        const cents = doubled.map((item) => Number(item.judged.sale.amount) * 100 || 0);
        const sum = cents.reduce((a, b) => a + b, 0);
        expect(doubled.length > 0 && !said.acceptDuplicate).toBe(false);
        expect(sum).toBeLessThanOrEqual(Number(said.duplicateLimit ?? Infinity) * 100);
      }),
      runs,
    );
  });

  test("a send without that flag is proven lost, folded away, or still folded by Meta", () => {
    fc.assert(
      fc.property(anySales, anyWishes, (sales, said) => {
        for (const { judged: item, before, mayDouble } of plan("resend", sales, said).act) {
          const proven = item.kind === "folded" || (item.kind === "lost" && item.foldedUntil === null);
          if (mayDouble || proven) continue;
          expect(item.foldedUntil).toBeGreaterThan(now);
          expect(before).toBeLessThanOrEqual(item.foldedUntil ?? 0);
        }
      }),
      runs,
    );
  });

  test("one more flag never takes a sale out of the plan", () => {
    const flags = ["named", "acceptDuplicate", "withoutProof", "evenAccepted", "revertRefused"] as const;
    fc.assert(
      fc.property(anyAction, anySales, anyWishes, fc.constantFrom(...flags), (action, sales, said, flag) => {
        const unlimited = { ...said, limit: null, duplicateLimit: null };
        const fewer = acted(plan(action, sales, unlimited));
        expect(acted(plan(action, sales, { ...unlimited, [flag]: true }))).toEqual(
          expect.arrayContaining(fewer),
        );
      }),
      runs,
    );
  });

  test("what would allow a sale does: said as offered, the sale is no longer refused for that reason", () => {
    fc.assert(
      fc.property(anyAction, anySales, anyWishes, (action, sales, said) => {
        const unlimited = { ...said, limit: null, duplicateLimit: null };
        for (const { judged: item, wouldAllow } of plan(action, sales, unlimited).left) {
          if (wouldAllow === null || wouldAllow.includes(",")) continue;
          const more: Partial<Wishes> = {
            ...(wouldAllow.includes("--id") && { named: true }),
            ...(wouldAllow.includes("--accept-duplicate") && { acceptDuplicate: true }),
            ...(wouldAllow.includes("--without-proof") && { withoutProof: true }),
            ...(wouldAllow.includes("--even-accepted") && { evenAccepted: true }),
          };
          const then = plan(action, [item], { ...unlimited, ...more });
          const waitsForCarrier = then.left.some(({ because }) => because.includes("must be settled first"));
          expect(then.act.length === 1 || waitsForCarrier).toBe(true);
        }
      }),
      runs,
    );
  });

  test("an unsettled sale is never given back, not even where Meta refuses it", () => {
    fc.assert(
      fc.property(anyAction, anySales, anyWishes, (action, sales, said) => {
        for (const { judged: item, revertIfRefused } of plan(action, sales, said).act) {
          if (item.kind !== "unsettled") continue;
          expect(action).not.toBe("revert");
          expect(revertIfRefused).toBe(false);
        }
      }),
      runs,
    );
  });
});
