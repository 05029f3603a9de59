import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Action, Consent, Permission } from "../../src/sales/permissions.js";
import {
  actions,
  byObstacle,
  byRestraint,
  byVerdict,
  noConsent,
  permits,
} from "../../src/sales/permissions.js";
import { restraintKinds } from "../../src/sales/restraint.js";
import { obstacleKinds } from "../../src/sales/obstacle.js";
import { HOUR } from "../../src/sales/sale.js";
import type { Judged } from "../../src/sales/verdict.js";
import { verdictKinds } from "../../src/sales/verdict.js";
import {
  allOf,
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
  task,
} from "../cast/sales.js";

/** In this order in every row of the tables below. */
const consents: Readonly<Record<string, Consent>> = {
  nothing: noConsent,
  named: { ...noConsent, named: true },
  "--accept-duplicate": { ...noConsent, acceptDuplicate: true },
  "--without-proof": { ...noConsent, withoutProof: true },
  "--even-accepted": { ...noConsent, evenAccepted: true },
};

/** `fold`: only as long as Meta folds the copy. `twice`: allowed, and it may count twice. */
function word(permission: Permission): string {
  if (!permission.allowed) return "no";
  return permission.mayDouble ? "twice" : permission.onlyWhileFolded ? "fold" : "yes";
}

const accepted = attempt({ result: "accepted", eventId: click });
const refused = attempt({ result: "refused", eventId: click });

/** A sale of each verdict, none of them with an obstacle. */
const sales: Readonly<Record<string, Judged>> = {
  unsettled: judged(ana(), evidence({ traces: [oursOpen()] })),
  "unsettled, accepted otherwise": judged(
    ana(),
    evidence({ traces: [oursOpen(), { ...accepted, eventId: "purchase_7_1" }] }),
  ),
  delivered: judged(ana(), evidence({ traces: [accepted] })),
  folded: judged(
    caio(),
    evidence({ traces: [accepted], siblings: [anaBesideHim({ acceptedAt: hoursAgo(3) })] }),
  ),
  "in-flight": judged(ana(), evidence({ live: [task()] })),
  lost: judged(ana({ sentFromDelivery: false }), allOf(refused)),
  "lost, browser may have sent it": judged(ana({ sentFromDelivery: true }), allOf(refused)),
  ambiguous: judged(ana()),
  untraceable: judged(bia({ flaggedAt: hoursAgo(18) })),
};

const under = now;
const over = hoursAgo(2) + 47 * HOUR;

/*
 * Every cell of "verdict × action", as design and facts have it.
 *                                under 47 h                     over 47 h
 *                                nothing named dup proof even   nothing named dup proof even
 */
// prettier-ignore
const verdictCells: readonly (readonly [string, Action, string, string])[] = [
  ["unsettled", "confirm",         "no   no   no   no   no  ", "no   no   no    no   no "],
  ["unsettled", "resend",          "fold fold fold fold fold", "no   no   twice no   no "],
  ["unsettled", "revert",          "no   no   no   no   no  ", "no   no   no    no   no "],
  ["unsettled, accepted otherwise", "confirm", "yes  yes  yes  yes  yes ", "yes  yes  yes   yes  yes"],
  ["unsettled, accepted otherwise", "resend",  "no   no   twice no   no ", "no   no   twice no   no "],
  ["unsettled, accepted otherwise", "revert",  "no   no   no   no   no  ", "no   no   no    no   no "],
  ["delivered", "confirm",         "yes  yes  yes  yes  yes ", "yes  yes  yes   yes  yes"],
  ["delivered", "resend",          "no   no   no   no   no  ", "no   no   no    no   no "],
  ["delivered", "revert",          "no   no   no   no   yes ", "no   no   no    no   yes"],
  ["folded", "confirm",            "no   no   no   no   no  ", "no   no   no    no   no "],
  ["folded", "resend",             "yes  yes  yes  yes  yes ", "yes  yes  yes   yes  yes"],
  ["folded", "revert",             "no   no   no   no   no  ", "no   no   no    no   no "],
  ["in-flight", "confirm",         "no   no   no   no   no  ", "no   no   no    no   no "],
  ["in-flight", "resend",          "no   fold no   no   no  ", "no   no   no    no   no "],
  ["in-flight", "revert",          "no   no   no   no   no  ", "no   no   no    no   no "],
  ["lost", "confirm",              "no   no   no   no   no  ", "no   no   no    no   no "],
  ["lost", "resend",               "yes  yes  yes  yes  yes ", "yes  yes  yes   yes  yes"],
  ["lost", "revert",               "yes  yes  yes  yes  yes ", "yes  yes  yes   yes  yes"],
  ["lost, browser may have sent it", "confirm", "no   no   no   no   no  ", "no   no   no    no   no "],
  ["lost, browser may have sent it", "resend",  "fold fold fold fold fold", "no   no   twice no   no "],
  ["lost, browser may have sent it", "revert",  "no   yes  no   yes  no  ", "no   yes  no    yes  no "],
  ["ambiguous", "confirm",         "no   no   no   no   no  ", "no   no   no    no   no "],
  ["ambiguous", "resend",          "fold fold fold fold fold", "no   no   twice no   no "],
  ["ambiguous", "revert",          "no   yes  no   yes  no  ", "no   yes  no    yes  no "],
  ["untraceable", "confirm",       "no   no   no   no   no  ", "no   no   no    no   no "],
  ["untraceable", "resend",        "no   no   twice no   no ", "no   no   twice no   no "],
  ["untraceable", "revert",        "no   yes  no   yes  no  ", "no   yes  no    yes  no "],
];

/** Every cell of "obstacle × action". Both tables must allow. */
// prettier-ignore
const obstacleCells: readonly (readonly [(typeof obstacleKinds)[number], Action, string])[] = [
  ["none", "confirm",       "yes  yes  yes  yes  yes"],
  ["none", "resend",        "yes  yes  yes  yes  yes"],
  ["none", "revert",        "yes  yes  yes  yes  yes"],
  ["waiting", "confirm",    "yes  yes  yes  yes  yes"],
  ["waiting", "resend",     "no   yes  no   no   no "],
  ["waiting", "revert",     "no   yes  no   no   no "],
  ["expired", "confirm",    "yes  yes  yes  yes  yes"],
  ["expired", "resend",     "no   no   no   no   no "],
  ["expired", "revert",     "no   yes  no   no   no "],
  ["unsendable", "confirm", "yes  yes  yes  yes  yes"],
  ["unsendable", "resend",  "no   no   no   no   no "],
  ["unsendable", "revert",  "yes  yes  yes  yes  yes"],
];

const cells = (text: string) => text.trim().split(/\s+/);
const saleOf = (name: string) => {
  const found = sales[name];
  if (!found) throw new Error(`nobody is ${name}`);
  return found;
};

describe("verdict × action", () => {
  test.each(verdictCells)("%s: %s", (name, action, early, late) => {
    const item = saleOf(name);
    expect(item.kind).toBe(name.split(",")[0]);
    expect(item.obstacle.kind).toBe("none");
    const answers = (at: number) =>
      Object.values(consents).map((consent) => word(permits(action, item, consent, at)));
    expect(answers(under)).toEqual(cells(early));
    expect(answers(over - 1)).toEqual(cells(early));
    expect(answers(over)).toEqual(cells(late));
  });

  test("has a row here for each verdict and action", () => {
    const walked = new Set(verdictCells.map(([name, action]) => `${name.split(",")[0]} ${action}`));
    expect(walked).toEqual(
      new Set(verdictKinds.flatMap((kind) => actions.map((action) => `${kind} ${action}`))),
    );
    expect(Object.keys(byVerdict)).toEqual([...verdictKinds]);
  });
});

describe("obstacle × action", () => {
  test.each(obstacleCells)("%s: %s", (kind, action, expected) => {
    const item = { ...saleOf("lost"), obstacle: { kind, because: "so" } };
    const answers = Object.values(consents).map((consent) =>
      word(byObstacle[kind][action].decide(item, consent, now)),
    );
    expect(answers).toEqual(cells(expected));
  });

  test("has a row here for each obstacle and action", () => {
    const walked = obstacleCells.map(([kind, action]) => `${kind} ${action}`);
    expect(new Set(walked)).toEqual(
      new Set(obstacleKinds.flatMap((kind) => actions.map((action) => `${kind} ${action}`))),
    );
  });
});

describe("both tables together", () => {
  const everything = verdictCells.flatMap(([name, action, early]) =>
    obstacleCells
      .filter(([, other]) => other === action)
      .flatMap(([kind, , free]) =>
        Object.keys(consents).map((given, at) => ({
          name,
          kind,
          action,
          given,
          both: [cells(early)[at], cells(free)[at]],
        })),
      ),
  );

  test("an action needs the leave of both, and what one demands the other does not waive", () => {
    for (const { name, kind, action, given, both } of everything) {
      const item = { ...saleOf(name), obstacle: { kind, because: "so" } };
      const permission = permits(action, item, consents[given] ?? noConsent, now);
      const expected = both.includes("no") ? "no" : both[0];
      expect(`${name}, ${kind}, ${action}, ${given}: ${word(permission)}`).toBe(
        `${name}, ${kind}, ${action}, ${given}: ${expected}`,
      );
    }
    expect(everything).toHaveLength(9 * 3 * 4 * 5);
  });

  test("whatever is denied says why", () => {
    const denials = everything
      .map(({ name, kind, action, given }) => {
        const item = { ...saleOf(name), obstacle: { kind, because: "so" } };
        return permits(action, item, consents[given] ?? noConsent, now);
      })
      .filter((permission) => !permission.allowed);
    expect(denials.length).toBeGreaterThan(100);
    expect(denials.filter(({ because }) => because === "")).toEqual([]);
  });
});

describe("each risk has its own flag", () => {
  const opens = (given: string) =>
    verdictCells
      .flatMap(([name, action]) => [under, over].map((at) => ({ name, action, at })))
      .filter(({ name, action, at }) => {
        const may = (consent: Consent) => permits(action, saleOf(name), consent, at).allowed;
        return !may(noConsent) && may(consents[given] ?? noConsent);
      })
      .map(({ name, action, at }) => `${action} ${name}${at === over ? ", over 47 h" : ""}`);

  test("--accept-duplicate opens sends that may count twice, and nothing else", () => {
    expect(opens("--accept-duplicate")).toEqual([
      "resend unsettled, over 47 h",
      "resend unsettled, accepted otherwise",
      "resend unsettled, accepted otherwise, over 47 h",
      "resend lost, browser may have sent it, over 47 h",
      "resend ambiguous, over 47 h",
      "resend untraceable",
      "resend untraceable, over 47 h",
    ]);
  });

  test("--without-proof opens reverts that nothing proves safe, and nothing else", () => {
    expect(opens("--without-proof")).toEqual([
      "revert lost, browser may have sent it",
      "revert lost, browser may have sent it, over 47 h",
      "revert ambiguous",
      "revert ambiguous, over 47 h",
      "revert untraceable",
      "revert untraceable, over 47 h",
    ]);
  });

  test("--even-accepted opens the revert of a delivered sale, and nothing else", () => {
    expect(opens("--even-accepted")).toEqual(["revert delivered", "revert delivered, over 47 h"]);
  });

  test("naming opens what it says, and no send that may count twice", () => {
    expect(opens("named")).toEqual([
      "resend in-flight",
      "revert lost, browser may have sent it",
      "revert lost, browser may have sent it, over 47 h",
      "revert ambiguous",
      "revert ambiguous, over 47 h",
      "revert untraceable",
      "revert untraceable, over 47 h",
    ]);
  });

  test("flags together open only what one of them opens, and naming with them", () => {
    const flags = fc.record({
      named: fc.boolean(),
      acceptDuplicate: fc.boolean(),
      withoutProof: fc.boolean(),
      evenAccepted: fc.boolean(),
      ignoreWorkers: fc.boolean(),
    });
    fc.assert(
      fc.property(
        flags,
        fc.constantFrom(...verdictCells),
        fc.constantFrom(under, over),
        (consent, cell, at) => {
          const [name, action] = cell;
          const may = (given: Consent) => permits(action, saleOf(name), given, at).allowed;
          const keys = ["named", "acceptDuplicate", "withoutProof", "evenAccepted", "ignoreWorkers"] as const;
          const alone = keys.filter((key) => consent[key]).some((key) => may({ ...noConsent, [key]: true }));
          expect(may(consent)).toBe(may(noConsent) || alone);
        },
      ),
    );
  });
});

describe("restraint × action", () => {
  const tried = (count: number, differing = {}) =>
    judged(
      ana({ sentFromDelivery: false, paidAt: hoursAgo(30) }),
      {
        ...allOf(attempt({ result: "not-sent", at: hoursAgo(30) })),
        tries: { count, certain: count, lastAt: now - HOUR / 60, because: "Meta refused: 100" },
        ...differing,
      },
      { fault: null },
    );
  const acknowledged = { reason: "paid twice", by: "ana@web-1", at: hoursAgo(1) };
  const restrained: Readonly<Record<string, Judged>> = {
    none: tried(0, { tries: { count: 0, certain: 0, lastAt: null, because: null } }),
    paused: tried(3),
    quarantined: tried(8),
    acknowledged: tried(0, { acknowledged }),
  };
  const cells: readonly (readonly [string, Action, string, string])[] = [
    ["none", "resend", "yes", "yes"],
    ["none", "revert", "yes", "yes"],
    ["paused", "resend", "no", "yes"],
    ["paused", "revert", "yes", "yes"],
    ["quarantined", "resend", "no", "yes"],
    ["quarantined", "revert", "no", "yes"],
    ["acknowledged", "resend", "no", "yes"],
    ["acknowledged", "revert", "no", "yes"],
  ];

  test.each(cells)("%s: %s of a window %s, when named %s", (kind, action, window, named) => {
    const one = restrained[kind] as Judged;
    expect(one.restraint.kind).toBe(kind);
    expect(word(permits(action, one, noConsent, now))).toBe(window);
    expect(word(permits(action, one, { ...noConsent, named: true }, now))).toBe(named);
  });

  test("confirm is never hindered", () => {
    for (const kind of restraintKinds) {
      const held = {
        ...judged(ana(), evidence({ traces: [accepted] })),
        restraint: (restrained[kind] as Judged).restraint,
      };
      expect(permits("confirm", held, noConsent, now).allowed).toBe(true);
    }
    expect(Object.keys(byRestraint)).toEqual([...restraintKinds]);
  });
});
