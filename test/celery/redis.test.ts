import { createServer, type Socket } from "node:net";
import { execFileSync } from "node:child_process";
import { inspect as shown } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openRedis, type Redis } from "../../src/celery/redis.js";
import { KnownError } from "../../src/errors.js";
import { Secret } from "../../src/redact.js";
import { freePort } from "../../demo/postgres-watchdog.js";
import { celeryParts } from "../cast/celery.js";
import { startRedis, type RedisServer } from "../cast/redis.js";

const parts = celeryParts();
const password = "p@ss:of/the broker";
const opened: Redis[] = [];

async function open(
  url: string,
  options: { deadlineMs?: number; signal?: AbortSignal } = {},
): Promise<Redis> {
  const redis = await openRedis(new Secret(url), {
    deadlineMs: 2_000,
    name: "purchase-fix/test",
    ...options,
  });
  opened.push(redis);
  return redis;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((redis) => redis.close()));
});

/** Why it failed, in words that hold no password wherever one looks. */
async function whatOf(failing: Promise<unknown>): Promise<string> {
  const error: unknown = await failing.then(
    () => new Error("it went well"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof KnownError)) throw error;
  const all = shown(error, { depth: null, showHidden: true });
  for (const form of [password, encodeURIComponent(password)]) expect(all).not.toContain(form);
  expect(error.problem.next).toBeTruthy();
  return error.problem.what;
}

/** Says `greeting` to everybody, and nothing more. */
async function stranger(greeting: string, hangUp = false): Promise<{ port: number; close(): Promise<void> }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined).resume());
    if (greeting !== "") socket.write(greeting);
    if (hangUp) socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  if (at === null || typeof at === "string") throw new Error("A TCP server has no port.");
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: at.port, close };
}

describe.skipIf(!parts.available)("a real Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  test("answers raw replies, as text or as bytes, in the database of the URL", async () => {
    const redis = await open(server.url(3));
    await redis.send(["SET", "café", Buffer.from([0, 255, 10])]);
    expect(await redis.send(["GET", "café"], { buffers: true })).toEqual(Buffer.from([0, 255, 10]));
    expect(await redis.send(["HGETALL", "nothing"])).toEqual([]);
    await redis.send(["HSET", "hash", "field", "value"]);
    expect(await redis.send(["HGETALL", "hash"])).toEqual(["field", "value"]);
    expect(await server.command("-n", "3", "dbsize")).toEqual(["2"]);
    expect(await server.command("-n", "0", "dbsize")).toEqual(["0"]);
    expect((await server.command("client", "list")).join()).toContain("name=purchase-fix/test ");
  });

  test("says why it refused a command, and answers the next one", async () => {
    const redis = await open(server.url());
    expect(await whatOf(redis.send(["LPUSH"]))).toContain("could not do what we asked");
    expect(await redis.send(["PING"])).toBe("PONG");
  });

  test("is listened to on a pattern until the end, while commands go on", async () => {
    const redis = await open(server.url());
    const heard: string[] = [];
    await redis.psubscribe("/0.celeryev/*", (channel, message) => heard.push(`${channel} ${message}`));
    expect(await redis.send(["PUBLISH", "/0.celeryev/worker.heartbeat", "beat"])).toBe(1);
    await vi.waitFor(() => expect(heard).toEqual(["/0.celeryev/worker.heartbeat beat"]));
    await redis.close();
    await vi.waitFor(async () => expect((await server.command("pubsub", "numpat"))[0]).toBe("0"));
    expect((await server.command("client", "list")).join()).not.toContain("purchase-fix/test");
  });

  test("that stands still is given up at our deadline, not at the library's", async () => {
    const redis = await open(server.url(), { deadlineMs: 300 });
    await server.command("client", "pause", "1500", "all");
    expect(await whatOf(redis.send(["GET", "a"]))).toMatch(/did not answer within 300 ms$/);
    expect(await whatOf(redis.send(["PING"]))).toMatch(/did not answer within 300 ms$/);
    await server.command("client", "unpause");
  });

  test("is waited for as long as one command asks", async () => {
    const redis = await open(server.url(), { deadlineMs: 100 });
    expect(await redis.send(["BRPOP", "nothing", "0.5"], { timeoutMs: 5_000 })).toBeNull();
  });

  test("that was left by a signal can still be tidied up, until the end", async () => {
    const stop = new AbortController();
    const redis = await open(server.url(), { signal: stop.signal });
    const waiting = redis.send(["BRPOP", "nothing", "0.3"], { timeoutMs: 5_000 });
    stop.abort(new Error("Ctrl-C"));
    await expect(waiting).rejects.toThrow("Ctrl-C");
    expect(await redis.send(["DEL", "nothing"])).toBe(0);
    await redis.close();
    expect(
      await whatOf(redis.send(["PING"]).catch((error: unknown) => Promise.reject(named(error)))),
    ).toContain("closed");
    await expect(open(server.url(), { signal: stop.signal })).rejects.toThrow("Ctrl-C");
  });

  test("that dies fails what is under way and what comes after, once, without trying again", async () => {
    const mortal = await startRedis();
    const redis = await open(mortal.url());
    const waiting = whatOf(redis.send(["BRPOP", "nothing", "9"], { timeoutMs: 20_000 }));
    await mortal.stop();
    expect(await waiting).toMatch(/ hung up$/);
    expect(await whatOf(redis.send(["PING"]))).toMatch(/ hung up$/);
  });

  test("has no such database", async () => {
    expect(await whatOf(open(server.url(999)))).toMatch(/has no such database$/);
  });
});

describe.skipIf(!parts.available)("a Redis with passwords, on TCP and on a socket file", () => {
  let server: RedisServer;
  let socketFile: string;
  const quoted = encodeURIComponent(password);
  beforeAll(async () => {
    const user = [
      "--user",
      "shop",
      "on",
      `>${password.replace(" ", "-")}`,
      "~celery*",
      "+ping",
      "+select",
      "+llen",
    ];
    server = await startRedis(["--requirepass", password, "--unixsocket", "redis.sock", ...user]);
    socketFile = `${server.folder}/redis.sock`;
  });
  afterAll(() => server?.stop());

  test("opens to the right one, and to a user who may not even name the connection", async () => {
    const all = await open(`redis://:${quoted}@127.0.0.1:${server.port}/1`);
    expect(await all.send(["PING"])).toBe("PONG");
    const login = `shop:${encodeURIComponent(password.replace(" ", "-"))}`;
    const limited = await open(`redis://${login}@127.0.0.1:${server.port}/0`);
    expect(await limited.send(["LLEN", "celery"])).toBe(0);
    expect(await whatOf(limited.send(["LLEN", "tracking:1"]))).toMatch(
      /does not allow our user what we asked$/,
    );
  });

  test("opens on its socket file, in both spellings", async () => {
    for (const url of [
      `redis+socket://:${quoted}@${socketFile}?virtual_host=2`,
      `unix://:${quoted}@${socketFile}?db=2`,
    ]) {
      const redis = await open(url);
      await redis.send(["SET", "here", "1"]);
      expect((await redis.send(["INFO", "keyspace"])) as string).toContain("db2:keys=1");
    }
  });

  test.each([
    ["a wrong password", `redis://:${quoted}x@`, "does not accept the user or the password"],
    ["an unknown user", `redis://nobody:${quoted}@`, "does not accept the user or the password"],
    ["no password", "redis://", "wants a password"],
  ])("stays shut to %s", async (_, start, what) => {
    expect(await whatOf(open(`${start}127.0.0.1:${server.port}/0`))).toBe(
      `the Redis 127.0.0.1:${server.port}/0 ${what}`,
    );
  });
});

describe("what cannot be opened is told in words:", () => {
  test("a closed port, by number and by name", async () => {
    const port = await freePort();
    expect(await whatOf(open(`redis://127.0.0.1:${port}`))).toBe(
      `nobody listens at the Redis 127.0.0.1:${port}/0`,
    );
    expect(await whatOf(open(`redis://localhost:${port}`))).toContain("nobody listens");
    expect(await whatOf(open("unix:///no/such.sock"))).toBe("nobody listens at the Redis /no/such.sock/0");
  });

  test("a host that nobody knows", async () => {
    expect(await whatOf(open("redis://no-such-host.invalid"))).toMatch(/is not known$/);
  });

  test.each([
    ["", false, / did not answer within 400 ms$/],
    ["HTTP/1.1 400 Bad Request\r\n\r\n", true, /^what answers at .* is no Redis$/],
    ["220 mail.example ESMTP\r\n", false, /^what answers at .* is no Redis$/],
    [
      "-DENIED Redis is running in protected mode\r\n",
      true,
      /takes connections of its own host only$|hung up$/,
    ],
    ["", true, / hung up$/],
  ])("a stranger that says %j", async (greeting, hangUp, what) => {
    const server = await stranger(greeting, hangUp);
    const url = `redis://:${encodeURIComponent(password)}@127.0.0.1:${server.port}/2`;
    expect(await whatOf(open(url, { deadlineMs: 400 }))).toMatch(what);
    await server.close();
  });

  test("one that speaks no TLS", async () => {
    const server = await stranger("-ERR unknown command\r\n", true);
    expect(await whatOf(open(`rediss://127.0.0.1:${server.port}/0?ssl_cert_reqs=CERT_REQUIRED`))).toMatch(
      /speaks no TLS$|hung up$/,
    );
    await server.close();
  });

  test.each([
    ["sentinel://10.0.0.1:26379;sentinel://10.0.0.2:26379", /Sentinel/],
    ["redis://a:6379;redis://b:6379", /several URLs/],
    ["amqp://guest@localhost//", /no Redis URL/],
    ["redis://:p#ss@host/0", /no Redis URL|not a number/],
    ["redis://host/zero", /not a number/],
    ["rediss://host/0?ssl_ca_certs=/no/such/file", /authorities .* cannot be read/],
  ])("the URL %s", async (url, what) => {
    expect(await whatOf(open(url))).toMatch(what);
  });

  test("nothing when the process is left at once: no socket and no timer keeps it alive", async () => {
    const server = await stranger("");
    const stop = new AbortController();
    const opening = open(`redis://127.0.0.1:${server.port}`, { deadlineMs: 60_000, signal: stop.signal });
    setTimeout(() => stop.abort(new Error("Ctrl-C")), 50);
    await expect(opening).rejects.toThrow("Ctrl-C");
    await server.close();
  });
});

/** The error of a closed connection names no next step: nobody sees it. */
function named(error: unknown): unknown {
  if (!(error instanceof KnownError)) return error;
  return new KnownError({ ...error.problem, next: "none" });
}

describe.skipIf(!parts.available)("a Redis behind TLS", () => {
  let server: RedisServer;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    const folder = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
    const [key, cert] = [`${folder}/key.pem`, `${folder}/cert.pem`];
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost`;
    execFileSync("openssl", [...words.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
    const tls = [
      "--tls-port",
      `${port}`,
      "--tls-cert-file",
      cert,
      "--tls-key-file",
      key,
      "--tls-auth-clients",
      "no",
    ];
    server = await startRedis(tls);
    url = (query) => `rediss://localhost:${port}/0${query.replace("CA", cert)}`;
  });
  let url: (query: string) => string;
  afterAll(() => server?.stop());

  test("opens where its authority is named, or nobody checks", async () => {
    for (const query of ["?ssl_cert_reqs=required&ssl_ca_certs=CA", "?ssl_cert_reqs=CERT_NONE"]) {
      const redis = await open(url(query));
      expect(await redis.send(["PING"])).toBe("PONG");
    }
  });

  test("does not open to a stranger's certificate", async () => {
    expect(await whatOf(open(url("?ssl_cert_reqs=required")))).toMatch(/is not trusted$/);
  });
});
