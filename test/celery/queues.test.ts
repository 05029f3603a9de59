import { randomUUID } from "node:crypto";
import { inspect as shown } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { look } from "../../src/celery/look.js";
import { readDelivery, readTask } from "../../src/celery/message.js";
import type { Place } from "../../src/celery/place.js";
import { readQueues } from "../../src/celery/queues.js";
import { openRedis, type Redis } from "../../src/celery/redis.js";
import { judgeOrphans, readUnacknowledged } from "../../src/celery/unacknowledged.js";
import { Secret } from "../../src/redact.js";
import { celeryParts } from "../cast/celery.js";
import { delivery, message, secretMail, secretToken, type MessageWishes } from "../cast/queued.js";
import { startRedis, type RedisServer } from "../cast/redis.js";

const hour = 3_600_000;

describe.skipIf(!celeryParts().available)("in a real Redis", () => {
  let server: RedisServer;
  let redis: Redis;
  const sent: (string | Buffer)[][] = [];
  beforeEach(async () => {
    server = await startRedis();
    redis = await openRedis(new Secret(server.url()), { deadlineMs: 5_000, name: "test" });
    sent.length = 0;
  });
  afterEach(async () => {
    await redis.close();
    await server.stop();
  });

  function place(now = Date.now()): Place {
    const send: Redis["send"] = (words, options) => {
      sent.push([...words]);
      return redis.send(words, options);
    };
    const sleep = () => Promise.resolve();
    return { redis: { ...redis, send }, database: 0, keyPrefix: "", now: () => now, uuid: randomUUID, sleep };
  }

  /** As producers do: at the left. */
  async function queue(list: string, wishes: readonly MessageWishes[]): Promise<void> {
    for (let at = 0; at < wishes.length; at += 500) {
      await redis.send(["LPUSH", list, ...wishes.slice(at, at + 500).map(message)]);
    }
  }

  async function deliver(tag: string, wishes: MessageWishes, atMs: number): Promise<void> {
    await redis.send(["HSET", "unacked", tag, delivery(wishes)]);
    await redis.send(["ZADD", "unacked_index", `${atMs / 1000}`, tag]);
  }

  test("a queue is told by event name and priority, with the time of the oldest and nothing of the arguments", async () => {
    await queue("celery", [
      { eventTime: 1_763_640_000 },
      { event: "PageView", named: true },
      { event: "PageView", named: true, eta: "2025-11-20T13:00:00+00:00" },
      { task: "celery_app.cleanup", event: "a customer's own words" },
    ]);
    await queue("celery\u0006\u00163", [{ redelivered: true }]);
    await redis.send(["LPUSH", "celery", "no JSON"]);
    const [looked] = await readQueues(place(), ["celery"]);
    expect(looked?.queue).toEqual({
      name: "celery",
      depth: 6,
      lists: [
        { priority: 0, depth: 5 },
        { priority: 3, depth: 1 },
        { priority: 6, depth: 0 },
        { priority: 9, depth: 0 },
      ],
      sample: {
        size: 5,
        events: { Purchase: 2, PageView: 2, "celery_app.cleanup": 1 },
        handedBack: 2,
        oldestEventAt: 1_763_640_000_000,
      },
      consumers: null,
      unacknowledged: null,
      rates: null,
    });
    const all = shown(looked, { depth: null });
    for (const carried of [secretToken, secretMail, "customer", "1234567890"])
      expect(all).not.toContain(carried);
  });

  test("of a long queue the newest and the oldest are looked at, 500 at a time, and never the whole", async () => {
    const wishes = Array.from({ length: 5_000 }, (_, at) => ({
      event: at < 1_000 ? "Purchase" : "PageView",
    }));
    await queue("celery", wishes);
    const [looked] = await readQueues(place(), ["celery"]);
    expect(looked?.queue).toMatchObject({
      depth: 5_000,
      sample: { size: 2_000, events: { Purchase: 1_000, PageView: 1_000 } },
    });
    const spans = sent
      .filter(([word]) => word === "LRANGE")
      .map(([, , from, to]) => [Number(from), Number(to)]);
    expect(spans).toEqual([
      [0, 499],
      [500, 999],
      [4_000, 4_499],
      [4_500, 4_999],
    ]);
  });

  test("an empty queue costs four lengths and no more", async () => {
    const [looked] = await readQueues(place(), ["nothing"]);
    expect(looked?.queue).toMatchObject({ depth: 0, sample: null });
    expect(sent.map(([word]) => word)).toEqual(["LLEN", "LLEN", "LLEN", "LLEN"]);
  });

  test("orphans are the deliveries that nobody reports, the young and the finished left out", async () => {
    const now = Date.now();
    await deliver("tag-1", { id: "orphan-1" }, now - hour / 2);
    await deliver("tag-2", { id: "running-1" }, now - hour / 2);
    await deliver("tag-3", { id: "young-1" }, now - 1_000);
    await deliver("tag-4", { id: "ended-1" }, now - hour / 2);
    const at = place(now);
    const open = await readUnacknowledged(at);
    expect(open).toMatchObject({ count: 4, oldestDeliveredAt: now - hour / 2 });
    // Meanwhile it is acknowledged.
    await redis.send(["HDEL", "unacked", "tag-4"]);
    const { orphans } = await judgeOrphans(at, open, new Set(["running-1"]));
    expect(orphans).toEqual({
      count: 1,
      ids: ["orphan-1"],
      backFrom: now + hour / 2,
      backBy: now + hour / 2 + 100_000,
    });
    expect((await judgeOrphans(at, open, null)).orphans).toBeNull();
    expect(shown(open, { depth: null })).not.toContain(secretToken);
  });

  test("too many deliveries are counted and not looked at", async () => {
    const words = Array.from({ length: 2_001 }, (_, at) => [`tag-${at}`, delivery()]);
    await redis.send(["HSET", "unacked", ...words.flat()]);
    const open = await readUnacknowledged(place());
    expect(open).toMatchObject({ count: 2_001, deliveries: null });
    expect((await judgeOrphans(place(), open, new Set())).orphans).toBeNull();
    expect(sent.map(([word]) => word)).not.toContain("HSCAN");
  });

  test("copies of one task are counted over queue and deliveries", async () => {
    await queue("celery", [{ id: "twice" }, { id: "once" }]);
    await deliver("tag-1", { id: "twice" }, Date.now());
    const looking = {
      timeoutMs: null,
      queues: ["celery"],
      sendTask: "send_meta_event",
      heartbeats: null,
      earlier: null,
    };
    const { copies, via } = await look(place(), looking);
    expect([via, copies]).toEqual(["passive", [{ taskId: "twice", copies: 2 }]]);
    expect(sent.map(([word]) => word)).not.toContain("PUBLISH");
  });
});

describe("whatever lies in a queue,", () => {
  test("reading it throws nothing and keeps no text that is not a name", () => {
    const anything = fc.oneof(fc.string(), fc.json(), fc.constant(message()), fc.constant(delivery()));
    fc.assert(
      fc.property(anything, (raw) => {
        for (const task of [readTask(raw), readDelivery(raw), readTask(Buffer.from(raw))]) {
          if (task === null) continue;
          expect(JSON.stringify(task)).not.toContain(secretToken);
        }
      }),
    );
  });

  test("a customer's words in the place of a name are not kept", () => {
    const task = readTask(message({ event: "Maria Silva, Rua 1", task: "x y", id: "a b" }));
    expect(task).toMatchObject({ id: "another id", kind: "another task" });
  });
});
