import { beforeEach, describe, expect, test } from "vitest";
import { reconcile } from "../../src/commands/reconcile.js";
import { resend } from "../../src/commands/resend.js";
import * as restraining from "../../src/commands/acknowledge.js";
import * as quarantine from "../../src/commands/quarantine.js";
import type { ReconcileOptions } from "../../src/acting/reconcile.js";
import type { ReconcilingContext } from "../../src/context.js";
import { KnownError } from "../../src/errors.js";
import type { Evidence } from "../../src/sales/evidence.js";
import type { Wishes } from "../../src/sales/plan.js";
import { noRules } from "../../src/sales/reconcile.js";
import type { Sale } from "../../src/sales/sale.js";
import { summaryLine } from "../../src/sales/summary-words.js";
import { noWishes } from "../../src/sales/plan.js";
import type { World } from "../cast/doubles.js";
import { accepted, lost, openWorld, options, refused, unreached } from "../cast/doubles.js";
import { attempt, pool } from "../cast/sales.js";

const minute = 60_000;
const hour = 60 * minute;

let world: World;
/** What other sources would tell of a sale, beside row and journal. */
let told: Map<number, Partial<Evidence>>;

beforeEach(() => {
  world = openWorld();
  told = new Map();
});

const asked = (differing: Partial<Omit<ReconcileOptions, "wishes">> & { wishes?: Partial<Wishes> } = {}) => ({
  ...options(),
  window: { by: "span", hours: 168 } as const,
  rules: () => noRules,
  quiet: false,
  ...differing,
  wishes: { ...noWishes, ...differing.wishes },
});

function context(changed: Partial<ReconcilingContext> = {}): ReconcilingContext {
  const ctx = world.context("reconcile");
  const evidence: ReconcilingContext["evidence"] = {
    about: async (sales, now) => {
      const found = await ctx.evidence.about(sales, now);
      return new Map(
        [...found].map(([id, one]) => [
          id,
          { ...one, ...told.get(id), traces: [...one.traces, ...(told.get(id)?.traces ?? [])] },
        ]),
      );
    },
  };
  return { ...ctx, evidence, ...changed };
}

const run = (
  differing: Parameters<typeof asked>[0] = {},
  changed: Partial<ReconcilingContext> = {},
): Promise<number> => reconcile(context(changed), asked(differing));
const insert = (differing: Partial<Sale> = {}) => world.shop.insert(differing);
const summary = () => world.outlets.summaries.at(-1);
const confirmedIds = () =>
  [...world.shop.rows.values()].filter(({ metaEventId }) => metaEventId !== null).map(({ id }) => id);

/** A sale that Meta has. */
function delivered(differing: Partial<Sale> = {}): number {
  const id = insert(differing);
  told.set(id, {
    traces: [attempt({ result: "accepted", eventId: `pageview_${id}`, at: world.clock.now() - hour })],
  });
  return id;
}

/** A sale that certainly never arrived, and of which no event can be built. */
function unsendable(): number {
  const at = world.clock.now() - 30 * hour;
  const id = insert({ paidAt: at });
  told.set(id, { traces: [attempt({ result: "not-sent", at })], complete: true });
  world.faults.set(id, "its bot is in no enabled pool");
  return id;
}

describe("one run", () => {
  test("confirms, sends and gives back under one lease, and leaves the rest", async () => {
    const [has, plain, odd] = [delivered(), insert(), unsendable()];
    const old = insert({ paidAt: world.clock.now() - 60 * hour });
    expect(await run()).toBe(1);
    expect(world.shop.runs).toMatchObject([{ command: "reconcile" }]);
    expect(world.shop.journal.map(({ saleId, answer, effect }) => [saleId, answer, effect])).toEqual([
      [has, null, "confirmed"],
      [plain, "accepted", "confirmed"],
      [odd, null, "reverted"],
    ]);
    expect(world.shop.read(old)).toMatchObject({ flagged: true, metaEventId: null });
    expect(world.graph.requests.flatMap(({ sales }) => sales)).toEqual([plain]);
    const { planned, left, outcomes } = world.output.documents.at(-1) as Record<string, { id: number }[]>;
    expect(planned).toMatchObject([
      { id: has, action: "confirm" },
      { id: plain, action: "resend" },
      { id: odd, action: "revert" },
    ]);
    expect(outcomes).toHaveLength(3);
    expect(left).toMatchObject([{ id: old, needsPerson: true }]);
  });

  test("tells the outside when it begins, and all its figures when it ended", async () => {
    delivered();
    insert();
    unsendable();
    insert({ paidAt: world.clock.now() - 60 * hour, amount: "3.00" });
    insert({ paidAt: world.clock.now() - 160 * hour, amount: "5.00" });
    await run();
    expect(world.outlets.told).toEqual(["started", "ended 1"]);
    const one = { count: 1, amount: "97.00" };
    const none = { count: 0, amount: "0.00" };
    expect(summary()).toMatchObject({
      command: "reconcile",
      run: world.shop.runs[0]?.id,
      exitCode: 1,
      currency: "BRL",
      confirmed: one,
      resent: one,
      reverted: one,
      refused: none,
      unconfirmed: none,
      unreached: none,
      needsPerson: { count: 2, amount: "8.00" },
      expiringWithin24h: { count: 1, amount: "5.00" },
      expired: none,
      problem: null,
    });
    expect(summary()?.backlog).toEqual([
      { verdict: "lost", obstacle: "unsendable", pixelId: "1001", count: 1, amount: "97.00" },
      { verdict: "untraceable", obstacle: "none", pixelId: "1001", count: 2, amount: "8.00" },
    ]);
    expect(summary()?.lastSuccessAt).toBe(summary()?.startedAt);
  });

  test("that has nothing to do takes no lock, leaves no run, and is a success all the same", async () => {
    expect(await run()).toBe(0);
    expect(await run()).toBe(0);
    expect(world.shop.runs).toEqual([]);
    expect(world.shop.lease).toBeNull();
    expect(world.shop.success).toMatchObject({ run: null, beganAt: world.clock.now() });
    expect(world.outlets.told).toEqual(["started", "ended 0", "started", "ended 0"]);
  });

  test("finds nothing to do after itself, and what it gave back is no attempt to send", async () => {
    delivered();
    insert();
    const odd = unsendable();
    expect(await run()).toBe(0);
    told.delete(odd);
    const before = structuredClone([...world.shop.rows]);
    await run();
    expect([...world.shop.rows]).toEqual(before);
    expect(world.shop.journal).toHaveLength(3);
    expect((world.output.documents.at(-1) as { sales: object[] }).sales).toMatchObject([
      { id: odd, state: "reverted", verdict: expect.not.stringMatching("unsettled") },
    ]);
  });

  test("as a dry run prints that very plan: it writes nothing and tells nobody", async () => {
    delivered();
    insert();
    unsendable();
    const before = structuredClone([...world.shop.rows]);
    expect(await run({ dryRun: true, yes: false })).toBe(0);
    const { planned } = world.output.documents.at(-1) as { planned: { id: number }[] };
    expect([...world.shop.rows]).toEqual(before);
    expect([world.shop.journal, world.shop.runs, world.outlets.told]).toEqual([[], [], []]);
    expect(world.shop.success).toBeNull();
    expect(world.output.said.join("\n")).toContain(
      "would confirm 1 sale (BRL 97.00), resend 1 sale (BRL 97.00), revert 1 sale (BRL 97.00)",
    );
    await run();
    expect((world.output.documents.at(-1) as { outcomes: object[] }).outcomes).toMatchObject(
      planned.map(({ id }) => ({ id })),
    );
  });

  test("asks where somebody can be asked, and needs --yes where nobody can", async () => {
    delivered();
    insert({ pools: [pool({ testEventCode: "TEST1" })] });
    const error = await run({ yes: false }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 2, problem: { next: expect.stringContaining("--yes") } });
    expect((error as KnownError).problem.what).toBe(
      "confirm 1 sale (BRL 97.00), resend 1 sale (BRL 97.00) in db:5432/shop as app, sending to graph.example, pixel 1001, 1 as TEST EVENTS: this needs a yes",
    );
    expect(world.shop.journal).toEqual([]);
    world.output.canAsk = true;
    expect(await run({ yes: false })).toBe(1);
    expect([world.shop.journal, world.shop.success]).toEqual([[], null]);
    world.output.consent = true;
    expect(await run({ yes: false })).toBe(0);
    expect(confirmedIds()).toHaveLength(2);
  });

  test("that cannot send refuses, unless its rules let it send nothing", async () => {
    const has = delivered();
    insert();
    const lack = { what: "no ENCRYPTION_KEY", next: "set it" };
    const shipping = { faults: () => Promise.resolve(new Map<number, string>()), lacking: () => lack };
    await expect(run({}, { shipping })).rejects.toMatchObject({ exitCode: 2 });
    expect(summary()).toMatchObject({ exitCode: 2, problem: "Cannot send: no ENCRYPTION_KEY" });
    expect(confirmedIds()).toEqual([]);
    const rules = () => ({ ...noRules, allow: ["confirm", "revert"] as const });
    expect(await run({ rules }, { shipping })).toBe(0);
    expect(confirmedIds()).toEqual([has]);
  });
});

describe("a cap", () => {
  test("stops a run that is larger than anybody expected: nothing is done, both figures are told, exit 1", async () => {
    insert();
    insert();
    delivered();
    const before = structuredClone([...world.shop.rows]);
    expect(await run({ rules: () => ({ ...noRules, maxSales: 2 }) })).toBe(1);
    expect([...world.shop.rows]).toEqual(before);
    expect([world.shop.runs, world.shop.success]).toEqual([[], null]);
    expect(world.output.said[0]).toBe(
      "nothing was done: the plan has 3 sales worth 291.00, more than --max-sales 2; it would confirm 1 sale (BRL 97.00), resend 2 sales (BRL 194.00), BRL 291.00 in all",
    );
    expect(world.output.said).not.toContain("nothing to reconcile");
    expect((world.output.documents.at(-1) as { left: object[] }).left).toHaveLength(3);
    expect(summary()).toMatchObject({ exitCode: 1, needsPerson: { count: 3 }, lastSuccessAt: null });
    expect(await run({ rules: () => ({ ...noRules, maxSales: 3, maxValue: "291.00" }) })).toBe(0);
  });
});

describe("--since last", () => {
  const window = { by: "last", hours: 168 } as const;

  test("looks back 168 hours from now where no run succeeded yet, and says so", async () => {
    insert();
    expect(await run({ window })).toBe(0);
    expect(world.output.said).toContain("no successful run is on record: looking back 168 hours");
    expect(world.shop.success).toMatchObject({ since: (world.shop.success?.beganAt ?? 0) - 168 * hour });
  });

  test("after an outage looks at all that could still be sent when it last ran, and tells what expired since", async () => {
    await run({ window });
    const began = world.shop.success?.beganAt ?? 0;
    const [gone, late] = [
      insert({ paidAt: began - 100 * hour, amount: "7.00" }),
      insert({ paidAt: began + 60 * hour }),
    ];
    world.clock.pass(80 * hour);
    // A plain window is blind for what it has lost by now.
    expect(await run()).toBe(0);
    expect(confirmedIds()).toEqual([late]);
    expect(summary()).toMatchObject({ expiredSinceLast: { count: 0 } });
    world.shop.success = { ...(world.shop.success as NonNullable<World["shop"]["success"]>), beganAt: began };
    expect(await run({ window })).toBe(1);
    expect(world.shop.success?.since).toBe(began - 168 * hour);
    expect(summary()).toMatchObject({
      expired: { count: 1 },
      expiredSinceLast: { count: 1, amount: "7.00" },
    });
    expect(world.output.said).toContain(
      `expired since the last run (${new Date(began).toISOString()}): 1 sale (BRL 7.00), which Meta no longer accepts`,
    );
    expect((world.output.documents.at(-1) as { left: object[] }).left).toMatchObject([{ id: gone }]);
    await run({ window });
    expect(summary()).toMatchObject({ expired: { count: 0 }, expiredSinceLast: { count: 0 } });
  });

  test("does not believe a success in the future: says so, and takes the database's now", async () => {
    await run({ window });
    world.clock.pass(-5 * hour);
    insert();
    expect(await run({ window })).toBe(0);
    expect(world.output.warned).toEqual([expect.stringContaining("began in the future")]);
    expect(world.shop.success?.since).toBe((world.shop.success?.beganAt ?? 0) - 168 * hour);
    world.output.warned.length = 0;
    await run({ window });
    expect(world.output.warned).toEqual([]);
  });

  test("is no success where a signal came, or the time ran out", async () => {
    const sales = Array.from({ length: 3 }, (_, at) =>
      insert({ pools: [pool({ id: at + 1, pixelId: `${at}` })] }),
    );
    world.graph.script = ({ sales: sent }) => {
      world.stop.abort();
      return accepted(sent.length);
    };
    const signals = { stop: world.stop.signal, abandon: world.abandon.signal, code: () => 143 as const };
    // Each pixel has a lane of its own, so that all are in flight: what is left is what a lane had not begun.
    await run({}, { signals });
    expect(world.shop.success).toBeNull();
    expect(summary()).toMatchObject({ exitCode: 143, lastSuccessAt: null });
    expect(sales).toHaveLength(3);
  });

  test("is a success where a pixel was given up: the next window looks at its sales again", async () => {
    insert();
    world.graph.script = () => refused("credentials", { code: 190 });
    expect(await run()).toBe(1);
    expect(world.shop.success).not.toBeNull();
  });

  test("is no success where --max-runtime left sales", async () => {
    for (let n = 0; n < 1002; n += 1) insert();
    world.graph.latencyMs = 11 * minute;
    expect(await run()).toBe(1);
    expect(summary()?.unreached.count).toBe(2);
    expect(world.shop.success).toBeNull();
  });
});

describe("a clock", () => {
  test("that is set back in the middle costs nothing: the run ends no earlier than it began", async () => {
    insert();
    world.graph.script = ({ sales }) => {
      world.clock.pass(-3 * hour);
      return accepted(sales.length);
    };
    expect(await run()).toBe(0);
    expect(confirmedIds()).toEqual([1]);
    expect(summary()?.endedAt).toBe(summary()?.startedAt);
  });
});

describe("another run", () => {
  const hold = () => (world.shop.lease = { run: "other", token: 3, expiresAt: world.clock.now() + minute });

  test("that holds the lock ends this one with 75: nothing is started, and the outside is told why", async () => {
    insert();
    hold();
    await expect(run()).rejects.toMatchObject({ exitCode: 75 });
    expect(world.outlets.told).toEqual(["ended 75"]);
    expect(summary()).toMatchObject({ run: null, problem: expect.stringContaining("holds the lock") });
    expect(world.shop.success).toBeNull();
  });

  test("is no word worth with --quiet", async () => {
    insert();
    hold();
    expect(await run({ quiet: true })).toBe(75);
    expect([world.output.said, world.output.warned, world.output.documents]).toEqual([[], [], []]);
  });

  test("that died is no hindrance once its lease has run out", async () => {
    insert();
    hold();
    world.clock.pass(minute + 1);
    expect(await run()).toBe(0);
    expect(confirmedIds()).toEqual([1]);
  });
});

describe("--quiet", () => {
  const quiet = { quiet: true };

  test("says nothing where all is well and nothing changed", async () => {
    insert({ paidAt: world.clock.now() - 5 * minute });
    expect(await run(quiet)).toBe(0);
    expect([world.output.said, world.output.warned, world.output.documents]).toEqual([[], [], []]);
  });

  test("says one line where something changed, and prints no table", async () => {
    insert();
    delivered();
    expect(await run(quiet)).toBe(0);
    expect(world.output.summaries.map(summaryLine)).toEqual([
      "reconcile: 1 confirmed (BRL 97.00), 1 resent (BRL 97.00)",
    ]);
    expect(world.output.documents).toEqual([]);
  });

  test("says in one line what needs a person", async () => {
    insert({ paidAt: world.clock.now() - 60 * hour });
    expect(await run(quiet)).toBe(1);
    expect(world.output.summaries.map(summaryLine)).toEqual([
      "reconcile: nothing to do; 1 needs a person (BRL 97.00): purchase-fix find-stuck --hours 168",
    ]);
  });
});

describe("the outside", () => {
  const trouble = { what: "metrics", why: "read-only", next: null, exitCode: 1, evenQuiet: true } as const;

  test("that cannot be told is a warning, and costs a good run its 0 only where it says so", async () => {
    insert();
    world.outlets.troubles = [{ ...trouble, exitCode: 0 }];
    expect(await run()).toBe(0);
    expect(world.output.warned).toEqual(["metrics: read-only"]);
    insert();
    world.outlets.troubles = [trouble];
    expect(await run()).toBe(1);
    expect(confirmedIds()).toHaveLength(2);
    world.outlets.troubles = [{ ...trouble, evenQuiet: false }];
    world.output.warned.length = 0;
    await run({ quiet: true });
    expect(world.output.warned).toEqual([]);
  });

  test("is told of a run that failed in the middle, with what it had done", async () => {
    const has = delivered();
    insert();
    const ctx = context();
    const broken = {
      ...ctx.attempts,
      claim: () => Promise.reject(new KnownError({ what: "The database has gone away" })),
    };
    await expect(run({}, { attempts: broken })).rejects.toMatchObject({ exitCode: 2 });
    expect(confirmedIds()).toEqual([has]);
    expect(summary()).toMatchObject({
      exitCode: 2,
      problem: "The database has gone away",
      confirmed: { count: 1 },
      lastSuccessAt: null,
    });
    expect(world.output.documents).toEqual([]);
  });

  test("is told of a run whose success could not be noted: it is done all the same, and exits with 1", async () => {
    insert();
    const gone = () => Promise.reject(new KnownError({ what: "The database has gone away" }));
    const { successes } = world.context("reconcile");
    expect(await run({}, { successes: { ...successes, note: gone } })).toBe(1);
    expect(confirmedIds()).toEqual([1]);
    expect(world.output.warned).toEqual([expect.stringContaining("could not be noted")]);
    expect(world.outlets.told).toEqual(["started", "ended 1"]);
  });

  test("is told of a policy that cannot be read, before anything was looked at", async () => {
    insert();
    const rules = () => {
      throw new KnownError({ what: "The policy file is no JSON" });
    };
    await expect(run({ rules })).rejects.toMatchObject({ exitCode: 2 });
    expect(summary()).toMatchObject({ exitCode: 2, problem: "The policy file is no JSON", backlog: [] });
    expect(world.shop.journal).toEqual([]);
  });
});

describe("a sale that spoils its request", () => {
  const spoil = (...bad: readonly number[]) =>
    (world.graph.script = ({ sales }) =>
      sales.some((id) => bad.includes(id)) ? refused("request", { code: 1234 }) : accepted(sales.length));
  const kinds = () =>
    Object.fromEntries(
      (
        (world.output.documents.at(-1) as { sales: { id: number; restraint: string }[] } | undefined)
          ?.sales ?? []
      ).map(({ id, restraint }) => [id, restraint]),
    );

  test("is tried with growing pauses, then quarantined, and released by a word", async () => {
    const bad = insert({ paidAt: world.clock.now() - hour, pageviewEventId: null, sentFromDelivery: null });
    told.set(bad, {
      traces: [attempt({ result: "not-sent", at: world.clock.now() - hour })],
      complete: true,
    });
    world.shop.write(bad, { sentFromDelivery: false });
    const tries = () =>
      world.graph.requests.filter(({ sales }) => sales.length === 1 && sales[0] === bad).length;
    spoil(bad);
    const gaps: number[] = [];
    for (let at = world.clock.now(); kinds()[bad] !== "quarantined";) {
      insert({ paidAt: world.clock.now() - hour });
      const before = tries();
      await run();
      if (tries() > before) {
        gaps.push(Math.round((world.clock.now() - at) / minute));
        at = world.clock.now();
      }
      world.clock.pass(5 * minute);
    }
    expect(gaps).toEqual([0, 15, 30, 60, 120, 240, 360, 360]);
    expect(await run()).toBe(1);
    const { left } = world.output.documents.at(-1) as { left: { id: number; because: string }[] };
    expect(left).toMatchObject([
      { id: bad, because: expect.stringContaining("quarantined after 8 tries"), needsPerson: true },
    ]);
    expect(summary()).toMatchObject({ quarantined: { count: 1 } });

    await quarantine.list(world.context("quarantine"));
    expect(world.output.documents.at(-1)).toMatchObject({
      totals: { count: 1 },
      sales: [{ id: bad, tries: 8 }],
    });
    const naming = { references: [String(bad)], reason: "mended the row", waitMs: 0 };
    expect(await quarantine.release(world.context("quarantine"), naming)).toBe(0);
    world.clock.pass(minute);
    spoil();
    expect(await run()).toBe(0);
    expect(world.shop.read(bad).metaEventId).not.toBeNull();
  });

  test("keeps no other from being sent, although a dozen of them have the nearest deadlines", async () => {
    const bad = Array.from({ length: 12 }, () => insert({ paidAt: world.clock.now() - 40 * hour }));
    const good = Array.from({ length: 5 }, () => insert({ paidAt: world.clock.now() - 2 * hour }));
    spoil(...bad);
    const limited = () => resend(world.context(), options({ wishes: { limit: 10 } }));
    await limited();
    expect(confirmedIds()).toEqual([]);
    world.clock.pass(minute);
    await limited();
    expect(confirmedIds()).toEqual(good);
  });

  test("is sent when it is named, paused or not", async () => {
    const bad = insert();
    spoil(bad);
    await run();
    world.clock.pass(minute);
    spoil();
    expect(await run()).toBe(0);
    expect(kinds()).toEqual({ [bad]: "paused" });
    expect(confirmedIds()).toEqual([]);
    const named = {
      selection: { by: "name" as const, references: [String(bad)] },
      wishes: { ...noWishes, named: true },
    };
    expect(await resend(world.context(), options(named))).toBe(0);
    expect(confirmedIds()).toEqual([bad]);
  });

  test("is confirmed out of quarantine where Meta turns out to have it", async () => {
    const bad = insert();
    told.set(bad, {
      tries: { count: 9, certain: 9, lastAt: world.clock.now(), because: "no answer" },
      traces: [attempt({ result: "accepted", eventId: `pageview_${bad}` })],
    });
    expect(await run()).toBe(0);
    expect(confirmedIds()).toEqual([bad]);
  });
});

describe("an outage", () => {
  test.each([
    ["an invalid token", () => refused("credentials", { code: 190 })],
    ["a pixel that refuses everything, unexplained", () => refused("request", { code: 1234 })],
    ["no connection", unreached],
    ["no answer", () => lost(0)],
  ])("of the pixel quarantines nobody, however long it lasts: %s", async (_, reply) => {
    const start = world.clock.now();
    for (let n = 0; n < 12; n += 1) insert({ paidAt: start - hour });
    world.graph.script = reply;
    for (let n = 0; n < 40; n += 1) {
      await run();
      world.clock.pass(hour);
    }
    expect(summary()).toMatchObject({ quarantined: { count: 0 } });
    world.graph.script = ({ sales }) => accepted(sales.length);
    // The longest pause is six hours, and folding lasts for 47.
    for (let n = 0; n < 7; n += 1) {
      await run();
      world.clock.pass(hour);
    }
    expect(confirmedIds()).toHaveLength(12);
  });
});

describe("an acknowledged sale", () => {
  test("rests: nothing is done about it, nobody is called, and it is counted; a word takes that back", async () => {
    const [rest, other] = [insert({ paidAt: world.clock.now() - 60 * hour }), insert()];
    const naming = { references: [String(rest)], reason: "the customer paid twice", waitMs: 0 };
    const acknowledge = () => restraining.acknowledge(world.context("acknowledge"), naming);
    expect(await acknowledge()).toBe(0);
    expect(await run()).toBe(0);
    expect(confirmedIds()).toEqual([other]);
    expect(summary()).toMatchObject({ acknowledged: { count: 1 }, needsPerson: { count: 0 } });
    const { left } = world.output.documents.at(-1) as { left: object[] };
    expect(left).toMatchObject([
      {
        id: rest,
        needsPerson: false,
        because: expect.stringContaining("paid twice"),
        restraint: "acknowledged",
      },
    ]);
    await expect(acknowledge()).rejects.toMatchObject({ exitCode: 2 });
    told.set(rest, { traces: [attempt({ result: "accepted", eventId: `pageview_${rest}` })] });
    expect(await run()).toBe(0);
    expect(confirmedIds()).toEqual([rest, other]);
  });

  test("must exist, and be stuck: else nothing is written", async () => {
    const confirmed = insert({ metaEventId: "pageview_x" });
    const stuck = insert();
    for (const references of [["77"], [String(stuck), String(confirmed)]]) {
      const options = { references, reason: "so", waitMs: 0 };
      await expect(restraining.acknowledge(world.context("acknowledge"), options)).rejects.toMatchObject({
        exitCode: 2,
      });
      await expect(quarantine.release(world.context("quarantine"), options)).rejects.toMatchObject({
        exitCode: 2,
      });
    }
    const untried = { references: [String(stuck)], reason: "so", waitMs: 0 };
    await expect(quarantine.release(world.context("quarantine"), untried)).rejects.toMatchObject({
      problem: { what: expect.stringContaining("is not in quarantine") },
    });
    expect([world.shop.runs, [...world.shop.acknowledged]]).toEqual([[], []]);
  });
});
