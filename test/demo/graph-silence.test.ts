import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FaultRule } from "../../demo/graph/start.js";
import type { Graph, Reply, RequestEntry } from "../cast/graph.js";
import { pixel2, purchase, send, startTwoPixels } from "../cast/graph.js";

const batch = [purchase("a"), purchase("b"), purchase("c")];

let graph: Graph;
beforeAll(async () => void (graph = await startTwoPixels()));
beforeEach(async () => await graph.reset());
afterAll(async () => await graph.stop());

const stored = async (): Promise<(string | null)[]> => (await graph.ledger()).map((entry) => entry.eventId);
const lastRequest = async (): Promise<RequestEntry | undefined> => (await graph.requests()).at(-1);

async function sendUnder(rule: FaultRule): Promise<Reply> {
  await graph.fault(rule);
  return await send(graph, batch);
}

describe("no answer at all", () => {
  test.each([
    ["stored-no-answer", ["a", "b", "c"]],
    ["no-answer", []],
  ] as const)("%s holds the connection until the client leaves", async (fault, left) => {
    await graph.fault({ fault });
    const patience = new AbortController();
    const sending = send(graph, batch, { signal: patience.signal });
    await graph.requests(1);
    await graph.ledger(left.length);
    patience.abort();
    await expect(sending).rejects.toThrow("aborted");
    expect(await stored()).toEqual(left);
    expect(await lastRequest()).toMatchObject({ status: null, answered: false, fault });
  });

  test.each([
    ["stored-reset", ["a", "b", "c"], null],
    ["reset", [], null],
    ["reset-midway", ["a", "b", "c"], 200],
  ] as const)("%s breaks the connection", async (fault, left, status) => {
    await expect(sendUnder({ fault })).rejects.toThrow();
    expect(await stored()).toEqual(left);
    expect(await lastRequest()).toMatchObject({ status, answered: false, fault });
  });

  test("reset-midway lets the status through before it breaks", async () => {
    await graph.fault({ fault: "reset-midway" });
    const url = `${graph.url}/v26.0/${pixel2.id}/events`;
    const headers = { authorization: "Bearer token-of-pixel-2" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ data: batch }) });
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  test("a reset of the stand-in lets go of held connections", async () => {
    await graph.fault({ fault: "no-answer" });
    const sending = send(graph, batch);
    await Promise.all([
      expect(sending).rejects.toThrow(),
      graph.requests(1).then(async () => await graph.reset()),
    ]);
    expect(await graph.requests()).toEqual([]);
  });
});

describe("slow", () => {
  test("stores at once and answers in the end", async () => {
    expect((await sendUnder({ fault: "slow", ms: 20 })).status).toBe(200);
    expect(await lastRequest()).toMatchObject({ answered: true, fault: "slow" });
  });

  test("has stored although the client lost patience", async () => {
    await graph.fault({ fault: "slow", ms: 600_000 });
    const patience = new AbortController();
    const sending = send(graph, batch, { signal: patience.signal });
    await graph.ledger(3);
    patience.abort();
    await expect(sending).rejects.toThrow("aborted");
    expect(await lastRequest()).toMatchObject({ status: null, answered: false });
  });
});
