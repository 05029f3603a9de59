import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Ledger } from "../../demo/graph/ledger.js";
import type { Graph } from "../cast/graph.js";
import { countedPerSale, hoursAgo, pixel1, pixel2, purchase, send, startTwoPixels } from "../cast/graph.js";

const minute = 60_000;
const hour = 60 * minute;
const toPixel2 = { pixel: pixel2.id, token: "token-of-pixel-2" };

let graph: Graph;
beforeAll(async () => void (graph = await startTwoPixels()));
beforeEach(async () => await graph.reset());
afterAll(async () => await graph.stop());

const counted = async (): Promise<boolean[]> => (await graph.ledger()).map((entry) => entry.counted);

describe("two server copies of one event", () => {
  test("are both received, and the second is not counted", async () => {
    await send(graph, [purchase("a")]);
    expect((await send(graph, [purchase("a"), purchase("b")])).text).toContain(`"events_received":2`);
    expect(await counted()).toEqual([true, false, true]);
    expect((await graph.state()).pixels[0]).toMatchObject({
      received: 3,
      counted: 2,
      money: { BRL: "39.80" },
    });
  });

  test("are folded within one request as well", async () => {
    await send(graph, [purchase("a"), purchase("a")]);
    expect(await counted()).toEqual([true, false]);
  });

  test("are folded 47 h 59 after the first, not 48 h 01 after it", async () => {
    await send(graph, [purchase("a")]);
    await graph.clock(48 * hour - minute);
    await send(graph, [purchase("a")]);
    await graph.clock(48 * hour + minute);
    await send(graph, [purchase("a")]);
    expect(await counted()).toEqual([true, false, true]);
  });

  test("count twice with folding switched off", async () => {
    await graph.configure({ dedup: false });
    await send(graph, [purchase("a")]);
    await send(graph, [purchase("a")]);
    expect(await counted()).toEqual([true, true]);
  });

  test("count twice under another pixel, another name, or without an id", async () => {
    await send(graph, [purchase("a"), purchase("a", { event_name: "Lead" })]);
    await send(graph, [purchase("a")], toPixel2);
    await send(graph, [purchase("x", { event_id: undefined }), purchase("x", { event_id: undefined })]);
    expect(await counted()).toEqual([true, true, true, true, true]);
  });

  test("whatever the order of arrivals, counted copies lie 48 h apart and every other is close behind one", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20 * hour), { maxLength: 30 }), (gaps) => {
        const ledger = new Ledger();
        let at = 0;
        for (const gap of gaps) {
          at += gap;
          ledger.receive(purchase("a"), { at, pixel: "1", testEventCode: null, dedup: true });
        }
        let first = -Infinity;
        for (const entry of ledger.entries) {
          expect(entry.counted).toBe(entry.receivedAt - first >= 48 * hour);
          if (entry.counted) first = entry.receivedAt;
        }
      }),
    );
  });
});

test("the clock ages events too", async () => {
  await graph.clock(8 * 24 * hour);
  expect((await send(graph, [purchase("a")])).status).toBe(400);
  expect(await graph.ledger()).toEqual([]);
});

describe("the ledger tells which sale an event was", () => {
  const time = hoursAgo(2);
  const event = (eventId: string, value: number, eventTime = time): object =>
    purchase(eventId, { event_time: eventTime, custom_data: { value, currency: "BRL" } });

  test("by the id that is the sale's own, by the moment and the amount of a shared click, then by a registered id", async () => {
    await graph.sales([
      { sale: 1, eventTime: time, value: 10, eventIds: ["click"] },
      { sale: 2, eventTime: time, value: 20.1, eventIds: ["click"] },
      { sale: "BOT19_3", eventTime: time + 5, value: 30, eventIds: ["old"] },
    ]);
    await send(graph, [
      event("purchase_1", 99),
      event("purchase_2_1763607031", 99),
      event("purchase_77", 99),
    ]);
    await send(graph, [
      event("click", 20.1),
      event("old", 30, time + 9),
      event("click", 99),
      event("nobody", 99),
    ]);
    expect((await graph.ledger()).map((entry) => entry.sale)).toEqual([1, 2, 77, 2, "BOT19_3", null, null]);
  });

  test("never by a guess between two, nor by a sale of another pixel", async () => {
    await graph.sales([
      { sale: 1, eventTime: time, value: 10 },
      { sale: 2, eventTime: time, value: 10 },
      { sale: 3, pixel: pixel1.id, eventTime: time, value: 30 },
    ]);
    await send(graph, [event("a", 10), event("b", 30)]);
    await send(graph, [event("b", 30)], toPixel2);
    expect((await graph.ledger()).map((entry) => entry.sale)).toEqual([null, 3, null]);
  });

  test("so that double counting shows per sale", async () => {
    await graph.sales([{ sale: 1, eventTime: time, value: 10 }]);
    await send(graph, [
      event("click", 10),
      event("click", 10),
      event("purchase_1", 10),
      event("purchase_2", 10),
    ]);
    expect(countedPerSale(await graph.ledger())).toEqual({ 1: 2, 2: 1 });
  });
});
