import { beforeEach, describe, expect, test } from "vitest";
import { listingOf } from "../../src/acting/listing.js";
import type { PerformOptions } from "../../src/acting/perform.js";
import { examine } from "../../src/acting/survey.js";
import { look } from "../../src/acting/look.js";
import { confirm } from "../../src/commands/confirm.js";
import { resend } from "../../src/commands/resend.js";
import { revert } from "../../src/commands/revert.js";
import type { SendingContext } from "../../src/context.js";
import { KnownError } from "../../src/errors.js";
import { explained, stateOf } from "../../src/sales/explained.js";
import type { Sale } from "../../src/sales/sale.js";
import type { World } from "../cast/doubles.js";
import { accepted, everything, lost, openWorld, options, refused } from "../cast/doubles.js";
import { attempt, pixel, pool } from "../cast/sales.js";

const hour = 3_600_000;

let world: World;

beforeEach(() => {
  world = openWorld();
});

const insert = (differing: Partial<Sale> = {}) => world.shop.insert(differing);
const named = (...references: readonly (number | string)[]): Partial<PerformOptions> => ({
  selection: { by: "name", references: references.map(String) },
  wishes: { ...options().wishes, named: true },
});
const commands = { resend, revert, confirm };
const perform = (
  command: keyof typeof commands,
  differing: Partial<PerformOptions> = {},
  changed: Partial<SendingContext> = {},
) => commands[command]({ ...world.context(command), ...changed }, options(differing));
const document = () => world.output.documents.at(-1) ?? {};
const untouched = () => ({ rows: structuredClone([...world.shop.rows]), journal: [], runs: [] });
const state = () => ({ rows: [...world.shop.rows], journal: world.shop.journal, runs: world.shop.runs });

describe("a dry run", () => {
  test.each(["resend", "revert"] as const)(
    "of %s prints the plan, takes no lock and writes nothing",
    async (command) => {
      insert({ paidAt: world.clock.now() - 20 * hour });
      insert({ paidAt: world.clock.now() - 9 * 24 * hour });
      const before = untouched();
      const wishes = { ...options().wishes, withoutProof: true };
      expect(await perform(command, { dryRun: true, yes: false, wishes })).toBe(0);
      expect(state()).toEqual(before);
      expect(world.shop.lease).toBeNull();
      expect(world.graph.requests).toEqual([]);
      expect(document()).toMatchObject({
        command,
        run: null,
        dryRun: true,
        outcomes: [],
        planned: [{ id: 1 }],
        left: [{ id: 2 }],
      });
      expect(world.output.said.join("\n")).toContain(`would ${command}`);
      expect(world.output.questions).toEqual([]);
    },
  );

  test("says the same as the run that follows does", async () => {
    insert();
    insert({ paidAt: world.clock.now() - 60 * hour });
    await perform("resend", { dryRun: true });
    const { planned, left } = document() as { planned: { id: number; eventId: string }[]; left: unknown };
    await perform("resend");
    expect(document()["left"]).toEqual(left);
    expect(document()["outcomes"]).toMatchObject(planned.map(({ id, eventId }) => ({ id, eventId })));
  });

  test("exits with 1 only when asked to, and only where something needs a person", async () => {
    insert({ paidAt: world.clock.now() - 9 * 24 * hour });
    expect(await perform("resend", { dryRun: true })).toBe(0);
    expect(await perform("resend", { dryRun: true, exitCode: true })).toBe(1);
    world.shop.rows.clear();
    insert();
    expect(await perform("resend", { dryRun: true, exitCode: true })).toBe(0);
  });
});

describe("consent", () => {
  test("a window that cannot be asked about needs --yes: exit 2, and nothing was changed", async () => {
    insert();
    const before = untouched();
    const error = await perform("resend", { yes: false }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KnownError);
    expect(error).toMatchObject({
      exitCode: 2,
      problem: {
        what: "resend 1 sale (BRL 97.00) of db:5432/shop as app to graph.example, pixel 1001: this needs a yes",
        next: expect.stringContaining("--yes"),
      },
    });
    expect(state()).toEqual(before);
    expect(world.output.documents).toEqual([]);
  });

  test("a person who says no: exit 1, nothing was changed, and that is said", async () => {
    insert();
    const before = untouched();
    world.output.canAsk = true;
    expect(await perform("resend", { yes: false })).toBe(1);
    expect(state()).toEqual(before);
    expect(world.output.said).toEqual(["nothing was changed"]);
  });

  test("a person who says yes was told what, how much, where, and to whom", async () => {
    insert({ pools: [pool({ testEventCode: "TEST1" })] });
    insert({ pools: [pool({ id: 2, pixelId: "2002" })], amount: "3.00" });
    insert({ pageviewEventId: null, amount: "50.00", paidAt: world.clock.now() - 20 * hour });
    Object.assign(world.output, { canAsk: true, consent: true });
    expect(
      await perform("resend", { yes: false, wishes: { ...options().wishes, acceptDuplicate: true } }),
    ).toBe(0);
    expect(world.output.questions).toEqual([
      expect.stringMatching(
        /^resend 3 sales \(BRL 150\.00\) of db:5432\/shop as app to graph\.example, pixels [12]00[12], [12]00[12], 1 as TEST EVENTS; 1 of them \(BRL 50\.00\) may count twice\?$/,
      ),
    ]);
  });

  test("a sale that is named needs no question, nor does an empty plan", async () => {
    const sale = insert();
    expect(await perform("resend", { yes: false, ...named(sale) })).toBe(0);
    expect(await perform("resend", { yes: false })).toBe(0);
    expect(world.output.questions).toEqual([]);
    expect(world.shop.read(sale).metaEventId).toBe("pageview_1");
  });
});

describe("names", () => {
  test("that no sale bears: exit 2, before anything is done about the others", async () => {
    const sale = insert();
    const before = untouched();
    const error = await perform("resend", named(sale, "BOT_x", 77)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 2, problem: { what: "No sale bears BOT_x, 77" } });
    expect(state()).toEqual(before);
  });

  test("by id and payment id, one sale once", async () => {
    const sale = insert();
    expect(await perform("resend", named(sale, world.shop.read(sale).paymentId))).toBe(0);
    expect(world.graph.requests).toHaveLength(1);
    expect(document()["outcomes"]).toHaveLength(1);
  });

  test.each([
    ["not paid", { status: "pending" }, "not paid: its status is pending"],
    ["confirmed", { metaEventId: "pageview_1" }, "not stuck: Meta confirmed it"],
    ["not flagged", { flagged: false }, "not stuck: it is not flagged as sent"],
  ])(
    "of a sale that is %s: left with its reason, exit 1, the others are done",
    async (_, differing, reason) => {
      const [other, stuck] = [insert(differing), insert()];
      const before = world.shop.read(other);
      expect(await perform("resend", named(other, stuck))).toBe(1);
      expect(document()["left"]).toMatchObject([{ id: other, because: expect.stringContaining(reason) }]);
      expect(document()["outcomes"]).toMatchObject([{ id: stuck, effect: "confirmed" }]);
      expect(world.shop.read(other)).toEqual(before);
    },
  );
});

describe("a confirmed sale that Meta folded into a stuck one of its click", () => {
  const click = "pageview_shared";
  let [stuck, folded] = [0, 0];
  /** What the workers' log tells: both were accepted, the stuck one first. */
  const withLog = (): Partial<SendingContext> => {
    const { evidence: base } = world.context();
    const at = (id: number) => world.clock.now() - (id === stuck ? 4 : 3) * hour;
    const about: typeof base.about = async (sales, now) => {
      const found = await base.about(sales, now);
      return new Map(
        [...found].map(([id, one]) => {
          const siblings = one.siblings.map((other) => ({ ...other, acceptedAt: at(other.id) }));
          const log = attempt({ at: at(id), eventId: click, pixelId: pixel, result: "accepted" });
          return [id, { ...one, siblings, traces: [...one.traces, log] }];
        }),
      );
    };
    return { evidence: { about } };
  };

  beforeEach(() => {
    [stuck, folded] = [
      insert({ pageviewEventId: click }),
      insert({ pageviewEventId: click, metaEventId: click }),
    ];
  });

  test("confirm stores the stuck one's id, says which other is short, and exits with 1", async () => {
    expect(await perform("confirm", {}, withLog())).toBe(1);
    expect(document()).toMatchObject({
      uncounted: [folded],
      outcomes: [
        { id: stuck, effect: "confirmed", because: expect.stringContaining(`resend --id ${folded}`) },
      ],
    });
    expect(world.output.said.join("\n")).toContain(`to have the other counted, resend --id ${folded}`);
    expect(world.graph.requests).toEqual([]);
  });

  test("resend counts it when it is named, under an id of its own; its row stays as it is", async () => {
    await perform("confirm", {}, withLog());
    const before = world.shop.read(folded);
    expect(await perform("resend", named(folded), withLog())).toBe(0);
    expect(world.graph.requests).toMatchObject([{ sales: [folded], eventIds: [`purchase_${folded}`] }]);
    expect(document()["outcomes"]).toMatchObject([
      {
        id: folded,
        answer: "accepted",
        effect: "kept",
        because: expect.stringContaining(`keeps event id ${click}`),
      },
    ]);
    expect(world.shop.read(folded)).toEqual(before);
    expect(world.graph.unclaimed).toEqual([]);
  });

  test("it is sent once: named again, it is left, and nobody is told of it any more", async () => {
    await perform("resend", named(folded), withLog());
    expect(await perform("resend", named(folded), withLog())).toBe(1);
    expect(document()["left"]).toMatchObject([{ id: folded, because: "not stuck: Meta confirmed it" }]);
    expect(await perform("confirm", {}, withLog())).toBe(0);
    expect(document()["uncounted"]).toEqual([]);
    expect(world.graph.requests).toHaveLength(1);
  });

  test("an answer that was lost is asked for again under the same id, by name", async () => {
    world.graph.script = () => lost(1);
    await perform("resend", named(folded), withLog());
    world.graph.script = ({ sales }) => accepted(sales.length);
    expect(await perform("resend", named(folded), withLog())).toBe(0);
    expect(new Set(world.graph.requests.flatMap(({ eventIds }) => eventIds))).toEqual(
      new Set([`purchase_${folded}`]),
    );
    expect(world.graph.countOf(folded)).toBe(1);
  });

  test("no window takes it, nor does naming it where nothing tells that it was folded", async () => {
    const wishes = { ...options().wishes, acceptDuplicate: true };
    await perform("resend", { wishes }, withLog());
    expect(await perform("resend", named(folded))).toBe(1);
    expect(world.graph.requests.flatMap(({ sales }) => sales)).not.toContain(folded);
  });

  test("find-stuck and explain tell of it when it is named, and explain has the line to type", async () => {
    const ctx = { ...world.context("find-stuck"), ...withLog() };
    const looked = await look(ctx, { by: "name", references: [String(folded)] });
    const { report, lines } = await listingOf(ctx, looked, {
      selection: everything,
      limit: null,
      causes: [],
      why: false,
    });
    expect(lines.map(({ text }) => text)).toContain(
      `sale ${folded} is confirmed, and Meta folded it into another`,
    );
    expect(report.document()).toMatchObject({
      sales: [{ id: folded, state: "confirmed", verdict: "folded" }],
    });
    const one = await examine(ctx, String(folded));
    if (!one) throw new Error("it was not found");
    const of = { ours: [], asked: ctx.asked, policy: ctx.policy, again: "" };
    const told = explained(one.judged, one.open, of, one.now);
    expect(stateOf(told)).toBe("confirmed");
    expect(told.offers).toMatchObject([
      { action: "confirm", allowed: false },
      { action: "resend", allowed: true, command: `purchase-fix resend --id ${folded}` },
      { action: "revert", allowed: false },
    ]);
  });

  test("neither confirm nor revert touches it when it is named", async () => {
    const before = untouched();
    for (const command of ["confirm", "revert"] as const) {
      const wishes = { ...options().wishes, named: true, evenAccepted: true, withoutProof: true };
      expect(await perform(command, { ...named(folded), wishes }, withLog())).toBe(1);
    }
    expect(state()).toEqual(before);
  });
});

describe("how it ends", () => {
  test("0: every sale ended well; the run, its outcomes and its totals are told", async () => {
    insert();
    insert({ amount: "3.00" });
    expect(await perform("resend")).toBe(0);
    expect(document()).toMatchObject({
      command: "resend",
      dryRun: false,
      outcomes: [
        { id: 1, answer: "accepted", effect: "confirmed", eventId: "pageview_1" },
        { id: 2, answer: "accepted", effect: "confirmed", eventId: "pageview_2" },
      ],
      left: [],
    });
    expect(document()["run"]).toBe(world.shop.runs[0]?.id);
    expect(world.output.said[0]).toContain("confirmed 2 (BRL 100.00)");
    expect(world.output.bars).toEqual(["resend: 2 of 2, BRL 100.00 recovered", "stopped"]);
    expect(world.shop.runs[0]?.summary).toMatchObject({ confirmed: { count: 2, amount: "100.00" } });
  });

  test("0: what a later run may deal with is left without a word to a person", async () => {
    insert({ paidAt: world.clock.now() - 60_000 });
    expect(await perform("resend")).toBe(0);
    expect(document()["left"]).toMatchObject([{ id: 1, needsPerson: false }]);
    expect(world.shop.runs).toEqual([]);
  });

  test("1: something that was left needs a person", async () => {
    insert();
    world.faults.set(insert(), "its pool has no pixel");
    expect(await perform("resend")).toBe(1);
    expect(document()["left"]).toMatchObject([
      { id: 2, because: "its pool has no pixel", needsPerson: true },
    ]);
  });

  test.each([
    ["refused", () => refused("event")],
    ["unconfirmed", () => lost(0)],
    ["not-sent", () => refused("credentials")],
  ])("1: a sale ended as %s", async (answer, reply) => {
    insert();
    world.graph.script = reply;
    expect(await perform("resend")).toBe(1);
    expect(document()["outcomes"]).toMatchObject([{ answer, effect: "kept" }]);
  });

  test("1: some sales were not reached; they are told among those left", async () => {
    insert();
    expect(await perform("resend", { maxRuntimeMs: 0 })).toBe(1);
    expect(document()).toMatchObject({
      outcomes: [],
      left: [{ id: 1, because: "not reached: --max-runtime" }],
    });
    expect(world.shop.runs[0]?.summary).toMatchObject({ unreached: { count: 1 } });
  });

  test("2: something is lacking to send at all; a revert does not mind", async () => {
    insert({ paidAt: world.clock.now() - 20 * hour });
    const { shipping } = world.context();
    const lacking = {
      shipping: { ...shipping, lacking: () => ({ what: "ENCRYPTION_KEY is not set", next: "set it" }) },
    };
    await expect(perform("resend", {}, lacking)).rejects.toMatchObject({
      exitCode: 2,
      problem: { what: "Cannot send: ENCRYPTION_KEY is not set", next: "set it" },
    });
    expect(await perform("revert", { wishes: { ...options().wishes, withoutProof: true } }, lacking)).toBe(0);
    expect(world.shop.read(1).flagged).toBe(false);
  });

  test("75: another run holds the lock; nothing was changed", async () => {
    const sale = insert();
    const before = world.shop.read(sale);
    const other = world.context("revert");
    await other.runs.acquire(other.record, 60_000);
    await expect(perform("resend")).rejects.toMatchObject({ exitCode: 75 });
    expect(world.shop.read(sale)).toEqual(before);
    expect(world.output.documents).toEqual([]);
  });

  test("75 or not: who waits is told for whom", async () => {
    insert();
    const other = world.context("revert");
    await other.runs.acquire(other.record, 2_500);
    expect(await perform("resend", { waitMs: 30_000 })).toBe(0);
    expect(world.output.said[0]).toBe("waiting for run run-1 on web-1 (revert)");
  });

  test("2: the lock was lost under way: no report, and the attempt is left open", async () => {
    const sale = insert();
    world.graph.script = () => {
      if (world.shop.lease) world.shop.lease.token += 1;
      return lost(1);
    };
    await expect(perform("resend")).rejects.toMatchObject({ exitCode: 2 });
    expect(world.shop.entriesOf(sale)).toMatchObject([{ answer: "unconfirmed", settledAt: null }]);
    expect(world.output.documents).toEqual([]);
    expect(world.output.bars.at(-1)).toBe("stopped");
  });

  test("a run that fails in the middle tells what it did all the same, and has it read back", async () => {
    for (let at = 0; at < 1500; at += 1) insert();
    const { attempts } = world.context();
    let claims = 0;
    const failing: typeof attempts = {
      ...attempts,
      claim: (...args) =>
        (claims += 1) === 2 ? Promise.reject(new Error("the database is gone")) : attempts.claim(...args),
    };
    const read: number[] = [];
    const witness = { check: (rows: readonly unknown[]) => Promise.resolve((read.push(rows.length), [])) };
    await expect(perform("resend", {}, { attempts: failing, witness })).rejects.toThrow(
      "the database is gone",
    );
    expect(world.output.documents).toEqual([]);
    expect(world.output.warned).toEqual([
      expect.stringMatching(
        /^run run-\d+ failed in the middle: confirmed 1000 \(BRL 97000\.00\); no outcome for 500 sales$/,
      ),
    ]);
    expect(world.output.said.at(-1)).toMatch(/^what is on record: purchase-fix journal --run run-\d+$/);
    expect(read).toEqual([1000]);
  });

  test("interrupted before anything was claimed: the lock is not even taken", async () => {
    insert();
    const ctx = world.context();
    const sales = { ...ctx.sales, now: () => (world.stop.abort(), ctx.sales.now()) };
    expect(await perform("resend", {}, { sales })).toBe(1);
    expect(world.output.said).toEqual(["interrupted: nothing was changed"]);
    expect(world.shop.runs).toEqual([]);
  });

  test("a host whose clock is wrong goes by the database's", async () => {
    const late = insert({ paidAt: world.clock.now() - 47 * hour - 60_000 });
    const slow = { now: () => world.clock.now() - 2 * hour, sleep: world.clock.sleep };
    const fast = { now: () => world.clock.now() + 2 * hour, sleep: world.clock.sleep };
    expect(await perform("resend", named(late), { clock: slow })).toBe(1);
    expect(world.graph.requests).toEqual([]);
    const fresh = insert({ paidAt: world.clock.now() - 46 * hour });
    expect(await perform("resend", named(fresh), { clock: fast })).toBe(0);
  });
});

describe("the witness", () => {
  const doubting = (doubts: () => Promise<string[]>) => ({ witness: { check: doubts } });

  test("agrees: nothing is said", async () => {
    insert();
    expect(await perform("resend")).toBe(0);
    expect(world.output.warned).toEqual([]);
  });

  test("reads back exactly what was written, and a difference is told with both sides: exit 1", async () => {
    const sale = insert();
    const ctx = world.context();
    const forgetful = {
      ...ctx.attempts,
      settle: async (...args: Parameters<typeof ctx.attempts.settle>) => {
        const written = await ctx.attempts.settle(...args);
        const row = world.shop.rows.get(sale);
        if (row) row.metaEventId = null; // as if the transaction had not been kept
        return written;
      },
    };
    expect(await perform("resend", {}, { attempts: forgetful })).toBe(1);
    expect(world.output.warned).toEqual([
      expect.stringMatching(
        /^the witness disagrees: sale 1: we wrote true pageview_1, the witness reads true null/,
      ),
    ]);
    expect(document()["outcomes"]).toHaveLength(1);
  });

  test("that cannot look is a doubt: exit 1; --no-witness looks at nothing", async () => {
    insert();
    const broken = doubting(() => Promise.reject(new Error("connection refused")));
    expect(await perform("resend", {}, broken)).toBe(1);
    expect(world.output.warned).toEqual([
      "the witness could not read back what was written: connection refused",
    ]);
    insert();
    expect(await perform("resend", {}, { witness: null })).toBe(0);
  });
});

describe("a row that somebody else holds locked", () => {
  const wishes = { ...options().wishes, withoutProof: true };

  test("is given back once it is free, and left where it is not; the others are", async () => {
    const [held, freed, free] = [0, 1, 2].map(() => insert({ paidAt: world.clock.now() - 20 * hour })) as [
      number,
      number,
      number,
    ];
    world.shop.locked.add(held).add(freed);
    world.clock.at(world.clock.now() + 500, () => world.shop.locked.delete(freed));
    expect(await perform("revert", { wishes })).toBe(1);
    expect([held, freed, free].map((id) => world.shop.read(id).flagged)).toEqual([true, false, false]);
    expect(document()["left"]).toMatchObject([{ id: held, because: "its row was locked by somebody else" }]);
  });

  test("by a lock that is gone before anybody asks for it, is given back at the end", async () => {
    const held = insert({ paidAt: world.clock.now() - 20 * hour });
    world.shop.locked.add(held);
    const { attempts } = world.context();
    const revert: typeof attempts.revert = async (...args) => {
      const { written } = await attempts.revert(...args);
      world.shop.locked.clear();
      return { written, locked: [] };
    };
    expect(await perform("revert", { wishes }, { attempts: { ...attempts, revert } })).toBe(0);
    expect(world.shop.read(held).flagged).toBe(false);
    expect(document()["outcomes"]).toMatchObject([{ id: held, effect: "reverted" }]);
  });

  test("one that a constraint refuses is named, and the others are given back", async () => {
    const ids = Array.from({ length: 5 }, () => insert({ paidAt: world.clock.now() - 20 * hour }));
    world.shop.refusing.add(3);
    expect(await perform("revert", { wishes })).toBe(1);
    expect(ids.filter((id) => world.shop.read(id).flagged)).toEqual([3]);
    expect(document()["outcomes"]).toMatchObject([
      { id: 1, effect: "reverted" },
      { id: 2, effect: "reverted" },
      { id: 3, effect: "overtaken", because: expect.stringContaining("refused the write: payments_check") },
      { id: 4, effect: "reverted" },
      { id: 5, effect: "reverted" },
    ]);
  });
});

describe("revert", () => {
  const wishes = { ...options().wishes, withoutProof: true };
  const old = () => insert({ paidAt: world.clock.now() - 20 * hour });

  test("gives back what the tables allow, and says of the others which flag would", async () => {
    const [first, young] = [old(), insert()];
    expect(await perform("revert")).toBe(0);
    expect(document()["left"]).toMatchObject([
      { wouldAllow: "--without-proof" },
      { wouldAllow: expect.any(String) },
    ]);
    expect(await perform("revert", { wishes })).toBe(0);
    expect(world.shop.read(first)).toMatchObject({ flagged: false, flaggedAt: null });
    expect(world.shop.read(young).flagged).toBe(true);
    expect(document()["outcomes"]).toMatchObject([{ id: first, answer: null, effect: "reverted" }]);
    expect(world.graph.requests).toEqual([]);
  });

  test("a sale that moved under its hands is overtaken: exit 1, and what it is now", async () => {
    const [moved, stayed] = [old(), old()];
    const { attempts } = world.context();
    const late: typeof attempts = {
      ...attempts,
      revert: (...args) => {
        world.shop.write(moved, { metaEventId: "pageview_x" });
        return attempts.revert(...args);
      },
    };
    expect(await perform("revert", { wishes }, { attempts: late })).toBe(1);
    expect(document()["outcomes"]).toMatchObject([
      { id: moved, effect: "overtaken", because: "confirmed meanwhile with event id pageview_x" },
      { id: stayed, effect: "reverted" },
    ]);
  });

  test("in chunks of 1,000; a signal between two of them leaves the rest", async () => {
    for (let at = 0; at < 1500; at += 1) old();
    const { attempts } = world.context();
    const sizes: number[] = [];
    const counted: typeof attempts = {
      ...attempts,
      revert: (lease, sales) => {
        sizes.push(sales.length);
        world.stop.abort();
        return attempts.revert(lease, sales);
      },
    };
    expect(await perform("revert", { wishes }, { attempts: counted })).toBe(1);
    expect(sizes).toEqual([1000]);
    expect(document()["outcomes"]).toHaveLength(1000);
    expect((document()["left"] as { because: string }[])[499]?.because).toBe("not reached: interrupted");
    expect([...world.shop.rows.values()].filter(({ flagged }) => flagged)).toHaveLength(500);
  });
});

describe("confirm", () => {
  test("writes the id of the acceptance on record, and leaves every other sale", async () => {
    const [moved, stuck] = [insert(), insert()];
    world.graph.latencyMs = 1_000;
    world.clock.at(world.clock.now() + 500, () => world.shop.write(moved, { flaggedAt: world.clock.now() }));
    await perform("resend", named(moved));
    expect(document()["outcomes"]).toMatchObject([{ answer: "accepted", effect: "overtaken" }]);
    expect(await perform("confirm")).toBe(0);
    expect(world.shop.read(moved)).toMatchObject({ flagged: true, metaEventId: "pageview_1" });
    expect(world.shop.read(stuck).metaEventId).toBeNull();
    expect(world.graph.requests).toHaveLength(1);
    expect(document()["outcomes"]).toMatchObject([
      { id: moved, answer: null, effect: "confirmed", eventId: "pageview_1" },
    ]);
    expect(document()["left"]).toMatchObject([{ id: stuck }]);
  });
});
