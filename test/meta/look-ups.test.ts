import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openLookUps, type LookUps } from "../../src/meta/look-ups.js";
import { Secret } from "../../src/redact.js";
import type { Graph } from "../cast/graph.js";
import { pixel1, startTwoPixels } from "../cast/graph.js";

const inAMonth = Math.floor(Date.now() / 1000) + 30 * 86_400;
let graph: Graph;
beforeAll(async () => {
  graph = await startTwoPixels({
    pixels: [{ ...pixel1, sendOnlyTokens: ["token-that-only-sends"] }],
    tokens: {
      "token-that-ends": { expires_at: inAMonth },
      "token-that-ended": { expires_at: 1_700_000_000 },
      "token-taken-back": { is_valid: false },
    },
  });
});
afterAll(() => graph.stop());

function open(url = graph.url, version = "v26.0", timeoutMs = 5_000): LookUps {
  const lookUps = openLookUps(
    { url: new URL(url), version, timeoutMs, userAgent: "purchase-fix/test" },
    Date.now,
  );
  onTestFinished(() => lookUps.close());
  return lookUps;
}

const secret = (text: string) => new Secret(text);
const own = secret(pixel1.tokens[0] ?? "");

describe("a token is asked about by itself", () => {
  test("one that Meta knows is valid, with its end where it has one", async () => {
    expect((await open().token(own)).found).toEqual({ kind: "valid", expiresAt: null });
    expect((await open().token(secret("token-that-ends"))).found).toEqual({
      kind: "valid",
      expiresAt: inAMonth * 1000,
    });
  });

  test.each(["token-that-ended", "token-taken-back", "token-of-nobody"])("%s is not", async (token) => {
    const { found } = await open().token(secret(token));
    expect(found).toMatchObject({ kind: "invalid", because: expect.stringMatching(/^code 190: /) });
    expect(JSON.stringify(found)).not.toContain(token);
  });

  test("one that no header can carry is not asked about", async () => {
    const before = await graph.requests();
    expect((await open().token(secret("two words"))).found.kind).toBe("invalid");
    expect(await graph.requests()).toEqual(before);
  });
});

describe("a pixel is asked for by its name", () => {
  test("one that the token reaches is seen; nothing is sent", async () => {
    expect((await open().pixel(pixel1.id, own)).found).toEqual({ kind: "seen" });
    const requests = await graph.requests();
    expect(requests.every(({ kind }) => kind === "look-up")).toBe(true);
    expect(requests.every(({ tokenSeenIn }) => tokenSeenIn === "header")).toBe(true);
    expect(await graph.ledger()).toEqual([]);
  });

  test("a failure is inconclusive: some tokens may send and not look, and a wrong id is answered alike", async () => {
    for (const [pixel, token] of [
      [pixel1.id, "token-that-only-sends"],
      ["999999999", pixel1.tokens[0] ?? ""],
    ] as const) {
      const { found } = await open().pixel(pixel, secret(token));
      expect(found).toMatchObject({
        kind: "inconclusive",
        because: expect.stringMatching(/^code 100: .*'…\d{4}'/),
      });
    }
  });

  test("what is no number never becomes part of a path", async () => {
    const before = await graph.requests();
    expect((await open().pixel("../me", own)).found.kind).toBe("inconclusive");
    expect(await graph.requests()).toEqual(before);
  });
});

describe("version and time come with whatever is answered", () => {
  test("without a token too", async () => {
    const { clock, versionRefused, versionWarning, unreached } = await open().version();
    expect([versionRefused, versionWarning, unreached]).toEqual([null, null, null]);
    expect(Math.abs((clock?.at ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  test.each(["v20.0", "v99.0"])("%s is refused", async (version) => {
    expect((await open(graph.url, version).version()).versionRefused).toMatch(
      /deprecated version|Unknown API version/,
    );
  });
});

describe("an answer that is none", () => {
  test.each([
    ["HTML", (answer: ServerResponse) => answer.writeHead(502).end("<html>Bad Gateway</html>")],
    ["half of a JSON", (answer: ServerResponse) => answer.end('{"data":{"is_val')],
    ["a list", (answer: ServerResponse) => answer.end("[true]")],
    [
      "a valid token of somebody else's making",
      (answer: ServerResponse) => answer.end('{"data":{"is_valid":"yes"}}'),
    ],
    [
      "a redirect",
      (answer: ServerResponse) => answer.writeHead(302, { location: "https://elsewhere.example/" }).end(),
    ],
    [
      "a megabyte",
      (answer: ServerResponse) => answer.end(`{"data":{"is_valid":true,"x":"${"x".repeat(1_000_000)}"}}`),
    ],
    ["nothing", () => undefined],
  ])("%s leaves token and pixel not known", async (_, answer) => {
    const url = await serving((_request, response) => void answer(response));
    const lookUps = open(url, "v26.0", 500);
    expect((await lookUps.token(own)).found.kind).toBe("inconclusive");
    expect((await lookUps.pixel(pixel1.id, own)).found.kind).toBe("inconclusive");
  });

  test("nobody who listens is told as such", async () => {
    const { unreached, clock } = await open("http://127.0.0.1:1").version();
    expect(unreached).toMatch(/ECONNREFUSED/);
    expect(clock).toBeNull();
  });

  test("what it says is cut, and holds no token", async () => {
    const message = `bad token ${pixel1.tokens[0]} ${"x".repeat(1_000)}`;
    const url = await serving((_, response) =>
      response.writeHead(400).end(JSON.stringify({ error: { code: 1, message } })),
    );
    const { found } = await open(url).token(own);
    if (found.kind === "valid") throw new Error("it is not");
    expect(found.because.length).toBeLessThanOrEqual(200);
    expect(found.because).toMatch(/^code 1: bad token \[secret\] x/);
  });
});

async function serving(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(listener ?? (() => undefined));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
