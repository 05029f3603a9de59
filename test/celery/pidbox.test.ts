import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { methods, type Method } from "../../src/celery/envelope.js";
import { ask } from "../../src/celery/pidbox.js";
import type { Place } from "../../src/celery/place.js";
import { openRedis, type Redis } from "../../src/celery/redis.js";
import { KnownError } from "../../src/errors.js";
import { Secret } from "../../src/redact.js";
import { celeryParts, startCelery, type CeleryLab } from "../cast/celery.js";
import { startRedis, type RedisServer } from "../cast/redis.js";

const parts = celeryParts();
const opened: Redis[] = [];

async function place(url: string, signal?: AbortSignal): Promise<Place> {
  const redis = await openRedis(new Secret(url), {
    deadlineMs: 5_000,
    name: "test",
    ...(signal && { signal }),
  });
  opened.push(redis);
  const sleep = (ms: number, end?: AbortSignal) =>
    pause(ms, undefined, end ? { signal: end } : {}).catch(() => undefined);
  return { redis, database: 0, keyPrefix: "", now: Date.now, uuid: randomUUID, sleep, signal };
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((redis) => redis.close()));
});

describe.skipIf(!parts.available)("a real worker that is asked natively", () => {
  let lab: CeleryLab;
  beforeAll(async () => {
    lab = await startCelery();
  });
  afterAll(() => lab?.stop());

  const ours = async () => (await lab.redis("keys", "*")).filter((key) => key.includes("reply"));

  test("answers every question that may be asked, lives on, and works", async () => {
    const at = await place(lab.brokerUrl);
    const { receivers, replies, answers, complete } = await ask(at, methods, 5_000);
    expect([receivers, replies]).toEqual([1, 1]);
    expect(complete).toEqual(new Set(methods));
    for (const method of methods as readonly (keyof typeof answers)[]) {
      expect(Object.keys(answers[method] ?? {}), method).toEqual(["w1@lab"]);
    }
    for (let round = 0; round < 20; round += 1) await ask(at, methods, 5_000);
    expect(lab.worker.alive()).toBe(true);
    const [id] = await lab.send("token-of-pixel-1", [{}]);
    await vi.waitFor(async () =>
      expect((await lab.redis("-n", "1", "get", `celery-task-meta-${id}`)).join()).toContain("SUCCESS"),
    );
    expect(await ours()).toEqual([]);
  });

  test("is not waited for beyond the time, and finds no mailbox when it wakes up", async () => {
    lab.worker.freezeMain();
    const at = await place(lab.brokerUrl);
    const { receivers, replies, complete } = await ask(at, ["ping", "stats"], 400);
    expect([receivers, replies, complete.size]).toEqual([1, 0, 0]);
    expect(await ours()).toEqual([]);
    lab.worker.thaw();
    expect((await ask(at, ["ping"], 5_000)).replies).toBe(1);
    expect(await ours()).toEqual([]);
  });

  test("is left without a trace at Ctrl-C", async () => {
    lab.worker.freezeMain();
    const stop = new AbortController();
    const at = await place(lab.brokerUrl, stop.signal);
    const asking = ask(at, ["ping", "active"], 20_000);
    await vi.waitFor(async () => expect(await ours()).not.toEqual([]));
    stop.abort(new Error("Ctrl-C"));
    await expect(asking).rejects.toThrow("Ctrl-C");
    expect(await ours()).toEqual([]);
    lab.worker.thaw();
  });
});

describe.skipIf(!parts.available)("whoever else answers", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  /** Plays a worker that puts these messages into the mailbox of whoever asks. */
  async function worker(answers: (ticket: string) => readonly (string | Buffer)[]): Promise<void> {
    const { redis } = await place(server.url());
    const { redis: pusher } = await place(server.url());
    await redis.psubscribe("/0.celery.pidbox", (_channel, message) => {
      const { body } = JSON.parse(message) as { body: string };
      const { ticket, reply_to: to } = JSON.parse(Buffer.from(body, "base64").toString()) as {
        ticket: string;
        reply_to: { routing_key: string };
      };
      const key = `${to.routing_key}.reply.celery.pidbox`;
      for (const answer of answers(ticket)) void pusher.send(["LPUSH", key, answer]).catch(() => undefined);
    });
  }

  const reply = (ticket: string, answer: unknown) =>
    JSON.stringify({ headers: { ticket }, body: Buffer.from(JSON.stringify(answer)).toString("base64") });

  test("nobody: known at once, without waiting", async () => {
    const at = await place(server.url());
    // Waiting would outlast this test.
    expect(await ask(at, ["ping"], 600_000)).toMatchObject({ receivers: 0, replies: 0, answers: {} });
    expect(await server.command("keys", "*")).toEqual([]);
  });

  test("with what is no answer to our question is not believed, and the true answer is still found", async () => {
    await worker((ticket) => [
      "",
      "no JSON",
      "[]",
      "null",
      Buffer.from([0, 255]),
      reply(randomUUID(), { "ghost@nowhere": { ok: "pong" } }),
      reply(ticket, ["not an object"]),
      reply(ticket, { "w1@lab": { ok: "pong" } }),
    ]);
    const at = await place(server.url());
    const { replies, answers } = await ask(at, ["ping"], 5_000);
    expect(replies).toBe(1);
    expect(answers).toEqual({ ping: { "w1@lab": { ok: "pong" } } });
    expect(await server.command("keys", "*")).toEqual([]);
  });

  // Where the flood goes on when we have left, its key is nobody's doing: such a race gets another chance.
  test("for ever is stopped at the bounds of number and size", { timeout: 60_000, retry: 2 }, async () => {
    await server.command("flushall");
    const flood = "x".repeat(1024 * 1024);
    await worker(() => Array.from({ length: 40 }, () => flood));
    const at = await place(server.url());
    expect(await ask(at, ["ping"], 10_000)).toMatchObject({ replies: 0 });
    expect(await server.command("keys", "*")).toEqual([]);
  });

  test("a Redis that dies while we wait is told, and nothing hangs", async () => {
    const mortal = await startRedis();
    const at = await place(mortal.url());
    const { redis } = await place(mortal.url());
    await redis.psubscribe("/0.celery.pidbox", () => undefined);
    const asking = ask(at, ["ping"] satisfies Method[], 20_000).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await mortal.command("keys", "*")).not.toEqual([]));
    await mortal.stop();
    expect(await asking).toBeInstanceOf(KnownError);
  });

  test("with a key prefix, everything of ours bears it", async () => {
    const at = { ...(await place(server.url())), keyPrefix: "shop:" };
    const keys: string[] = [];
    const redis: Redis = {
      ...at.redis,
      send: (words, options) => {
        keys.push(String(words[1]));
        return at.redis.send(words, options);
      },
    };
    await ask({ ...at, redis }, ["ping"], 1_000);
    expect(keys.length).toBeGreaterThanOrEqual(4);
    expect(keys.filter((key) => !key.startsWith("shop:"))).toEqual([]);
  });
});
