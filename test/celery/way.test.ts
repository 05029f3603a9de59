import { describe, expect, test } from "vitest";
import { readHeartbeat } from "../../src/celery/heartbeats.js";
import { isRedisUrl, readRedisUrl } from "../../src/celery/redis-url.js";
import { wayOf, type Wishes } from "../../src/celery/way.js";
import { Secret } from "../../src/redact.js";

const redis = "redis://broker:6379/0";
const cache = "redis://cache:6379/1";
const rabbit = "amqp://guest@localhost//";

function way(wishes: { [K in keyof Wishes]?: Wishes[K] | string }): string {
  const secret = (url: Secret | string | null | undefined) =>
    typeof url === "string" ? new Secret(url) : (url ?? null);
  const found = wayOf({
    via: (wishes.via as Wishes["via"] | undefined) ?? null,
    passive: wishes.passive === true,
    brokerUrl: secret(wishes.brokerUrl),
    redisUrl: secret(wishes.redisUrl),
  });
  return found.via === "cli" ? "cli" : found.url.reveal();
}

describe("the workers are asked", () => {
  test.each([
    ["over Redis where the broker is one", { brokerUrl: redis }, redis],
    ["over the broker rather than the application's cache", { brokerUrl: redis, redisUrl: cache }, redis],
    ["over the application's Redis where no broker is named", { redisUrl: cache }, cache],
    [
      "by the command where the broker is another, even beside a Redis",
      { brokerUrl: rabbit, redisUrl: cache },
      "cli",
    ],
    ["by the command, which knows the application's own broker, where nothing is named", {}, "cli"],
    ["by the command behind Sentinel", { brokerUrl: "sentinel://a:1;sentinel://b:2" }, "cli"],
    ["by the command where that is wished", { brokerUrl: redis, via: "cli" }, "cli"],
    ["passively over Redis", { brokerUrl: redis, passive: true }, redis],
  ])("%s", (_, wishes, expected) => {
    expect(way(wishes)).toBe(expected);
  });

  test.each([
    ["--via redis without a URL", { via: "redis" }, "--via redis needs to know the workers' Redis"],
    ["--passive without a URL", { passive: true }, "--passive needs to know the workers' Redis"],
    ["--passive by the command", { via: "cli", brokerUrl: redis, passive: true }, "which --via cli cannot"],
    ["--passive on RabbitMQ", { brokerUrl: rabbit, passive: true }, "--passive needs a Redis broker"],
    [
      "--via redis on RabbitMQ",
      { brokerUrl: rabbit, redisUrl: cache, via: "redis" },
      "--via redis needs a Redis broker",
    ],
  ])("not at all with %s", (_, wishes, what) => {
    expect(() => way(wishes)).toThrow(what);
  });
});

describe("a Redis URL is read as Celery reads it:", () => {
  test.each([
    ["redis://", "localhost:6379/0"],
    ["redis://:p%40ss@host", "host:6379/0"],
    ["redis://user:pass@host:7000/3", "host:7000/3"],
    ["redis://host//2", "host:6379/2"],
    ["redis://[::1]:7000/1", "[::1]:7000/1"],
    ["rediss://host/0?ssl_cert_reqs=CERT_NONE", "host:6379/0"],
    ["redis+socket:///run/redis.sock?virtual_host=4", "/run/redis.sock/4"],
    ["unix://:pass@/run/redis.sock?db=5", "/run/redis.sock/5"],
  ])("%s", (url, name) => {
    expect(isRedisUrl(url)).toBe(true);
    expect(readRedisUrl(url).name).toBe(name);
    expect(name).not.toMatch(/pass|p@ss/);
  });

  test("user, password and TLS", () => {
    expect(readRedisUrl("redis://:p%40ss@host")).toMatchObject({
      username: null,
      password: "p@ss",
      tls: null,
    });
    expect(readRedisUrl("rediss://ana@host?ssl_cert_reqs=none&ssl_ca_certs=/ca.pem")).toMatchObject({
      username: "ana",
      password: null,
      tls: { verify: false, caFile: "/ca.pem" },
    });
    expect(readRedisUrl("rediss://host").tls).toEqual({ verify: true, caFile: null });
  });
});

describe("a heartbeat", () => {
  const beat = (body: unknown) =>
    JSON.stringify({ body: Buffer.from(JSON.stringify(body)).toString("base64"), headers: {} });

  test("is dated by our own clock, whatever the worker's shows", () => {
    const heard = readHeartbeat(
      beat({ hostname: "w1@lab", pid: 7, active: 2, processed: 9, timestamp: 1 }),
      5_000,
    );
    expect(heard).toEqual({ name: "w1@lab", pid: 7, active: 2, processed: 9, heardAt: 5_000 });
  });

  test.each(["", "null", "[]", "{}", '{"body":"!"}', beat([]), beat({ pid: 7 })])("is not %j", (message) => {
    expect(readHeartbeat(message, 0)).toBeNull();
  });
});
