import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Graph } from "../cast/graph.js";
import { errorOf, pixel1, pixel2, purchase, send, startTwoPixels } from "../cast/graph.js";

const reader = "token-that-only-reads";
const expired = "token-of-last-year";

let graph: Graph;
beforeAll(async () => {
  graph = await startTwoPixels({
    pixels: [{ ...pixel1, readOnlyTokens: [reader] }, pixel2],
    tokens: { [expired]: { expires_at: 1_700_000_000 } },
  });
});
beforeEach(async () => await graph.reset());
afterAll(async () => await graph.stop());

async function post(path: string, init: RequestInit): Promise<number> {
  const answer = await fetch(`${graph.url}/${path}`, { method: "POST", ...init });
  await answer.text();
  return answer.status;
}

describe("an accepted batch", () => {
  test("is answered with the number of events, and stands in the ledger without any value of a customer", async () => {
    const reply = await send(graph, [purchase("a"), purchase("b")], { testEventCode: "TEST1" });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toEqual({
      events_received: 2,
      messages: [],
      fbtrace_id: expect.stringMatching(/^A/) as string,
    });
    const ledger = await graph.ledger();
    expect(ledger.map((entry) => entry.eventId)).toEqual(["a", "b"]);
    expect(ledger[0]).toMatchObject({
      pixel: pixel1.id,
      eventName: "Purchase",
      value: 19.9,
      currency: "BRL",
      testEventCode: "TEST1",
      counted: true,
      future: false,
      sale: null,
      userDataKeys: ["em", "client_ip_address", "client_user_agent"],
    });
    expect(JSON.stringify(ledger)).not.toContain("203.0.113.7");
  });

  test("without a test code is recorded with none", async () => {
    await send(graph, [purchase("a")]);
    expect((await graph.ledger())[0]?.testEventCode).toBeNull();
  });

  test("is summed up per pixel, and the other pixel is left alone", async () => {
    await send(graph, [purchase("a"), purchase("b", { custom_data: { value: 0.1, currency: "brl" } })]);
    expect((await graph.state()).pixels).toEqual([
      { id: pixel1.id, name: "Loja Um", received: 2, counted: 2, money: { BRL: "20.00" } },
      { id: pixel2.id, name: "Loja Dois", received: 0, counted: 0, money: {} },
    ]);
  });

  test("may lie in the future, and is marked", async () => {
    const soon = Math.floor(Date.now() / 1000);
    const reply = await send(graph, [
      purchase("now", { event_time: soon }),
      purchase("later", { event_time: soon + 600 }),
    ]);
    expect(reply.status).toBe(200);
    expect((await graph.ledger()).map((entry) => entry.future)).toEqual([false, true]);
  });
});

describe("the version", () => {
  test.each(["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"])("%s is served", async (version) => {
    expect((await send(graph, [purchase("a")], { version })).status).toBe(200);
  });

  test.each([
    ["v20.0", 2635],
    ["v3.2", 2635],
    ["v27.0", 100],
    ["v26.1", 100],
  ])("%s is refused with code %i", async (version, code) => {
    const reply = await send(graph, [purchase("a")], { version });
    expect([reply.status, errorOf(reply).code]).toEqual([400, code]);
    expect(await graph.ledger()).toEqual([]);
  });

  test("must be named", async () => {
    expect(await post(`${pixel1.id}/events`, { body: JSON.stringify({ data: [purchase("a")] }) })).toBe(400);
    expect(await graph.ledger()).toEqual([]);
  });
});

describe("the token", () => {
  test("may come in the header, the query, a JSON field or a form, and is never recorded", async () => {
    const data = [purchase("a")];
    const token = "token-of-pixel-1";
    const path = `v26.0/${pixel1.id}/events`;
    expect((await send(graph, data)).status).toBe(200);
    expect(await post(`${path}?access_token=${token}`, { body: JSON.stringify({ data }) })).toBe(200);
    expect(await post(path, { body: JSON.stringify({ data, access_token: token }) })).toBe(200);
    const form = new URLSearchParams({ data: JSON.stringify(data), access_token: token });
    expect(await post(path, { body: form })).toBe(200);
    const requests = await graph.requests();
    expect(requests.map((request) => request.tokenSeenIn)).toEqual(["header", "query", "body", "body"]);
    expect(new Set(requests.map((request) => request.digest)).size).toBe(1);
    expect(JSON.stringify([requests, await graph.ledger(), await graph.state()])).not.toContain("token-of");
  });

  test.each([
    ["unknown", { token: "token-of-nobody" }, 401, 190, undefined],
    ["expired", { token: expired }, 401, 190, 463],
    ["of another pixel", { token: "token-of-pixel-2" }, 400, 100, 33],
    ["good, but the pixel unknown", { pixel: "999" }, 400, 100, 33],
    ["without permission to send", { token: reader }, 403, 200, undefined],
  ])("%s is refused", async (_case, how, status, code, subcode) => {
    const reply = await send(graph, [purchase("a")], how);
    const error = errorOf(reply);
    expect([reply.status, error.code, error.error_subcode]).toEqual([status, code, subcode]);
    expect(error.type).toBe("OAuthException");
    expect(await graph.ledger()).toEqual([]);
  });

  test("that is missing is asked for", async () => {
    expect(await post(`v26.0/${pixel1.id}/events`, { body: JSON.stringify({ data: [purchase("a")] }) })).toBe(
      400,
    );
    expect((await graph.requests())[0]).toMatchObject({ tokenSeenIn: null, status: 400 });
  });
});

test("configuration may change while it runs, and a reset brings the first one back", async () => {
  await graph.configure({ pixels: [pixel2] });
  expect((await send(graph, [purchase("a")])).status).toBe(401);
  await graph.reset();
  expect((await send(graph, [purchase("a")])).status).toBe(200);
  expect(await graph.requests()).toHaveLength(1);
});
