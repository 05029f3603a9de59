/* oxlint-disable no-empty-pattern -- vitest reads from the pattern what a fixture needs, be it nothing */
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { describe, expect, test as base } from "vitest";
import { startGraph } from "../../demo/graph/start.js";
import type { GraphPhase } from "../../prove/graph-gate.js";
import { startGraphGate } from "../../prove/graph-gate.js";

/* Where the gate breaks an exchange, as the program sees it and as Meta does. */

const pixel = "410000000000001";
const path = `/v26.0/${pixel}/events`;
const body = JSON.stringify({
  data: [
    {
      event_name: "Purchase",
      event_time: Math.floor(Date.now() / 1000) - 60,
      event_id: "pageview_7",
      action_source: "website",
      event_source_url: "https://loja.example/go/um",
      user_data: { client_ip_address: "203.0.113.7", client_user_agent: "Mozilla/5.0" },
      custom_data: { value: 10, currency: "BRL" },
    },
  ],
});
const headers = {
  authorization: "Bearer token-of-um",
  "content-type": "application/json",
  "content-length": String(body.length),
};

const test = base.extend("graph", { scope: "file" }, async ({}, { onCleanup }) => {
  const graph = await startGraph({ pixels: [{ id: pixel, name: "um", tokens: ["token-of-um"] }] });
  onCleanup(() => graph.stop());
  return graph;
});

/** What a client hears through a gate that breaks its request; how often the gate said that it struck. */
async function through<T>(graph: string, phase: GraphPhase, ask: (url: string) => Promise<T>) {
  let hits = 0;
  const hit = () => void (hits += 1);
  const gate = await startGraphGate(graph, { at: 1, phase, freeze: () => undefined, hit });
  const heard = await ask(gate.url);
  gate.close();
  return { ...heard, hits };
}

/** Over HTTP: the status, and whether all that was announced has come. */
async function post(url: string): Promise<{ status: number | null; part: "none" | "some" | "all" }> {
  return await new Promise((resolve) => {
    const sent = request(url + path, { method: "POST", headers, agent: false });
    const unheard = () => resolve({ status: null, part: "none" });
    sent.on("error", unheard);
    sent.once("response", (answer) => {
      // In the middle of an answer it is the request that fails, before the answer closes.
      sent.off("error", unheard).on("error", () => undefined);
      let length = 0;
      const part = () => {
        if (length === 0) return "none";
        return length === Number(answer.headers["content-length"]) ? "all" : "some";
      };
      answer.on("data", (chunk: Buffer) => (length += chunk.length)).on("error", () => undefined);
      answer.once("close", () => resolve({ status: answer.statusCode ?? null, part: part() }));
    });
    sent.end(body);
  });
}

/** On a bare socket, which tells a reset from an orderly end. */
async function last(url: string): Promise<{ end: "reset" | "orderly" }> {
  return await new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
    socket.once("error", () => resolve({ end: "reset" }));
    socket.once("end", () => resolve({ end: "orderly" })).resume();
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${path} HTTP/1.1\r\nhost: graph\r\n${fields.join("")}\r\n${body}`);
  });
}

describe("an exchange with Meta that breaks", () => {
  test.for([
    ["half-asked", { status: null, part: "none" }, "reset", 0],
    ["unstored", { status: null, part: "none" }, "orderly", 0],
    ["unanswered", { status: null, part: "none" }, "orderly", 1],
    ["half", { status: 200, part: "some" }, "orderly", 1],
    ["half-reset", { status: 200, part: "some" }, "reset", 1],
  ] as const)("%s", async ([phase, heard, end, stored], { graph }) => {
    await graph.reset();
    expect(await through(graph.url, phase, post)).toEqual({ ...heard, hits: 1 });
    expect(await graph.ledger()).toHaveLength(stored);
    expect(await through(graph.url, phase, last)).toEqual({ end, hits: 1 });
    expect(await graph.ledger()).toHaveLength(2 * stored);
  });

  test("is whole where it lies unread: the program is stopped before the answer leaves", async ({
    graph,
  }) => {
    await graph.reset();
    expect(await through(graph.url, "unread", post)).toEqual({ status: 200, part: "all", hits: 1 });
    expect(await graph.ledger()).toHaveLength(1);
  });
});

test("of a request that is torn, Meta gets half of the body, and then a reset", async () => {
  const said: Buffer[] = [];
  const server = createServer();
  const end = new Promise<string>((resolve) => {
    server.once("connection", (socket) => {
      socket.on("data", (chunk: Buffer) => void said.push(chunk));
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
      socket.once("end", () => resolve("orderly"));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await through(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "half-asked", post);
  expect(await end).toBe("ECONNRESET");
  server.close();
  const [head, half] = Buffer.concat(said).toString().split("\r\n\r\n");
  expect(head).toContain(`content-length: ${body.length}`);
  expect(half).toBe(body.slice(0, Math.floor(body.length / 2)));
});
