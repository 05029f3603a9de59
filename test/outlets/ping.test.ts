import { describe, expect, test } from "vitest";
import { openPing } from "../../src/outlets/ping.js";
import { redact, Secret } from "../../src/redact.js";
import { sum, summaryOf } from "../cast/summary.js";
import { closedPort, http, tcp } from "../meta/servers.js";
import { hurried } from "./times.js";

const key = "/ping/5d3c1b7e-4a1f-4c55-9d2e-0123456789ab";
const ok = (status = 200, text = "OK") => http((_, response) => response.writeHead(status).end(text));
const at = (url: URL, path = key) => new Secret(new URL(path, url).href);
const done = summaryOf({ resent: sum(1, "97.00") });

describe("a run pings", () => {
  test("its start, then its exit status with the summary as plain text", async () => {
    const server = await ok();
    const ping = openPing(at(server.url), hurried());
    ping.started();
    expect(await ping.ended(done, [])).toBeNull();
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST ${key}/start`,
      `POST ${key}/0`,
    ]);
    const [start, end] = server.requests;
    expect(start?.body).toBe("");
    expect(end?.body).toMatch(/^reconcile: 1 resent \(BRL 97\.00\)\n/);
    expect(end?.headers["content-type"]).toBe("text/plain; charset=utf-8");
  });

  test.each([
    [1, "1"],
    [2, "2"],
    [130, "130"],
    [143, "143"],
    [75, "log"],
  ])("exit code %i as /%s", async (exitCode, suffix) => {
    const server = await ok();
    await openPing(at(server.url), hurried()).ended(summaryOf({ exitCode }), []);
    expect(server.requests.map(({ path }) => path)).toEqual([`${key}/${suffix}`]);
  });

  test.each([
    ["/ping/abc?create=1", "/ping/abc/0?create=1"],
    ["/ping/abc/", "/ping/abc/0"],
    ["/", "/0"],
  ])("a URL that ends in %s as %s", async (path, asked) => {
    const server = await ok();
    expect(await openPing(at(server.url, path), hurried()).ended(done, [])).toBeNull();
    expect(server.requests.map((request) => request.path)).toEqual([asked]);
  });
});

describe("a ping that fails", () => {
  test("with 500 is tried three times in all; then whoever misses it raises the alarm, and --quiet stays silent", async () => {
    const server = await ok(500);
    const posting = hurried();
    const trouble = await openPing(at(server.url), posting).ended(done, []);
    expect([server.requests.length, posting.pauses]).toEqual([3, [1_000, 2_000]]);
    expect(trouble).toMatchObject({ why: "it answered HTTP 500", exitCode: 0, evenQuiet: false });
  });

  test("once is made good by the next try", async () => {
    let asked = 0;
    const server = await http((_, response) => response.writeHead((asked += 1) === 1 ? 503 : 200).end());
    expect(await openPing(at(server.url), hurried()).ended(done, [])).toBeNull();
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    [302, "HTTP 302: redirects are not followed"],
    [404, "it answered HTTP 404"],
  ])("with %i is not tried again, and told even with --quiet: nobody would miss it", async (status, why) => {
    const elsewhere = await ok();
    const server = await http((_, response) =>
      response.writeHead(status, { location: elsewhere.url.href }).end(),
    );
    const trouble = await openPing(at(server.url), hurried()).ended(done, []);
    expect(trouble).toMatchObject({ why, exitCode: 0, evenQuiet: true });
    expect([server.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
  });

  test("with 200 is told where the service says that it knows no such check", async () => {
    const server = await ok(200, "OK (not found)");
    expect(await openPing(at(server.url), hurried()).ended(done, [])).toMatchObject({
      why: "it answered: not found",
      evenQuiet: true,
    });
  });

  test("because nobody listens, hangs up or never answers, ends in words, in time, and without the key", async () => {
    const reset = await tcp((socket) => socket.destroy());
    const silent = await tcp(() => undefined);
    const ports = [await closedPort(), reset.port, silent.port];
    const troubles = await Promise.all(
      ports.map((port) => openPing(at(new URL(`http://127.0.0.1:${port}`)), hurried()).ended(done, [])),
    );
    expect(troubles.map((trouble) => trouble?.why)).toEqual([
      expect.stringContaining("ECONNREFUSED"),
      expect.stringMatching(/closed|ECONNRESET/),
      "no answer within 0.3 s",
    ]);
    expect([reset.connections(), silent.connections()]).toEqual([3, 3]);
    expect(JSON.stringify(troubles)).not.toContain("5d3c1b7e");
  });

  test("is given up when fifteen seconds are over, however many tries are left", async () => {
    const silent = await tcp(() => undefined);
    const posting = hurried(50);
    // Each pause takes eight seconds: the host is slow.
    const slow = { ...posting.clock, sleep: () => posting.clock.sleep(8_000) };
    await openPing(at(new URL(`http://127.0.0.1:${silent.port}`)), { ...posting, clock: slow }).ended(
      done,
      [],
    );
    expect(silent.connections()).toBe(2);
  });
});

describe("an odd answer", () => {
  test("is one by its status, though its body never ends, or is huge", async () => {
    const slow = await http((_, response) => response.writeHead(200).write("O"));
    const huge = await http((_, response) => response.writeHead(200).write("x".repeat(5_000_000)));
    expect(await openPing(at(slow.url), hurried()).ended(done, [])).toBeNull();
    expect(await openPing(at(huge.url), hurried()).ended(done, [])).toBeNull();
  });

  test("that is no HTTP is a trouble", async () => {
    const other = await tcp((socket) => socket.end("220 mail.example.com ESMTP\r\n"));
    const url = new URL(`http://127.0.0.1:${other.port}`);
    expect(await openPing(at(url), hurried()).ended(done, [])).toMatchObject({ exitCode: 0 });
  });
});

describe("the start", () => {
  test("does not hold up the run, and is over before the end is told", async () => {
    const server = await http((request, response) => {
      setTimeout(() => response.writeHead(200).end(), request.url?.endsWith("/start") ? 100 : 0);
    });
    const ping = openPing(at(server.url), hurried());
    ping.started();
    expect(server.requests).toEqual([]);
    await ping.ended(done, []);
    expect(server.requests.map(({ path }) => path.split("/").at(-1))).toEqual(["start", "0"]);
  });

  test("is not tried again once the run has ended", async () => {
    const server = await ok(500);
    const ping = openPing(at(server.url), hurried());
    ping.started();
    await ping.ended(done, []);
    expect(server.requests.map(({ path }) => path.split("/").at(-1))).toEqual(["start", "0", "0", "0"]);
  });
});

test("the URL is a secret wherever it turns up", async () => {
  const secret = at(new URL("https://hc-ping.com"));
  expect(secret.toString() + JSON.stringify(secret)).not.toContain("5d3c1b7e");
  expect(redact(`POST https://hc-ping.com${key}/start`)).toBe("POST [secret]/start");
});
