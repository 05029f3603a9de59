import { setMaxListeners } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import { revert as giveBack } from "../../src/commands/revert.js";
import { KnownError, TableLocked } from "../../src/errors.js";
import type { Attempts } from "../../src/ports.js";
import { LeaseLost } from "../../src/ports.js";
import type { Sale } from "../../src/sales/sale.js";
import type { World } from "../cast/doubles.js";
import {
  accepted,
  endings,
  lost,
  openWorld,
  options,
  refused,
  sendPlan,
  unreached,
} from "../cast/doubles.js";
import { pool } from "../cast/sales.js";

const minute = 60_000;
const hour = 60 * minute;

let world: World;

beforeEach(() => {
  world = openWorld();
});

const insert = (differing: Partial<Sale> = {}) => world.shop.insert(differing);
const sizes = () => world.graph.requests.map(({ sales }) => sales.length);
const answersOf = (id: number) =>
  world.shop.entriesOf(id).map(({ answer, effect }) => `${answer}, ${effect}`);
const reasons = (sent: Awaited<ReturnType<typeof sendPlan>>) =>
  Object.fromEntries(sent.outcomes.map(({ judged, because }) => [judged.sale.id, because]));

/** The port, with something happening before or after each call of one kind. */
function around(hooks: { [call in keyof Attempts]?: { before?: () => void; after?: () => void } }): Attempts {
  const { attempts } = world.context();
  const wrap = <Name extends keyof Attempts>(name: Name) =>
    (async (...args: never[]) => {
      hooks[name]?.before?.();
      const answer = await (attempts[name] as (...args: never[]) => Promise<unknown>)(...args);
      hooks[name]?.after?.();
      return answer;
    }) as unknown as Attempts[Name];
  return {
    claim: wrap("claim"),
    answer: wrap("answer"),
    close: wrap("close"),
    settle: wrap("settle"),
    revert: wrap("revert"),
    confirm: wrap("confirm"),
    undo: wrap("undo"),
    states: wrap("states"),
  };
}

describe("a sale that changed between the judgement and the claim is not sent, and the outcome says what it is now", () => {
  const changes: readonly [string, Parameters<World["shop"]["write"]>[1], string][] = [
    ["refunded", { status: "refunded" }, "the sale is refunded now"],
    ["confirmed", { metaEventId: "pageview_x" }, "confirmed meanwhile with event id pageview_x"],
    ["given back", { flagged: false, flaggedAt: null }, "reverted meanwhile"],
    ["flagged anew", { flaggedAt: 0 }, "flagged anew at 1970-01-01T00:00:00.000Z"],
    ["changed in its amount", { amount: "98.00" }, "its amount changed from 97.00 to 98.00"],
  ];

  test.each(changes)("%s", async (_, change, reason) => {
    const [moved, stayed] = [insert(), insert()];
    const plan = await world.plan();
    world.shop.write(moved, change);
    const sent = await sendPlan(world, plan);
    expect(endings(sent)).toEqual({ [moved]: "null, overtaken", [stayed]: "accepted, confirmed" });
    expect(reasons(sent)[moved]).toBe(`nothing was sent: ${reason}`);
    expect(world.graph.requests).toMatchObject([{ sales: [stayed] }]);
    expect(answersOf(moved)).toEqual([]);
  });

  test("deleted", async () => {
    const [gone, stayed] = [insert(), insert()];
    const plan = await world.plan();
    world.shop.rows.delete(gone);
    const sent = await sendPlan(world, plan);
    expect(reasons(sent)).toMatchObject({ [gone]: "nothing was sent: the sale is gone" });
    expect(world.graph.requests).toMatchObject([{ sales: [stayed] }]);
  });

  test("past its deadline", async () => {
    const late = insert({ paidAt: world.clock.now() - 47 * hour + 2 * minute });
    const plan = await world.plan();
    world.clock.pass(3 * minute);
    const sent = await sendPlan(world, plan);
    expect(reasons(sent)).toEqual({ [late]: "nothing was sent: its deadline passed" });
    expect(sizes()).toEqual([]);
  });
});

describe("a sale that changes between two tries is not sent a second time", () => {
  test("its deadline passes in the pause: the answer of the first try stands", async () => {
    const [late, early] = [insert({ paidAt: world.clock.now() - 47 * hour + 30_000 }), insert()];
    world.graph.script = ({ sales }) =>
      sizes().length === 1 ? refused("rate", { waitMs: minute }) : accepted(sales.length);
    const sent = await sendPlan(world);
    expect(world.graph.requests.map(({ sales }) => sales)).toEqual([[late, early], [early]]);
    expect(endings(sent)).toEqual({ [late]: "not-sent, kept", [early]: "accepted, confirmed" });
  });

  test("so an unconfirmed one stays unconfirmed", async () => {
    const late = insert({ paidAt: world.clock.now() - 47 * hour + 500 });
    world.graph.script = () => lost(1);
    expect(endings(await sendPlan(world))).toEqual({ [late]: "unconfirmed, kept" });
    expect(sizes()).toEqual([1]);
  });

  test("the application confirms it in the pause", async () => {
    const [one, other] = [insert(), insert()];
    world.graph.script = ({ sales }) => (sizes().length === 1 ? lost(2) : accepted(sales.length));
    world.clock.at(world.clock.now() + 500, () => world.shop.write(one, { metaEventId: "pageview_1" }));
    const sent = await sendPlan(world);
    expect(world.graph.requests.map(({ sales }) => sales)).toEqual([[one, other], [other]]);
    expect(endings(sent)).toEqual({ [one]: "unconfirmed, kept", [other]: "accepted, confirmed" });
    expect(reasons(sent)[one]).toContain("not repeated: confirmed meanwhile with event id pageview_1");
  });

  test("one of a batch is refunded while it is halved", async () => {
    const sales = [insert(), insert(), insert(), insert()];
    world.graph.script = ({ sales: asked }) => {
      if (sizes().length === 1) world.shop.write(3, { status: "refunded" });
      return asked.includes(1) ? refused("event") : accepted(asked.length);
    };
    const sent = await sendPlan(world);
    expect(endings(sent)).toMatchObject({
      1: "refused, kept",
      2: "accepted, confirmed",
      4: "accepted, confirmed",
    });
    expect(world.graph.requests.slice(1).some(({ sales: asked }) => asked.includes(3))).toBe(false);
    expect(sales.every((id) => world.shop.entriesOf(id).every(({ settledAt }) => settledAt !== null))).toBe(
      true,
    );
  });
});

describe("a sale that changes while its request is under way", () => {
  test.each([
    ["another id was stored", { metaEventId: "pageview_x" }, "confirmed meanwhile with event id pageview_x"],
    ["it was flagged anew", { flaggedAt: 0 }, "flagged anew at 1970-01-01T00:00:00.000Z"],
    ["it was refunded", { status: "refunded" }, "the sale is refunded now"],
  ])(
    "%s: overtaken, the acceptance stays on record, and the outcome has both ids",
    async (_, change, reason) => {
      const [moved, stayed] = [insert(), insert()];
      world.graph.latencyMs = 1_000;
      world.clock.at(world.clock.now() + 500, () => world.shop.write(moved, change));
      const sent = await sendPlan(world);
      expect(endings(sent)).toEqual({ [moved]: "accepted, overtaken", [stayed]: "accepted, confirmed" });
      expect(reasons(sent)[moved]).toBe(
        `Meta received it as pageview_${moved}, but the row was left: ${reason}`,
      );
      expect(answersOf(moved)).toEqual(["accepted, overtaken"]);
      expect(world.shop.rows.get(moved)).toMatchObject(change);
    },
  );
});

describe("a claim that grew old before its request was written", () => {
  test("is made anew; what was claimed in vain counts as not sent", async () => {
    const sale = insert();
    let slow = 1;
    const attempts = around({ claim: { after: () => world.clock.pass(slow-- > 0 ? 60_001 : 0) } });
    const sent = await sendPlan(world, undefined, { ports: { attempts } });
    expect(endings(sent)).toEqual({ [sale]: "accepted, confirmed" });
    expect(answersOf(sale)).toEqual(["not-sent, kept", "accepted, confirmed"]);
    expect(sizes()).toEqual([1]);
  });

  test("with a deadline in between: never sent", async () => {
    const sale = insert({ paidAt: world.clock.now() - 47 * hour + 30_000 });
    const attempts = around({ claim: { after: () => world.clock.pass(60_001) } });
    const sent = await sendPlan(world, undefined, { ports: { attempts } });
    expect(endings(sent)).toEqual({ [sale]: "not-sent, kept" });
    expect(sizes()).toEqual([]);
  });

  test("claims that always take so long end with --max-runtime", async () => {
    insert();
    const attempts = around({ claim: { after: () => world.clock.pass(61_000) } });
    await sendPlan(world, undefined, { ports: { attempts }, maxRuntimeMs: 5 * minute });
    expect(sizes()).toEqual([]);
    expect(world.clock.now()).toBeLessThan(openWorld().clock.now() + 7 * minute);
  });
});

describe("signals", () => {
  test("the first: no further claim; what is in flight is awaited and settled", async () => {
    for (let id = 1; id <= 1002; id += 1) insert();
    world.graph.latencyMs = 5_000;
    world.clock.at(world.clock.now() + 1_000, () => world.stop.abort());
    const sent = await sendPlan(world);
    expect(sizes()).toEqual([1000]);
    expect(endings(sent)).toMatchObject({ 1: "accepted, confirmed", 1001: "not reached: interrupted" });
    expect(sent.unreached).toHaveLength(2);
    expect(world.shop.journal).toHaveLength(1000);
    expect(world.shop.journal.every(({ answer }) => answer === "accepted")).toBe(true);
  });

  test("before anything is claimed: nothing is", async () => {
    const sale = insert();
    world.stop.abort();
    expect(endings(await sendPlan(world))).toEqual({ [sale]: "not reached: interrupted" });
    expect(world.shop.journal).toEqual([]);
  });

  test("in a pause: it ends at once, and the answer before it stands", async () => {
    const sale = insert();
    const start = world.clock.now();
    world.graph.script = () => refused("rate", { waitMs: 5 * minute });
    world.clock.at(start + 1_000, () => world.stop.abort());
    expect(endings(await sendPlan(world))).toEqual({ [sale]: "not-sent, kept" });
    expect(world.clock.now()).toBe(start + 1_000);
  });

  test("the second: what is in flight is given up, and stays unconfirmed; nobody knows whether it arrived", async () => {
    const sale = insert();
    world.graph.latencyMs = 30_000;
    const start = world.clock.now();
    world.clock.at(start + 1_000, () => world.stop.abort());
    world.clock.at(start + 11_000, () => world.abandon.abort());
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({ [sale]: "unconfirmed, kept" });
    expect(reasons(sent)[sale]).toContain("given up");
    expect(world.clock.now()).toBe(start + 11_000);
    expect(sizes()).toEqual([1]);
  });
});

describe("a sale that was given back, and is taken back by its claim", () => {
  async function givenBack(...sales: number[]): Promise<void> {
    const ctx = world.context("revert");
    const got = await ctx.runs.acquire(ctx.record, Infinity);
    if ("holder" in got) throw new Error("locked");
    await ctx.attempts.revert(
      got.lease,
      sales.map((id) => ({ saleId: id, mark: world.shop.read(id).mark, lastAttempt: null })),
    );
    await ctx.runs.release(got.lease, {});
    for (const id of sales) expect(world.shop.read(id)).toMatchObject({ flagged: false, flaggedAt: null });
  }

  test("is sent, and then flagged and confirmed", async () => {
    const sale = insert();
    await givenBack(sale);
    expect(endings(await sendPlan(world))).toEqual({ [sale]: "accepted, confirmed" });
    expect(world.shop.read(sale)).toMatchObject({
      flagged: true,
      flaggedAt: world.clock.now(),
      metaEventId: "pageview_1",
    });
  });

  const vain = {
    refused: () => refused("event"),
    "not sent": unreached,
    "rate-limited": () => refused("rate", { waitMs: hour }),
  };

  test.each(Object.entries(vain))(
    "%s: it is the application's again, beside one that never was given back",
    async (_, reply) => {
      const [back, stuck] = [insert(), insert()];
      await givenBack(back);
      world.graph.script = reply;
      await sendPlan(world);
      expect(world.shop.read(back)).toMatchObject({ flagged: false, flaggedAt: null });
      expect(world.shop.read(stuck)).toMatchObject({ flagged: true });
      expect((await world.plan("resend", { named: true })).act.map(({ judged }) => judged.sale.id)).toContain(
        back,
      );
    },
  );

  test("in a batch that is refused for another's sake: given back and taken back again, and confirmed at last", async () => {
    const [back, bad, good] = [insert(), insert(), insert()];
    await givenBack(back);
    world.graph.script = ({ sales }) => (sales.includes(bad) ? refused("event") : accepted(sales.length));
    expect(endings(await sendPlan(world))).toEqual({
      [back]: "accepted, confirmed",
      [bad]: "refused, kept",
      [good]: "accepted, confirmed",
    });
  });

  test("without an answer: it stays ours, its tries go on under the claim's flag, and it is never given back", async () => {
    const sale = insert();
    await givenBack(sale);
    world.graph.script = () => lost(1);
    expect(endings(await sendPlan(world))).toEqual({ [sale]: "unconfirmed, kept" });
    expect(sizes()).toEqual([1, 1, 1]);
    expect(world.shop.read(sale).flagged).toBe(true);
    world.graph.script = () => refused("event");
    await sendPlan(world, await world.plan("resend", { named: true, revertRefused: true }));
    expect(world.shop.read(sale).flagged).toBe(true);
  });

  test("that the application has flagged meanwhile is left to it", async () => {
    const sale = insert();
    await givenBack(sale);
    const plan = await world.plan();
    world.shop.write(sale, { flagged: true, flaggedAt: world.clock.now() });
    const sent = await sendPlan(world, plan);
    expect(reasons(sent)).toEqual({ [sale]: "nothing was sent: flagged again meanwhile" });
    expect(sizes()).toEqual([]);
  });
});

describe("sales of one click", () => {
  const shared = { pageviewEventId: "pageview_shared" };
  const family = () => {
    const younger = insert({
      ...shared,
      paidAt: world.clock.now() - 2 * hour,
      createdAt: world.clock.now() - 2 * hour,
    });
    const carrier = insert({
      ...shared,
      paidAt: world.clock.now() - 4 * hour,
      createdAt: world.clock.now() - 4 * hour,
    });
    return { younger, carrier };
  };

  test("the carrier goes first and alone; then the other, under an id of its own; both count", async () => {
    const { younger, carrier } = family();
    const sent = await sendPlan(world);
    expect(world.graph.requests.map(({ eventIds }) => eventIds)).toEqual([
      ["pageview_shared"],
      [`purchase_${younger}`],
    ]);
    expect(endings(sent)).toEqual({ [carrier]: "accepted, confirmed", [younger]: "accepted, confirmed" });
    expect(world.graph.countOf(carrier)).toBe(1);
    expect(world.graph.countOf(younger)).toBe(1);
  });

  test.each([
    ["refused", () => refused("event")],
    ["without an answer", () => lost(1)],
    ["rate-limited", () => refused("rate", { waitMs: hour })],
  ])("a carrier that is %s keeps the other waiting", async (_, reply) => {
    const { younger, carrier } = family();
    world.graph.script = reply;
    const sent = await sendPlan(world);
    expect(endings(sent)[younger]).toMatch(/^not tried: /);
    expect(answersOf(younger)).toEqual([]);
    expect(answersOf(carrier)).not.toEqual([]);
  });

  test("a carrier that Meta refuses keeps the other waiting in another lane, too, and says which it was", async () => {
    const { younger, carrier } = family();
    world.shop.write(younger, { pools: [pool({ id: 2, pixelId: "1001" })] });
    world.graph.script = () => refused("event");
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({
      [carrier]: "refused, kept",
      [younger]: `not tried: sale ${carrier}, which carries the click they share, was not accepted`,
    });
  });

  test("a carrier whose acceptance found another row in place has been accepted: the other goes", async () => {
    const { younger, carrier } = family();
    world.graph.latencyMs = 1_000;
    world.clock.at(world.clock.now() + 500, () => world.shop.write(carrier, { flaggedAt: 0 }));
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({ [carrier]: "accepted, overtaken", [younger]: "accepted, confirmed" });
  });
});

describe("a row that somebody else holds locked", () => {
  test("when it is claimed: it goes at the end, after the others, once it is free", async () => {
    const [held, free] = [insert(), insert()];
    world.shop.locked.add(held);
    world.clock.at(world.clock.now() + 500, () => world.shop.locked.delete(held));
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({ [held]: "accepted, confirmed", [free]: "accepted, confirmed" });
    expect(world.graph.requests.map(({ sales }) => sales)).toEqual([[free], [held]]);
  });

  test("for good: it is left, with the reason, and the others are not kept waiting", async () => {
    const [held, free] = [insert(), insert()];
    world.shop.locked.add(held);
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({
      [held]: "nothing was sent: its row was locked by somebody else",
      [free]: "accepted, confirmed",
    });
    expect(answersOf(held)).toEqual([]);
  });

  test("when it is claimed, by a lock that is gone before anybody asks for it: it gets its second chance all the same", async () => {
    const [held, free] = [insert(), insert()];
    world.shop.locked.add(held);
    const attempts = around({ claim: { after: () => world.shop.locked.clear() } });
    const claim: Attempts["claim"] = async (...args) => {
      const { claimed } = await attempts.claim(...args);
      return { claimed, hindered: [] };
    };
    const sent = await sendPlan(world, undefined, { ports: { attempts: { ...attempts, claim } } });
    expect(endings(sent)).toEqual({ [held]: "accepted, confirmed", [free]: "accepted, confirmed" });
    expect(world.graph.requests.map(({ sales }) => sales)).toEqual([[free], [held]]);
  });

  test("the whole table, when sales are claimed: they are left, with the reason, and the run does not fail", async () => {
    const sale = insert();
    const { attempts } = world.context();
    const claim = () => Promise.reject(new TableLocked({ what: "A table stayed locked" }));
    const sent = await sendPlan(world, undefined, { ports: { attempts: { ...attempts, claim } } });
    expect(sent.failure).toBeNull();
    expect(endings(sent)).toEqual({ [sale]: "nothing was sent: its row was locked by somebody else" });
  });

  test("when it is settled, for a while: it is confirmed as soon as it is free", async () => {
    const [held, free] = [insert(), insert()];
    world.graph.latencyMs = 1_000;
    world.clock.at(world.clock.now() + 500, () => world.shop.locked.add(held));
    world.clock.at(world.clock.now() + 3_000, () => world.shop.locked.delete(held));
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({ [held]: "accepted, confirmed", [free]: "accepted, confirmed" });
    expect(world.shop.read(held).metaEventId).toBe(`pageview_${held}`);
  });

  test("when it is settled, for good: Meta's acceptance stays on record, and the next run confirms it without sending", async () => {
    const [held, free] = [insert(), insert()];
    world.graph.latencyMs = 1_000;
    world.clock.at(world.clock.now() + 500, () => world.shop.locked.add(held));
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({ [held]: "accepted, overtaken", [free]: "accepted, confirmed" });
    expect(reasons(sent)[held]).toBe(
      `Meta received it as pageview_${held}, but the row was left: its row was locked by somebody else`,
    );
    expect(answersOf(held)).toEqual(["accepted, overtaken"]);
    world.shop.locked.delete(held);
    const plan = await world.plan("confirm");
    expect(plan.act.map(({ judged }) => [judged.sale.id, judged.kind])).toEqual([[held, "delivered"]]);
  });
});

describe("a row that the shop's own constraints refuse to change", () => {
  test("is found by halving: its answer stays on record, the others are confirmed", async () => {
    const ids = Array.from({ length: 9 }, () => insert());
    world.shop.refusing.add(5);
    const sent = await sendPlan(world);
    for (const id of ids)
      expect(endings(sent)[id]).toBe(id === 5 ? "accepted, overtaken" : "accepted, confirmed");
    expect(reasons(sent)[5]).toContain("the shop's database refused the write: payments_check");
    expect(answersOf(5)).toEqual(["accepted, overtaken"]);
    expect(sizes()).toEqual([9]);
  });

  test("when a sale is taken back: it alone is not sent, and the application still has it", async () => {
    const ids = Array.from({ length: 9 }, () => insert());
    const ctx = world.context("revert");
    await giveBack(ctx, {
      ...options({ wishes: { named: true } }),
      selection: { by: "name", references: ["5"] },
    });
    world.shop.refusing.add(5);
    const before = world.shop.read(5);
    const sent = await sendPlan(world);
    expect(sent.failure).toBeNull();
    for (const id of ids.filter((id) => id !== 5)) expect(endings(sent)[id]).toBe("accepted, confirmed");
    expect(endings(sent)[5]).toBe("nothing was sent: the shop's database refused the write: payments_check");
    expect(world.shop.read(5)).toEqual(before);
  });
});

describe("what happened elsewhere since the judgement", () => {
  test("another run's attempt without an answer: nothing is sent beside it", async () => {
    const [tried, other] = [insert(), insert()];
    const plan = await world.plan();
    world.graph.script = () => lost(1);
    await sendPlan(world, await world.plan("resend", {}, { by: "name", references: [String(tried)] }));
    world.graph.requests.length = 0;
    world.graph.script = ({ sales }) => accepted(sales.length);
    const sent = await sendPlan(world, plan);
    expect(reasons(sent)[tried]).toBe("nothing was sent: another run attempted it meanwhile");
    expect(world.graph.requests.map(({ sales }) => sales)).toEqual([[other]]);
  });

  test("a sale of the same click came through under the shared id: Meta would fold ours into it, so it is not sent", async () => {
    const shared = { pageviewEventId: "pageview_shared" };
    const [carrier, sibling] = [
      insert({ ...shared, createdAt: world.clock.now() - 6 * hour }),
      insert({ ...shared, status: "pending", flagged: false }),
    ];
    const plan = await world.plan();
    expect(plan.act.map(({ judged }) => judged.identity.eventId)).toEqual(["pageview_shared"]);
    world.shop.write(sibling, { status: "paid", flagged: true, metaEventId: "pageview_shared" });
    const sent = await sendPlan(world, plan);
    expect(reasons(sent)).toEqual({
      [carrier]: "nothing was sent: a sale of its click was confirmed meanwhile",
    });
    expect(sizes()).toEqual([]);
    const again = await world.plan();
    expect(again.act.map(({ judged }) => judged.identity.eventId)).toEqual([`purchase_${carrier}`]);
  });
});

test("many pixels that pause at once are no leak: Node has nothing to warn of", async () => {
  const warnings: string[] = [];
  const hear = (warning: Error) => void warnings.push(warning.name);
  process.on("warning", hear);
  setMaxListeners(0, world.stop.signal, world.abandon.signal);
  for (let id = 1; id <= 20; id += 1) insert({ pools: [pool({ id, pixelId: String(1000 + id) })] });
  world.graph.script = ({ sales }) =>
    world.graph.requests.length <= 20 ? refused("rate", { waitMs: minute }) : accepted(sales.length);
  const sent = await sendPlan(world);
  await new Promise(setImmediate);
  process.off("warning", hear);
  expect(sent.outcomes.map(({ answer }) => answer)).toEqual(Array.from({ length: 20 }, () => "accepted"));
  expect(warnings).toEqual([]);
});

describe("a lease that is lost", () => {
  const twoPixels = () => [
    insert({ pools: [pool({ id: 1, pixelId: "1001" })] }),
    insert({ pools: [pool({ id: 2, pixelId: "2002" })] }),
  ];
  const lose = () => {
    if (world.shop.lease) world.shop.lease.token += 1;
  };

  test("while the request is under way: Meta's answer is on record, the row is left, and the attempt stays open", async () => {
    const sale = insert();
    world.graph.latencyMs = 1_000;
    world.clock.at(world.clock.now() + 500, lose);
    const before = world.shop.read(sale);
    expect((await sendPlan(world)).failure).toBeInstanceOf(LeaseLost);
    expect(world.shop.read(sale)).toEqual(before);
    expect(answersOf(sale)).toEqual(["accepted, null"]);
    expect(await world.plan("confirm")).toMatchObject({ act: [{ judged: { kind: "delivered" } }] });
  });

  test("before the second batch: no request leaves any more", async () => {
    for (let id = 1; id <= 1500; id += 1) insert();
    let calls = 0;
    const attempts = around({ claim: { before: () => (calls++ === 1 ? lose() : undefined) } });
    const sent = await sendPlan(world, undefined, { ports: { attempts } });
    expect(sent.failure).toBeInstanceOf(LeaseLost);
    expect(sent.outcomes).toHaveLength(1000);
    expect(sizes()).toEqual([1000]);
    expect(world.shop.journal).toHaveLength(1000);
  });

  test("one lane's failure stops the others from taking more; what they had in flight is settled first", async () => {
    const [first, second] = twoPixels() as [number, number];
    for (let id = 0; id < 1000; id += 1) insert({ pools: [pool({ id: 2, pixelId: "2002" })] });
    world.graph.latencyMs = 1_000;
    const { attempts } = world.context();
    const failing: Attempts = {
      ...attempts,
      claim: (lease, claims) =>
        claims.some(({ pixelId }) => pixelId === "1001")
          ? Promise.reject(new Error("the database is gone for this lane"))
          : attempts.claim(lease, claims),
    };
    const sent = await sendPlan(world, undefined, { ports: { attempts: failing } });
    expect(String(sent.failure)).toContain("gone for this lane");
    expect(sizes()).toEqual([1000]);
    expect(answersOf(first)).toEqual([]);
    expect(answersOf(second)).toEqual(["accepted, confirmed"]);
  });
});

describe("a database that cannot be had when Meta's answer is there", () => {
  const away = new KnownError({ what: "Cannot reach the database" });
  /** The port, whose answers fail until that moment. */
  const until = (moment: number): Attempts => {
    const { attempts } = world.context();
    const answer: Attempts["answer"] = (...args) =>
      world.clock.now() < moment ? Promise.reject(away) : attempts.answer(...args);
    return { ...attempts, answer };
  };

  test("for half a minute: the acceptance is on record once it is back", async () => {
    const sale = insert();
    const sent = await sendPlan(world, undefined, { ports: { attempts: until(world.clock.now() + 30_000) } });
    expect(sent.failure).toBeNull();
    expect(endings(sent)).toEqual({ [sale]: "accepted, confirmed" });
  });

  test("for good: it is asked for a minute, and then the run says so", async () => {
    const [sale, start] = [insert(), world.clock.now()];
    const sent = await sendPlan(world, undefined, { ports: { attempts: until(Infinity) } });
    expect(sent.failure).toBe(away);
    expect(world.clock.now() - start).toBe(minute);
    expect(answersOf(sale)).toEqual(["null, null"]);
  });

  test("after the run was abandoned: nothing is waited for", async () => {
    const [sale, start] = [insert(), world.clock.now()];
    world.abandon.abort();
    const sent = await sendPlan(world, undefined, { ports: { attempts: until(Infinity) } });
    expect(sent.failure).toBe(away);
    expect(world.clock.now()).toBe(start);
    expect(answersOf(sale)).toEqual(["null, null"]);
  });

  test("because the whole table is locked: the outcome says so, and the run does not fail over asking what the row is", async () => {
    const sale = insert();
    const { attempts } = world.context();
    const locked = () => Promise.reject(new TableLocked({ what: "A table stayed locked" }));
    const sent = await sendPlan(world, undefined, {
      ports: { attempts: { ...attempts, settle: locked, states: locked } },
    });
    expect(sent.failure).toBeNull();
    expect(endings(sent)).toEqual({ [sale]: "accepted, overtaken" });
    expect(reasons(sent)[sale]).toContain("its row was locked by somebody else");
  });
});
