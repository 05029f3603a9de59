import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { beforeEach, describe, expect, test } from "vitest";
import { send } from "../../src/acting/send.js";
import { look } from "../../src/acting/look.js";
import { performInWaves } from "../../src/acting/waves.js";
import { makePlan } from "../../src/sales/plan.js";
import type { Wishes } from "../../src/sales/plan.js";
import type { Sale } from "../../src/sales/sale.js";
import type { SendingContext } from "../../src/context.js";
import type { CarryOptions } from "../../src/acting/carry.js";
import { openOutput } from "../../src/output/open.js";
import type { World } from "../cast/doubles.js";
import { accepted, everything, openWorld, options, refused } from "../cast/doubles.js";

const hour = 3_600_000;

let world: World;
/** Seven stuck sales, the first of them the oldest: pages of three and waves of two never end together. */
let ids: readonly number[];

beforeEach(() => {
  world = openWorld();
  ids = insert();
});

/** The youngest is that many hours old, and Meta folds copies of it no longer after 47. */
function insert(differing: Partial<Sale> = {}, youngest = 3): number[] {
  world.graph.script = ({ sales }) => accepted(sales.length);
  return [7, 6, 5, 4, 3, 2, 1].map((age) => {
    const at = world.clock.now() - (age + youngest - 1) * hour;
    return world.shop.insert({ createdAt: at, paidAt: at, flaggedAt: at, updatedAt: at, ...differing });
  });
}

const resend = async (
  differing: Partial<CarryOptions> & { wishes?: Partial<Wishes> } = {},
  changed: Partial<SendingContext> = {},
) => {
  const ctx = { ...world.context("resend"), ...changed };
  const { wishes, ...rest } = differing;
  const how = {
    action: "resend" as const,
    wishes: { ...options().wishes, ...wishes },
    work: send,
    decide: makePlan,
  };
  return await performInWaves(ctx, how, await look(ctx, everything), { ...options(), ...rest }, 2);
};
const streams = () => ({
  stdin: new PassThrough(),
  stderr: new PassThrough().resume(),
  env: {},
  color: false,
  quiet: true,
});
const document = () => world.output.documents.at(-1) ?? {};
const confirmed = () =>
  ids.filter((id) => world.shop.read(id).metaEventId !== null && world.graph.countOf(id) === 1);
const said = () => world.output.said.join("\n");

describe("a window that is too large to be held", () => {
  test("is carried through wave by wave, the oldest first, as one run and one report", async () => {
    expect(await resend()).toBe(0);
    expect(confirmed()).toEqual(ids);
    expect(world.graph.requests.map(({ sales }) => sales)).toEqual([
      [ids[0], ids[1], ids[2]],
      [ids[3], ids[4], ids[5]],
      [ids[6]],
    ]);
    expect(world.shop.runs).toMatchObject([{ summary: { confirmed: { count: 7 } } }]);
    expect(world.output.documents).toHaveLength(1);
    expect(document()).toMatchObject({ command: "resend", run: "run-1", dryRun: false, left: [] });
    expect(document()["outcomes"]).toMatchObject(ids.map((id) => ({ id, effect: "confirmed" })));
    expect(document()["planned"]).toMatchObject(ids.map((id) => ({ id, action: "resend" })));
    expect(document()["sales"]).toMatchObject(ids.map((id) => ({ id, state: "stuck" })));
    expect(document()["totals"]).toMatchObject({ count: 7, confirmed: { count: 7 } });
    expect(said()).toContain("run run-1: confirmed 7 (BRL ");
  });

  test("a dry run tells the plan of all waves, takes no lock and writes nothing", async () => {
    const before = structuredClone([...world.shop.rows]);
    expect(await resend({ dryRun: true })).toBe(0);
    expect([...world.shop.rows]).toEqual(before);
    expect([world.shop.runs, world.graph.requests]).toEqual([[], []]);
    expect(document()).toMatchObject({ run: null, dryRun: true, planned: ids.map((id) => ({ id })) });
    expect(said()).toContain("would resend 7 of 7 sales");
  });

  test("a person is asked once, about all of it; a no changes nothing", async () => {
    world.output.canAsk = true;
    expect(await resend({ yes: false })).toBe(1);
    expect(world.output.questions).toHaveLength(1);
    expect(world.output.questions[0]).toMatch(/^resend 7 sales \(BRL /);
    expect(confirmed()).toEqual([]);
    world.output.consent = true;
    expect(await resend({ yes: false })).toBe(0);
    expect(confirmed()).toEqual(ids);
  });

  test("limits hold for all waves together; who lies beyond is left alone, and told of", async () => {
    expect(await resend({ wishes: { limit: 4 } })).toBe(0);
    expect(confirmed()).toEqual(ids.slice(0, 4));
    expect(document()["left"]).toMatchObject(ids.slice(4).map((id) => ({ id, because: "beyond --limit 4" })));
    expect(document()["totals"]).toMatchObject({ count: 7, confirmed: { count: 4 } });
    expect(said()).toContain("left 3 sales: none needs a person");
    expect(said()).not.toContain("not looked at");
    expect(world.graph.requests.flatMap(({ sales }) => sales)).toEqual(ids.slice(0, 4));
  });

  test("money that may count twice is reckoned over all waves", async () => {
    world = openWorld();
    ids = insert({ amount: "10.00" }, 60);
    const wishes = { acceptDuplicate: true, duplicateLimit: "40.00" };
    await resend({ wishes });
    expect(world.graph.requests.flatMap(({ sales }) => sales)).toEqual(ids.slice(0, 4));
    expect(document()["left"]).toMatchObject(
      ids
        .slice(4)
        .map((id) => ({ id, because: "may count twice, and would exceed --accept-duplicate=40.00" })),
    );
  });

  test("a signal ends it after the wave that is under way; the rest is told and untouched", async () => {
    world.graph.script = ({ sales }) => {
      if (sales.includes(ids[3] ?? 0)) world.stop.abort();
      return accepted(sales.length);
    };
    expect(await resend()).toBe(1);
    expect(confirmed()).toEqual(ids.slice(0, 6));
    expect(said()).toContain("1 more were not looked at: the same command goes on with them");
    expect(world.shop.entriesOf(ids[6] ?? 0)).toEqual([]);
  });

  test("a lease that is lost in a later wave fails it; what went before stays done", async () => {
    world.graph.script = ({ sales }) => {
      if (sales.includes(ids[3] ?? 0) && world.shop.lease)
        world.shop.lease = { run: "other", token: 99, expiresAt: Infinity };
      return accepted(sales.length);
    };
    await expect(resend()).rejects.toThrow("The run lock was lost");
    expect(confirmed()).toEqual(ids.slice(0, 3));
    expect(world.shop.entriesOf(ids[6] ?? 0)).toEqual([]);
  });

  test("one refused sale is left to a person, and the waves after it go on", async () => {
    const [, bad = 0] = ids;
    world.graph.script = ({ sales }) => (sales.includes(bad) ? refused("event") : accepted(sales.length));
    expect(await resend()).toBe(1);
    expect(confirmed()).toEqual(ids.filter((id) => id !== bad));
    expect(said()).toContain(`next: purchase-fix explain ${bad}`);
  });

  test("no more is done than a person has agreed to, whatever has come since", async () => {
    world.output.canAsk = true;
    let late = 0;
    const confirm = (question: string) => {
      world.output.questions.push(question);
      const at = world.clock.now() - 2 * hour;
      late = world.shop.insert({ createdAt: at, paidAt: at, flaggedAt: at, updatedAt: at });
      return Promise.resolve(true);
    };
    const output = Object.assign(Object.create(world.output) as typeof world.output, { confirm });
    await resend({ yes: false }, { output });
    expect(confirmed()).toEqual(ids);
    expect(world.graph.requests.flatMap(({ sales }) => sales)).not.toContain(late);
  });

  test("where nothing is permitted nobody is asked, no lock is taken and no run is on record", async () => {
    for (const yes of [true, false]) {
      expect(await resend({ yes, wishes: { limit: 0 } })).toBe(0);
      expect([world.shop.runs, world.shop.lease, world.graph.requests]).toEqual([[], null, []]);
      expect(world.output.questions).toEqual([]);
      expect(said()).toContain("nothing to resend");
    }
  });

  test("what went before a failure is told, with the run to look up", async () => {
    const broken = { ...world.context("resend").sales };
    let asked = 0;
    const sales: SendingContext["sales"] = {
      ...broken,
      stuck: async (span) => {
        const { count, pages } = await broken.stuck(span);
        return {
          count,
          pages: async function* (order) {
            for await (const page of pages(order)) {
              // The first look of all asks whether there is anything to do, and reads no further than one wave ahead.
              if ((asked += 1) > 4) throw new Error("the database went away");
              yield page;
            }
          },
        };
      },
    };
    await expect(resend({}, { sales })).rejects.toThrow("the database went away");
    const done = confirmed().length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(7);
    expect(world.output.warned.join()).toContain(`broke off; until then: confirmed ${done} (BRL`);
    expect(world.output.documents).toEqual([]);
  });

  test("a sale whose click a sale of another wave carries waits for it, and is sent in the same run", async () => {
    const click = "pageview_shared";
    const [first = 0, last = 0] = [ids[0], ids[6]];
    for (const id of [first, last]) world.shop.write(id, { pageviewEventId: click });
    expect(await resend()).toBe(0);
    expect(confirmed()).toEqual(ids);
    const sent = world.graph.requests.flatMap(({ sales }) => sales);
    expect(sent.toSorted((a, b) => a - b)).toEqual(ids);
    expect(sent.indexOf(last)).toBeGreaterThan(sent.indexOf(first));
    expect(document()["left"]).toEqual([]);
    expect(document()["totals"]).toMatchObject({ count: 7 });
  });

  test("a reader that pauses keeps nobody waiting, and reads all of it in the end", async () => {
    const stdout = new PassThrough({ highWaterMark: 1 });
    const output = await openOutput({ ...streams(), stdout, format: "jsonl" });
    const ending = resend({}, { output });
    while (confirmed().length < 7) await new Promise(setImmediate);
    const lines = text(stdout);
    expect(await ending).toBe(0);
    stdout.end();
    expect((await lines).trim().split("\n")).toHaveLength(8);
  });
});
