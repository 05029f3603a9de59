import { beforeEach, describe, expect, test } from "vitest";
import type { Pool, Sale } from "../../src/sales/sale.js";
import type { World } from "../cast/doubles.js";
import { accepted, endings, lost, openWorld, refused, sendPlan, short, unreached } from "../cast/doubles.js";
import { pool } from "../cast/sales.js";

const minute = 60_000;
const hour = 60 * minute;

let world: World;

beforeEach(() => {
  world = openWorld();
});

const insert = (count: number, differing: Partial<Sale> = {}) =>
  Array.from({ length: count }, () => world.shop.insert(differing));
const at = (id: number, pixelId: string): Partial<Sale> => ({ pools: [pool({ id, pixelId })] });
const sizes = () => world.graph.requests.map(({ sales }) => sales.length);
const sentTimes = () => world.graph.requests.map(({ at }) => at - world.graph.requests[0]!.at);
const ids = (request: number) => world.graph.requests[request]?.eventIds;
const journalOf = (id: number) =>
  world.shop.journal
    .filter(({ saleId }) => saleId === id)
    .map(({ answer, effect }) => `${answer}, ${effect}`);
/** All of them ended so. */
const all = (sales: readonly number[], ending: string) => Object.fromEntries(sales.map((id) => [id, ending]));

/** Refuses every request that has one of these sales in it, as Meta refuses a whole batch for one bad event. */
const refusing = (bad: readonly number[], scope: "event" | "request" = "event") => {
  world.graph.script = ({ sales }) =>
    sales.some((id) => bad.includes(id)) ? refused(scope, { subcode: 2804009 }) : accepted(sales.length);
};

describe("accepted", () => {
  test("each sale is claimed, sent under its own id, and its id is stored", async () => {
    const sales = insert(3);
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual(all(sales, "accepted, confirmed"));
    expect(world.graph.requests).toMatchObject([{ pixelId: "1001", pool: 1, sales: [1, 2, 3] }]);
    expect(sales.map((id) => world.shop.read(id).metaEventId)).toEqual([
      "pageview_1",
      "pageview_2",
      "pageview_3",
    ]);
    expect(world.graph.unclaimed).toEqual([]);
    expect(sent.progress).toBe(3);
    expect(sent.written).toHaveLength(3);
    expect(sent.outcomes[0]).toMatchObject({ eventId: "pageview_1", because: "Meta received it" });
  });

  test("at most 1,000 sales share a request, each pixel's in a request of its own", async () => {
    insert(2001);
    insert(3, at(2, "2002"));
    const sent = await sendPlan(world);
    expect(world.graph.requests.map(({ pixelId, sales }) => [pixelId, sales.length])).toEqual(
      expect.arrayContaining([
        ["1001", 1000],
        ["1001", 1000],
        ["1001", 1],
        ["2002", 3],
      ]),
    );
    expect(sizes()).toHaveLength(4);
    expect(sent.outcomes.every(({ effect }) => effect === "confirmed")).toBe(true);
    expect(new Set(world.graph.requests.flatMap(({ sales }) => sales)).size).toBe(2004);
  });

  test("two pools of one pixel are two lanes: each has a token of its own", async () => {
    insert(1, at(1, "1001"));
    insert(1, at(2, "1001"));
    await sendPlan(world);
    expect(world.graph.requests.map(({ pixelId, pool }) => [pixelId, pool])).toEqual([
      ["1001", 1],
      ["1001", 2],
    ]);
  });

  test("outcomes come in the order of the plan, whatever lane was first", async () => {
    const plan = async () => {
      insert(1, { ...at(2, "2002"), paidAt: world.clock.now() - 3 * hour });
      insert(1, { ...at(1, "1001"), paidAt: world.clock.now() - 9 * hour });
      insert(1, { ...at(2, "2002"), paidAt: world.clock.now() - 6 * hour });
      return await world.plan();
    };
    const planned = await plan();
    const sent = await sendPlan(world, planned);
    expect(sent.outcomes.map(({ judged }) => judged.sale.id)).toEqual(
      planned.act.map(({ judged }) => judged.sale.id),
    );
    expect(sent.outcomes.map(({ judged }) => judged.sale.id)).toEqual([2, 3, 1]);
  });
});

describe("refused credentials, or a pixel that may not be used", () => {
  test.each(["credentials", "policy"] as const)(
    "%s: its own sales stop, and the others go on",
    async (scope) => {
      const [first, second] = [insert(1500), insert(3, at(2, "2002"))];
      world.graph.script = ({ pixelId, sales }) =>
        pixelId === "1001" ? refused(scope, { code: 190, message: "expired token" }) : accepted(sales.length);
      const sent = await sendPlan(world);
      const reason = "not tried: Meta refused: 190 expired token";
      expect(endings(sent)).toEqual({
        ...all(first.slice(0, 1000), "not-sent, kept"),
        ...all(first.slice(1000), reason),
        ...all(second, "accepted, confirmed"),
      });
      expect(world.graph.requests.filter(({ pixelId }) => pixelId === "1001")).toHaveLength(1);
      expect(first.every((id) => world.shop.read(id).flagged)).toBe(true);
    },
  );

  test("a sale of the same token whose carrier lies elsewhere is not tried either", async () => {
    const [a] = insert(1, {
      pageviewEventId: "shared",
      paidAt: world.clock.now() - 6 * hour,
      ...at(2, "1001"),
    });
    const [b] = insert(1, { pageviewEventId: "shared", ...at(1, "1001") });
    const [c] = insert(1, at(1, "1001"));
    world.graph.script = ({ pool: lane, sales }) =>
      lane === 1 ? refused("credentials", { code: 190 }) : accepted(sales.length);
    const plan = await world.plan("resend", { named: true, acceptDuplicate: true });
    const sent = await sendPlan(world, plan);
    expect(endings(sent)).toMatchObject({ [a!]: "accepted, confirmed", [c!]: "not-sent, kept" });
    expect(endings(sent)[b!]).toContain("not tried: Meta refused: 190");
    expect(world.graph.requests.filter(({ pool: lane }) => lane === 1)).toHaveLength(1);
  });
});

describe("bad events among good ones", () => {
  test.each([1, 500, 777, 1000])(
    "one of 1,000, at place %i: found by halving, and the 999 others arrive",
    async (place) => {
      const sales = insert(1000);
      const bad = sales[place - 1]!;
      refusing([bad]);
      const sent = await sendPlan(world);
      expect(endings(sent)).toEqual({ ...all(sales, "accepted, confirmed"), [bad]: "refused, kept" });
      expect(sizes().length).toBeLessThanOrEqual(1 + 2 * 10);
      expect(world.graph.countOf(...sales)).toBe(999);
      expect(world.shop.read(bad)).toMatchObject({ flagged: true, metaEventId: null });
      const found = sent.outcomes.find(({ judged }) => judged.sale.id === bad);
      expect(found?.because).toContain("Meta refused: 100/2804009 about the event");
    },
  );

  test("several bad ones are each found; no good one is lost, and none is sent twice after it arrived", async () => {
    const sales = insert(1000);
    const bad = [3, 4, 500, 998, 999].map((index) => sales[index]!);
    refusing(bad);
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual({ ...all(sales, "accepted, confirmed"), ...all(bad, "refused, kept") });
    expect(world.graph.ledger).toHaveLength(995);
    expect(sizes().length).toBeLessThan(5 * 2 * 10);
  });

  test("a request that is refused for no event in particular is halved too, and its last sales were not sent", async () => {
    const sales = insert(4);
    refusing([sales[1]!], "request");
    expect(endings(await sendPlan(world))).toEqual({
      ...all(sales, "accepted, confirmed"),
      2: "not-sent, kept",
    });
  });

  test("a journal row for each sale of each request, and each is settled", async () => {
    insert(5);
    refusing([5]);
    await sendPlan(world);
    expect(world.shop.journal).toHaveLength(sizes().reduce((sum, size) => sum + size, 0));
    expect(world.shop.journal.every(({ settledAt }) => settledAt !== null)).toBe(true);
    expect(journalOf(5).at(-1)).toBe("refused, kept");
    expect(journalOf(1)).toEqual(["not-sent, kept", "accepted, confirmed"]);
  });

  test("a refusal gives the sale back where the plan allowed that before the attempt", async () => {
    const [bad, good] = insert(2) as [number, number];
    refusing([bad]);
    const sent = await sendPlan(world, await world.plan("resend", { revertRefused: true }));
    expect(endings(sent)).toEqual({ [bad]: "refused, reverted", [good]: "accepted, confirmed" });
    expect(world.shop.read(bad)).toMatchObject({ flagged: false, flaggedAt: null });
  });

  test("ten equal refusals in a row stop the pixel, and no other", async () => {
    const sales = insert(40);
    const others = insert(1, at(2, "2002"));
    refusing(sales);
    const sent = await sendPlan(world);
    const refusals = Object.values(endings(sent)).filter((ending) => ending === "refused, kept");
    expect(refusals, "the tenth tells that the fault is not in the sales").toHaveLength(9);
    expect(endings(sent)[40]).toBe("not-sent, kept");
    expect(endings(sent)[others[0]!]).toBe("accepted, confirmed");
    expect(sent.outcomes.length + sent.unreached.length).toBe(41);
  });
});

describe("too few events received", () => {
  test("each sale goes again alone, under the identical id, and all of them arrive once", async () => {
    const sales = insert(5);
    world.graph.script = ({ sales: asked }) => (asked.length > 1 ? short(3) : accepted(1));
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual(all(sales, "accepted, confirmed"));
    expect(sizes()).toEqual([5, 1, 1, 1, 1, 1]);
    expect(world.graph.requests.slice(1).flatMap(({ eventIds }) => eventIds)).toEqual(ids(0));
    expect(sales.map((id) => world.graph.countOf(id))).toEqual([1, 1, 1, 1, 1]);
    expect(journalOf(1)).toEqual(["unconfirmed, kept", "accepted, confirmed"]);
  });
});

describe("an answer that is lost", () => {
  test("the identical request goes again, at most three times in all, then its sales are unconfirmed", async () => {
    const sales = insert(3);
    world.graph.script = () => lost(3);
    const sent = await sendPlan(world, await world.plan("resend", { revertRefused: true }));
    expect(endings(sent)).toEqual(all(sales, "unconfirmed, kept"));
    expect(sizes()).toEqual([3, 3, 3]);
    expect(ids(1)).toEqual(ids(0));
    expect(ids(2)).toEqual(ids(0));
    expect(sentTimes()).toEqual([0, 1_000, 3_000]);
    expect(sales.every((id) => world.shop.read(id).flagged)).toBe(true);
    expect(world.graph.countOf(...sales)).toBe(3);
  });

  test.each([0, 1, 2])(
    "and answered at last: accepted once, whether Meta had stored %i of it before",
    async (stored) => {
      const sales = insert(2);
      world.graph.script = ({ sales: asked }) => (sizes().length < 3 ? lost(stored) : accepted(asked.length));
      expect(endings(await sendPlan(world))).toEqual(all(sales, "accepted, confirmed"));
      expect(sales.map((id) => world.graph.countOf(id))).toEqual([1, 1]);
      expect(journalOf(1)).toEqual(["unconfirmed, kept", "unconfirmed, kept", "accepted, confirmed"]);
    },
  );

  test.each(["event", "request", "credentials"] as const)(
    "a refusal (%s) afterwards does not undo the doubt: unconfirmed, and never given back",
    async (scope) => {
      const [sale] = insert(1) as [number];
      world.graph.script = () => (sizes().length === 1 ? lost(1) : refused(scope));
      const sent = await sendPlan(world, await world.plan("resend", { revertRefused: true }));
      expect(endings(sent)).toEqual({ [sale]: "unconfirmed, kept" });
      expect(sent.outcomes[0]?.because).toContain("an earlier attempt has no answer; Meta refused");
      expect(world.shop.read(sale).flagged).toBe(true);
    },
  );

  test("of an attempt of an earlier run counts too: refused now, the sale is still unconfirmed", async () => {
    const [sale] = insert(1) as [number];
    world.graph.script = () => lost(1);
    await sendPlan(world);
    world.clock.pass(hour);
    world.graph.script = () => refused("event");
    const sent = await sendPlan(world, await world.plan("resend", { revertRefused: true, named: true }));
    expect(endings(sent)).toEqual({ [sale]: "unconfirmed, kept" });
    expect(world.shop.read(sale).flagged).toBe(true);
  });

  test("again and again: after two requests that stayed without an answer, the pixel's others are not tried", async () => {
    insert(2500);
    world.graph.script = () => lost(0);
    const sent = await sendPlan(world);
    expect(sizes()).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
    expect(sent.unreached).toHaveLength(500);
    expect(sent.unreached[0]?.because).toContain("2 requests in a row stayed without a certain answer");
  });
});

describe("a rate limit", () => {
  test("is waited for as long as Meta says, told to whoever watches, and the same sales go again", async () => {
    const sales = insert(2);
    world.graph.script = ({ sales: asked }) =>
      sizes().length === 1 ? refused("rate", { code: 4, waitMs: 7 * minute }) : accepted(asked.length);
    const sent = await sendPlan(world);
    expect(endings(sent)).toEqual(all(sales, "accepted, confirmed"));
    expect(sentTimes()).toEqual([0, 7 * minute]);
    expect(sent.notices).toEqual([expect.stringContaining("waiting 7m")]);
  });

  test("that outlasts --max-runtime ends the pixel at once, not after it; the sales are kept", async () => {
    const [sales, others] = [insert(2), insert(1, at(2, "2002"))];
    world.graph.script = ({ pixelId, sales: asked }) =>
      pixelId === "1001" ? refused("rate", { code: 4, waitMs: 11 * minute }) : accepted(asked.length);
    const start = world.clock.now();
    const sent = await sendPlan(world, undefined, { maxRuntimeMs: 10 * minute });
    expect(endings(sent)).toEqual({ ...all(sales, "not-sent, kept"), ...all(others, "accepted, confirmed") });
    expect(world.clock.now()).toBe(start);
    expect(sent.outcomes[0]?.because).toContain("Meta refused: 4 about the rate");
  });

  test("without a time named: a minute, then two; no request is made after --max-runtime", async () => {
    insert(1);
    world.graph.script = () => refused("rate", { code: 4 });
    await sendPlan(world, undefined, { maxRuntimeMs: 4 * minute });
    expect(sentTimes()).toEqual([0, minute, 3 * minute]);
  });
});

describe("Meta's own trouble", () => {
  test("no connection: three tries, and nothing counts as sent; the pixel's others are not tried", async () => {
    insert(1001);
    world.graph.script = unreached;
    const sent = await sendPlan(world);
    expect(sizes()).toEqual([1000, 1000, 1000]);
    expect(endings(sent)[1]).toBe("not-sent, kept");
    expect(sent.unreached.map(({ because }) => because)).toEqual([
      "not tried: no connection to Meta was made: connection refused",
    ]);
  });

  test("and then a connection: sent as if nothing had been", async () => {
    const sales = insert(2);
    world.graph.script = ({ sales: asked }) => (sizes().length < 3 ? unreached() : accepted(asked.length));
    expect(endings(await sendPlan(world))).toEqual(all(sales, "accepted, confirmed"));
  });

  test("an error that says it will pass is waited out, at least as long as it asks", async () => {
    const sales = insert(2);
    world.graph.script = ({ sales: asked }) =>
      sizes().length === 1 ? refused("transient", { waitMs: 20_000 }) : accepted(asked.length);
    expect(endings(await sendPlan(world))).toEqual(all(sales, "accepted, confirmed"));
    expect(sentTimes()).toEqual([0, 20_000]);
  });
});

test("a fault that shows only when the event is built leaves its sale, and no attempt is on record for it", async () => {
  const [broken, good] = insert(2) as [number, number];
  world.graph.faults.set(broken, "the token cannot be decrypted");
  const sent = await sendPlan(world);
  expect(endings(sent)).toEqual({
    [broken]: "not sent: the token cannot be decrypted",
    [good]: "accepted, confirmed",
  });
  expect(journalOf(broken)).toEqual([]);
});

test("a test event code of a pool goes with its events", async () => {
  insert(1, { pools: [pool({ testEventCode: "TEST1" } satisfies Partial<Pool>)] });
  const codes: (string | null)[] = [];
  const { sender } = world.context();
  const listening = {
    ...sender,
    post: (...[to, events, signal]: Parameters<typeof sender.post>) => {
      codes.push(to.testEventCode);
      return sender.post(to, events, signal);
    },
  };
  await sendPlan(world, undefined, { ports: { sender: listening } });
  expect(codes).toEqual(["TEST1"]);
});

describe("a sale that spoils its request spoils it for the others in no more than a few runs", () => {
  test("Meta fails over one event (5xx) and never answers: the others get through, each counted once", async () => {
    const sales = insert(300);
    world.graph.script = ({ sales }) => (sales.includes(7) ? lost(0) : accepted(sales.length));
    for (let run = 0; run < 4; run += 1) {
      await sendPlan(world);
      world.clock.pass(10 * minute);
    }
    const stuck = sales.filter((id) => world.shop.read(id).metaEventId === null);
    expect(stuck).toEqual([7]);
    expect(sales.filter((id) => world.graph.countOf(id) !== 1)).toEqual([7]);
  });

  test("ten at the head of the queue are refused for a reason that is not in the event: the next run tries the others first", async () => {
    const bad = insert(12);
    const good = insert(5, { paidAt: world.clock.now() - hour });
    refusing(bad, "request");
    await sendPlan(world);
    await sendPlan(world);
    expect(good.map((id) => world.shop.read(id).metaEventId)).toEqual(good.map((id) => `pageview_${id}`));
    expect(bad.map((id) => world.shop.read(id).metaEventId)).toEqual(bad.map(() => null));
  });
});
