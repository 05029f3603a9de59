import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { openGraph, type Batch, type GraphClient } from "../../src/meta/client.js";
import { KnownError } from "../../src/errors.js";
import { Secret } from "../../src/redact.js";
import { closedPort, http, tcp } from "./servers.js";

const clients: GraphClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function graph(url: URL | string, timeoutMs = 5000): GraphClient {
  const client = openGraph({
    url: new URL(url),
    version: "v26.0",
    timeoutMs,
    userAgent: "purchase-fix/test",
  });
  clients.push(client);
  return client;
}

const batch: Batch = {
  pixelId: "1234567890",
  token: new Secret("token-of-pixel-1"),
  events: ['{"event_id":"a"}', '{"event_id":"b"}'],
  testEventCode: null,
};
const accepted = JSON.stringify({ events_received: 2, messages: [], fbtrace_id: "tr" });

describe("a request", () => {
  test("goes to the pixel's events, with the token in the header alone", async () => {
    const server = await http((_request, response) => response.end(accepted));
    expect(await graph(server.url).send(batch)).toEqual({ kind: "accepted", received: 2, fbtraceId: "tr" });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: "POST", path: "/v26.0/1234567890/events" });
    expect(request?.headers).toMatchObject({
      authorization: "Bearer token-of-pixel-1",
      "content-type": "application/json",
      "user-agent": "purchase-fix/test",
    });
    expect(JSON.parse(request?.body ?? "")).toEqual({
      data: [{ event_id: "a" }, { event_id: "b" }],
    });
    expect(`${request?.path} ${request?.body}`).not.toContain("token-of");
  });

  test("carries the pool's test event code where it has one", async () => {
    const server = await http((_request, response) => response.end(accepted));
    await graph(server.url).send({ ...batch, testEventCode: "TEST123" });
    expect(JSON.parse(server.requests[0]?.body ?? "")).toMatchObject({ test_event_code: "TEST123" });
  });

  test("keeps a path in front of the version, as a stand-in may have one", async () => {
    const server = await http((_request, response) => response.end(accepted));
    await graph(new URL("/graph/", server.url)).send(batch);
    expect(server.requests[0]?.path).toBe("/graph/v26.0/1234567890/events");
  });

  test("reuses connections: ten in a row take two at most, since undici frees one a tick late", async () => {
    const server = await http((_request, response) => response.end(accepted));
    const client = graph(server.url);
    for (let n = 0; n < 10; n += 1) await client.send(batch);
    expect(server.requests).toHaveLength(10);
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  test("never queues behind another one", async () => {
    const held: (() => void)[] = [];
    const server = await http((_request, response) => {
      held.push(() => response.end(accepted));
      if (held.length === 3) for (const answer of held) answer();
    });
    const client = graph(server.url);
    const answers = await Promise.all([client.send(batch), client.send(batch), client.send(batch)]);
    expect(answers.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
  });

  test("of a thousand events arrives whole", async () => {
    const events = Array.from({ length: 1000 }, (_, n) => ({
      event_id: `ação-${n}`,
      filler: "x".repeat(1000),
    }));
    const server = await http((_request, response) => response.end('{"events_received":1000}'));
    expect(
      await graph(server.url).send({ ...batch, events: events.map((one) => JSON.stringify(one)) }),
    ).toMatchObject({
      kind: "accepted",
      received: 1000,
    });
    expect(JSON.parse(server.requests[0]?.body ?? "")).toEqual({ data: events });
  });

  test("holds its own events alone, whatever was sent before and meanwhile", async () => {
    const server = await http((_request, response) => response.end(accepted));
    const client = graph(server.url);
    const pairs = ["a long text", "b", "ção", "d"].map((text) => [JSON.stringify(text), `"${text}!"`]);
    const sendAll = async () => await Promise.all(pairs.map((events) => client.send({ ...batch, events })));
    const answers = [...(await sendAll()), ...(await sendAll()), await client.send(batch)];
    expect(answers.map(({ kind }) => kind)).toEqual(answers.map(() => "accepted"));
    const bodies = pairs.map((events) => `{"data":[${events.join(",")}]}`);
    const last = `{"data":[${batch.events.join(",")}]}`;
    expect(server.requests.map(({ body }) => body).toSorted()).toEqual(
      [...bodies, ...bodies, last].toSorted(),
    );
  });

  test("is told apart when refused, with Meta's waiting time", async () => {
    const server = await http((_request, response) => {
      response.writeHead(400, {
        "X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":2}]}',
      });
      response.end('{"error":{"message":"(#80004) Too many calls","code":80004}}');
    });
    expect(await graph(server.url).send(batch)).toMatchObject({
      kind: "refused",
      scope: "rate",
      waitMs: 120_000,
    });
  });
});

describe("nothing is sent", () => {
  test.each(["", "12a", "../me", "1234567890/events?x=", "１２３"])(
    "for the pixel id %j",
    async (pixelId) => {
      const server = await http((_request, response) => response.end(accepted));
      await expect(graph(server.url).send({ ...batch, pixelId })).rejects.toThrow(KnownError);
      expect(server.connections()).toBe(0);
    },
  );

  test.each(["", "two words", "line\r\nX-Evil: 1", "ação"])(
    "with the token %j, which is not repeated",
    async (token) => {
      const server = await http((_request, response) => response.end(accepted));
      const error: unknown = await graph(server.url)
        .send({ ...batch, token: new Secret(token) })
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(KnownError);
      if (token !== "") expect(JSON.stringify(error)).not.toContain(token);
      expect(server.connections()).toBe(0);
    },
  );

  test.each([0, 1001])("for %i events", async (length) => {
    const server = await http((_request, response) => response.end(accepted));
    await expect(
      graph(server.url).send({ ...batch, events: Array.from({ length }, () => "{}") }),
    ).rejects.toThrow(RangeError);
    expect(server.connections()).toBe(0);
  });

  test.each(["26.0", "v26", "v26.0/../x"])("to the version %s", (version) => {
    const url = new URL("http://127.0.0.1");
    expect(() => openGraph({ url, version, timeoutMs: 1, userAgent: "t" })).toThrow(RangeError);
  });
});

describe("unreached: not a byte was written", () => {
  test("at a port where nobody listens", async () => {
    const answer = await graph(`http://127.0.0.1:${await closedPort()}`).send(batch);
    expect(answer).toEqual({ kind: "unreached", because: expect.stringContaining("ECONNREFUSED") as string });
  });

  test("at a name that does not exist", async () => {
    expect(await graph("http://graph.invalid").send(batch)).toMatchObject({ kind: "unreached" });
  });

  test("where the other side speaks no TLS", async () => {
    const server = await http((_request, response) => response.end(accepted));
    expect(await graph(`https://127.0.0.1:${server.url.port}`).send(batch)).toMatchObject({
      kind: "unreached",
    });
    expect(server.requests).toEqual([]);
  });

  test("where the TLS handshake is reset", async () => {
    const server = await tcp((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect(await graph(`https://127.0.0.1:${server.port}`).send(batch)).toMatchObject({ kind: "unreached" });
  });

  test("where the TLS handshake never ends, and nothing follows when it is given up", async () => {
    let received = 0;
    const server = await tcp((socket) => socket.on("data", () => (received += 1)));
    expect(await graph(`https://127.0.0.1:${server.port}`, 200).send(batch)).toEqual({
      kind: "unreached",
      because: "no answer within 200 ms",
    });
    expect(received).toBeLessThanOrEqual(1);
  });

  test("where it was interrupted before", async () => {
    const server = await http((_request, response) => response.end(accepted));
    const answer = await graph(server.url).send({ ...batch, signal: AbortSignal.abort() });
    expect(answer).toEqual({ kind: "unreached", because: "interrupted" });
    expect(server.connections()).toBe(0);
  });

  test("where it was interrupted while connecting, and nothing is written later", async () => {
    const server = await http((_request, response) => response.end(accepted));
    const client = graph(server.url);
    const controller = new AbortController();
    const sending = client.send({ ...batch, signal: controller.signal });
    controller.abort();
    expect(await sending).toEqual({ kind: "unreached", because: "interrupted" });
    // The same client still works, and its second request is the only one that arrives.
    expect(await client.send({ ...batch, events: ["{}", "{}"] })).toMatchObject({ kind: "accepted" });
    expect(server.requests.map(({ body }) => body)).toEqual(['{"data":[{},{}]}']);
  });

  test("after the client was closed", async () => {
    const server = await http((_request, response) => response.end(accepted));
    const client = graph(server.url);
    await client.close();
    expect(await client.send(batch)).toMatchObject({ kind: "unreached" });
  });
});

describe("unknown: the request was written", () => {
  test("and the connection reset before an answer", async () => {
    const server = await http((request) => request.socket.resetAndDestroy());
    expect(await graph(server.url).send(batch)).toMatchObject({ kind: "unknown", status: null });
    expect(server.requests).toHaveLength(1);
  });

  test("and the connection closed before an answer, without a second try", async () => {
    const server = await http((request) => request.socket.end());
    expect(await graph(server.url).send(batch)).toMatchObject({ kind: "unknown", status: null });
    expect(server.requests).toHaveLength(1);
  });

  test("and reset while it was being read", async () => {
    const server = await tcp((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const events = Array.from({ length: 1000 }, () => JSON.stringify({ filler: "x".repeat(10_000) }));
    const answer = await graph(`http://127.0.0.1:${server.port}`).send({ ...batch, events });
    expect(answer).toMatchObject({ kind: "unknown", status: null });
    expect(server.connections()).toBe(1);
  });

  test("on a kept connection that the other side closes at that moment", async () => {
    let first = true;
    const server = await http((request, response) => {
      if (first) response.end(accepted);
      else request.socket.resetAndDestroy();
      first = false;
    });
    const client = graph(server.url);
    expect(await client.send(batch)).toMatchObject({ kind: "accepted" });
    expect(await client.send(batch)).toMatchObject({ kind: "unknown" });
    expect(server.requests).toHaveLength(2);
  });

  test("and never answered: the connection is given up with it", async () => {
    let closed: Promise<unknown> = Promise.reject(new Error("no request"));
    closed.catch(() => undefined);
    const server = await http((request) => (closed = once(request.socket, "close")));
    expect(await graph(server.url, 300).send(batch)).toEqual({
      kind: "unknown",
      because: "no answer within 300 ms",
      status: null,
      fbtraceId: null,
    });
    expect(server.requests).toHaveLength(1);
    await closed;
  });

  test("and answered too slowly, byte by byte", async () => {
    const timers: NodeJS.Timeout[] = [];
    const server = await http((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      timers.push(setInterval(() => response.write(" "), 20));
    });
    expect(await graph(server.url, 300).send(batch)).toMatchObject({ kind: "unknown", status: 200 });
    for (const timer of timers) clearInterval(timer);
  });

  test("and interrupted while the answer was awaited", async () => {
    const server = await http(() => undefined);
    const controller = new AbortController();
    const arrived = server.nextRequest();
    const sending = graph(server.url).send({ ...batch, signal: controller.signal });
    await arrived;
    controller.abort();
    expect(await sending).toMatchObject({ kind: "unknown", because: "interrupted" });
  });

  test("and the client closed while the answer was awaited", async () => {
    const server = await http(() => undefined);
    const client = graph(server.url);
    const arrived = server.nextRequest();
    const sending = client.send(batch);
    await arrived;
    await client.close();
    expect(await sending).toMatchObject({ kind: "unknown" });
  });

  test("and answered by a proxy's page", async () => {
    const server = await http((_request, response) => response.end("<html>200 but no Graph</html>"));
    expect(await graph(server.url).send(batch)).toMatchObject({ kind: "unknown", status: 200 });
  });

  test("and answered by JSON that breaks off", async () => {
    const server = await http((_request, response) => response.end(accepted.slice(0, -5)));
    expect(await graph(server.url).send(batch)).toMatchObject({ kind: "unknown", status: 200 });
  });

  test.each([200, 400])("and the body of a %i breaks off before its announced length", async (status) => {
    const server = await http((request, response) => {
      response.writeHead(status, { "content-length": "1000" });
      response.write(accepted, () => request.socket.destroy());
    });
    expect(await graph(server.url).send(batch)).toMatchObject({ kind: "unknown", status });
  });

  test("and one event too few was received", async () => {
    const server = await http((_request, response) => response.end('{"events_received":1}'));
    expect(await graph(server.url).send(batch)).toMatchObject({ kind: "unknown", short: true });
  });

  test("and the answer does not end: 64 kB are enough", async () => {
    const server = await http((_request, response) => {
      const more = (): boolean => response.write("x".repeat(16_384), () => setImmediate(more));
      more();
    });
    expect(await graph(server.url).send(batch)).toMatchObject({
      kind: "unknown",
      status: 200,
      because: expect.stringContaining("exceeded max size") as string,
    });
  });

  test("and redirected: the other address never sees it", async () => {
    const elsewhere = await http((_request, response) => response.end(accepted));
    const server = await http((_request, response) => {
      response.writeHead(307, { location: new URL("/v26.0/1234567890/events", elsewhere.url).href });
      response.end();
    });
    expect(await graph(server.url).send(batch)).toMatchObject({ kind: "unknown", status: 307 });
    expect(elsewhere.connections()).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  test("and the answer was no HTTP", async () => {
    const server = await tcp((socket) => socket.once("data", () => socket.end("SSH-2.0-OpenSSH\r\n")));
    expect(await graph(`http://127.0.0.1:${server.port}`).send(batch)).toMatchObject({ kind: "unknown" });
  });
});

test("a slow answer within the limit is an answer", async () => {
  const server = await http((_request, response) => void setTimeout(() => response.end(accepted), 150));
  expect(await graph(server.url).send(batch)).toMatchObject({ kind: "accepted" });
});

test("an early hint before the answer does not confuse it", async () => {
  const server = await http((_request, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.end(accepted);
  });
  expect(await graph(server.url).send(batch)).toMatchObject({ kind: "accepted" });
});
