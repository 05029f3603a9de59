import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FaultRule } from "../../demo/graph/start.js";
import type { Graph, Sending } from "../cast/graph.js";
import { errorOf, pixel1, pixel2, purchase, send, startTwoPixels } from "../cast/graph.js";

const toPixel2 = { pixel: pixel2.id, token: "token-of-pixel-2" };

let graph: Graph;
beforeAll(async () => void (graph = await startTwoPixels()));
beforeEach(async () => await graph.reset());
afterAll(async () => await graph.stop());

/** The statuses of requests of one event each, one after another. */
async function statuses(
  ...sendings: readonly (readonly [eventId: string, how?: Sending])[]
): Promise<number[]> {
  const seen: number[] = [];
  for (const [eventId, how] of sendings) seen.push((await send(graph, [purchase(eventId)], how)).status);
  return seen;
}

describe("a fault strikes", () => {
  test("once, unless told otherwise", async () => {
    await graph.fault({ fault: "500-1" });
    expect(await statuses(["a"], ["a"])).toEqual([500, 200]);
  });

  test("as often as told, or for ever, until healed", async () => {
    await graph.fault({ fault: "500-1", times: 2 });
    expect(await statuses(["a"], ["a"], ["a"])).toEqual([500, 500, 200]);
    await graph.fault({ fault: "credentials", times: -1 });
    expect(await statuses(["a"], ["a"])).toEqual([401, 401]);
    await graph.heal();
    expect(await statuses(["a"])).toEqual([200]);
  });

  test("in the order of the queue", async () => {
    await graph.fault({ fault: "500-1" }, { fault: "html-502" }, { fault: "policy" });
    expect(await statuses(["a"], ["a"], ["a"], ["a"])).toEqual([500, 502, 400, 200]);
  });

  test("after so many requests, counted from when it was ordered", async () => {
    await graph.fault({ fault: "html-502" }, { fault: "credentials", after: 2 });
    expect(await statuses(["a"], ["a"], ["a"], ["a"])).toEqual([502, 200, 401, 200]);
  });

  test("only the pixel named", async () => {
    await graph.fault({ fault: "500-1", pixel: pixel2.id, times: -1 });
    expect(await statuses(["a"], ["a", toPixel2], ["a"])).toEqual([200, 500, 200]);
  });

  test("only requests that hold the event named", async () => {
    await graph.fault({ fault: "500-2", match: { eventId: "b" }, after: 1 });
    expect(await statuses(["a"], ["b"], ["a"], ["b"], ["b"])).toEqual([200, 200, 200, 500, 200]);
  });

  test("not look-ups and not other paths", async () => {
    await graph.fault({ fault: "500-1" });
    const path = `${graph.url}/v26.0/${pixel1.id}?access_token=token-of-pixel-1`;
    expect((await fetch(path)).status).toBe(200);
    expect(await statuses(["a"])).toEqual([500]);
  });
});

describe("an event that Meta refuses", () => {
  test("sinks every request that holds it, in its own place among the offenders, and no other", async () => {
    await graph.fault({ fault: "event-refused", eventId: "bad", subcode: 2804016 });
    const refused = await send(graph, [purchase("a"), purchase("bad"), purchase("c", { user_data: {} })]);
    expect(errorOf(refused)).toMatchObject({ code: 100, error_subcode: 2804016 });
    const earlier = await send(graph, [purchase("a", { user_data: {} }), purchase("bad")]);
    expect(errorOf(earlier).error_subcode).toBe(2804050);
    expect(await graph.ledger()).toEqual([]);
    expect(await statuses(["bad"], ["a"])).toEqual([400, 200]);
    expect((await graph.ledger()).map((entry) => entry.eventId)).toEqual(["a"]);
  });

  test("may be refused for a while only, with another code, or by one pixel", async () => {
    await graph.fault({ fault: "event-refused", eventId: "bad", code: 131_000, times: 1, pixel: pixel2.id });
    expect(await statuses(["bad"])).toEqual([200]);
    expect(errorOf(await send(graph, [purchase("bad")], toPixel2)).code).toBe(131_000);
    expect(await statuses(["bad", toPixel2])).toEqual([200]);
  });

  test("leaves a fault of the connection to strike first", async () => {
    await graph.fault({ fault: "event-refused", eventId: "bad" }, { fault: "500-1" });
    expect(await statuses(["bad"], ["bad"])).toEqual([500, 400]);
  });
});

test.each([{ fault: "stored-no-anwser" }, { fault: "slow" }, { fault: "event-refused" }, {}])(
  "a fault that makes no sense is an error, not silence: %j",
  async (rule) => {
    await expect(graph.fault(rule as FaultRule)).rejects.toThrow(/fault|needs/);
    expect(await statuses(["a"])).toEqual([200]);
  },
);
