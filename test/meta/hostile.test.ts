import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { openGraph } from "../../src/meta/client.js";
import type { GraphClient } from "../../src/meta/client.js";
import { Secret } from "../../src/redact.js";
import { http, tcp } from "./servers.js";

// Put together, so that no line of the repository looks like a real one.
const token = ["EAA", "hostileTokenOfThisTest123"].join("");
const batch = {
  pixelId: "1234567890",
  token: new Secret(token),
  events: ['{"event_name":"Purchase"}'],
  testEventCode: null,
};
const accepted = '{"events_received":1,"messages":[],"fbtrace_id":"AbC"}';
const MB = 2 ** 20;

const clients: GraphClient[] = [];
afterEach(async () => void (await Promise.all(clients.splice(0).map((client) => client.close()))));

function graphAt(url: string | URL, timeoutMs = 3_000): GraphClient {
  const client = openGraph({ url: new URL(url), version: "v26.0", timeoutMs, userAgent: "test" });
  clients.push(client);
  return client;
}

/** What the client made of bytes that no HTTP server would send, and how much this process grew meanwhile. */
async function answerTo(head: string, endlessly?: string, timeoutMs?: number) {
  const server = await tcp((socket) => {
    socket.once("data", () => {
      socket.write(head);
      if (endlessly !== undefined) flood(socket, endlessly);
    });
  });
  const before = process.memoryUsage.rss();
  const answer = await graphAt(`http://127.0.0.1:${server.port}`, timeoutMs).send(batch);
  expect(JSON.stringify(answer)).not.toContain(token);
  return { answer, grown: process.memoryUsage.rss() - before };
}

function flood(socket: Socket, text: string): void {
  const chunk = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
  const more = (): void => {
    while (socket.writable && socket.write(chunk));
    if (socket.writable) socket.once("drain", more);
  };
  more();
}

const ok = "HTTP/1.1 200 OK\r\n";

describe("an answer that has no end is given up, with little memory and without an outcome:", () => {
  test.each<[string, string, string]>([
    ["one header", `${ok}X-Filler: `, "a"],
    ["headers", ok, "X-Filler: a\r\n"],
    ["a status line", "HTTP/1.1 200 ", "a"],
    ["a body without a length", `${ok}\r\n`, " "],
    ["a body of 100 GB", `${ok}Content-Length: 100000000000\r\n\r\n`, " "],
    ["chunks", `${ok}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n \r\n"],
    ["a chunk's extension", `${ok}Transfer-Encoding: chunked\r\n\r\n1;x=`, "a"],
    ["trailers", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n`, "X-Filler: a\r\n"],
    ["early hints", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"],
  ])("%s", async (_, head, endlessly) => {
    const { answer, grown } = await answerTo(head, endlessly, 1_000);
    expect(answer).toMatchObject({ kind: "unknown" });
    expect(grown).toBeLessThan(200 * MB);
  });
});

describe("an answer whose length is a lie accepts nothing:", () => {
  test.each<[string, string]>([
    ["shorter than the body", `${ok}Content-Length: 20\r\n\r\n${accepted}`],
    ["negative", `${ok}Content-Length: -1\r\n\r\n${accepted}`],
    ["two of them", `${ok}Content-Length: 2\r\nContent-Length: ${accepted.length}\r\n\r\n${accepted}`],
    ["a number that no number holds", `${ok}Content-Length: 99999999999999999999999\r\n\r\n${accepted}`],
    [
      "a chunk longer than it is",
      `${ok}Transfer-Encoding: chunked\r\n\r\nffffff\r\n${accepted}\r\n0\r\n\r\n`,
    ],
    ["no hexadecimal number", `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n${accepted}\r\n0\r\n\r\n`],
  ])("%s", async (_, bytes) => {
    expect((await answerTo(bytes, undefined, 500)).answer).toMatchObject({ kind: "unknown" });
  });
});

test("an answer that comes before its question is not taken for it", async () => {
  const whole = `${ok}Content-Type: application/json\r\nContent-Length: ${accepted.length}\r\n\r\n${accepted}`;
  let asked = 0;
  const server = await tcp((socket) => {
    // The first question is answered twice, and no other at all.
    socket.on("data", () => ((asked += 1) === 1 ? socket.write(whole + whole) : undefined));
  });
  const client = graphAt(`http://127.0.0.1:${server.port}`, 500);
  expect(["accepted", "unknown"]).toContain((await client.send(batch)).kind);
  expect((await client.send(batch)).kind).not.toBe("accepted");
});

test("a compressed answer is not unpacked: a bomb stays as small as it came", async () => {
  const bomb = gzipSync(Buffer.alloc(40 * MB, 0x20), { level: 9 });
  expect(bomb.length).toBeLessThan(64 * 1024);
  const server = await http((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" });
    response.end(bomb);
  });
  const before = process.memoryUsage.rss();
  expect(await graphAt(server.url).send(batch)).toMatchObject({ kind: "unknown", status: 200 });
  expect(process.memoryUsage.rss() - before).toBeLessThan(30 * MB);
  // An acceptance inside is none either: we never said that we understand it.
  const packed = await http((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(gzipSync(accepted));
  });
  expect(await graphAt(packed.url).send(batch)).toMatchObject({ kind: "unknown" });
});

describe("an answer that echoes the request keeps the token out of what we say", () => {
  const echo = JSON.stringify({ authorization: `Bearer ${token}` });
  test.each<[string, number, string]>([
    ["as a page, refused", 403, `<html>${echo}</html>`],
    ["as a page, failed", 502, `<html>${echo}</html>`],
    ["as a page, with success", 200, `<html>${echo}</html>`],
    ["in an error", 400, JSON.stringify({ error: { message: echo, code: 100, fbtrace_id: token } })],
    ["in an error's title", 400, JSON.stringify({ error: { code: 100, error_user_title: `x ${token}` } })],
    [
      "percent-encoded",
      400,
      JSON.stringify({ error: { code: 1, message: encodeURIComponent(`?t=${token}&`) } }),
    ],
    [
      "cut by the limit of a line",
      400,
      JSON.stringify({ error: { code: 1, message: `${"a ".repeat(95)}${token}` } }),
    ],
    ["as the trace of a success", 200, JSON.stringify({ events_received: 1, fbtrace_id: token })],
  ])("%s", async (_, status, body) => {
    const server = await http((_request, response) => {
      response.writeHead(status, { "retry-after": token, "x-business-use-case-usage": token });
      response.end(body);
    });
    const answer = JSON.stringify(await graphAt(server.url).send(batch));
    expect(answer).not.toContain(token);
    expect(answer).not.toContain(token.slice(0, 12));
  });

  test.each([301, 302, 303, 307, 308])(
    "and a redirect %i to another host is not followed",
    async (status) => {
      const elsewhere = await http((_request, response) => response.end(accepted));
      const server = await http((_request, response) => {
        response.writeHead(status, {
          location: `${elsewhere.url.href}?t=${token}`,
          refresh: `0;url=${elsewhere.url.href}`,
        });
        response.end(accepted);
      });
      expect(await graphAt(server.url).send(batch)).toMatchObject({ kind: "unknown", status });
      expect([server.requests.length, elsewhere.connections()]).toEqual([1, 0]);
      expect(server.requests[0]?.path).toBe("/v26.0/1234567890/events");
      expect(server.requests[0]?.body).not.toContain(token);
    },
  );
});

test("JSON of a hundred thousand brackets is no answer, and no failure of ours", async () => {
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  const server = await http((_request, response) => response.end(`{"events_received":${deep}}`));
  expect(await graphAt(server.url).send(batch)).toMatchObject({ kind: "unknown", status: 200 });
});
