import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Connection } from "../../../src/celery/queue/connection.js";
import { lookOnce } from "../../../src/celery/queue/pass.js";
import { deliveryTimes, scanQueue } from "../../../src/celery/queue/scan.js";
import { openRedis } from "../../../src/celery/redis.js";
import { Secret } from "../../../src/redact.js";
import type { BrokerPass } from "../../../src/sales/tasks.js";
import { celeryParts } from "../../cast/celery.js";
import { message, unackedValue } from "../../cast/messages.js";
import { startRedis, type RedisServer } from "../../cast/redis.js";
import { wire, type Wire } from "../../cast/resp.js";

const parts = celeryParts();
let lab: RedisServer;
let redis: Wire;

beforeAll(async () => {
  if (!parts.available) return;
  lab = await startRedis();
  redis = await wire(lab.port);
});
afterAll(async () => {
  await redis?.close();
  await lab?.stop();
});
beforeEach(async () => {
  if (parts.available) await redis.send(["FLUSHDB"]);
});

const push = (...mails: readonly string[]) => redis.send(["LPUSH", "celery", ...mails]);
const bounds = { mostMessages: 1_000_000 };
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => message({ taskId: `t-${from + at}`, tag: `d-${from + at}` }));

function look(connection: Connection, mostMessages = 1_000_000, keyPrefix = "", earlier?: BrokerPass) {
  const workers = async () => ({ receivers: 1, answered: ["w1"], heard: [], queues: null, tasks: [] });
  const now = Date.now;
  const sendTask = "send_meta_event";
  const options = { redis: connection, queues: ["celery"], sendTask, mostMessages, keyPrefix, workers, now };
  return lookOnce(options, earlier);
}

/** The real connection, with something happening after every so many commands of a kind. */
function disturbed(kind: string, happen: (nth: number) => Promise<unknown>): Connection {
  let nth = 0;
  return {
    send: async (args) => {
      const reply = await redis.send(args);
      if (args[0] === kind) await happen((nth += 1));
      return reply;
    },
  };
}

describe.skipIf(!parts.available)("a queue that moves while it is read", () => {
  test("loses none: what is popped before the reader comes is unacknowledged by then", async () => {
    await push(...numbered(0, 1_800));
    const worker = disturbed("LRANGE", async () => {
      for (let popped = 0; popped < 90; popped += 1) {
        const raw = String(await redis.send(["RPOP", "celery"]));
        const { tag } = { tag: /"delivery_tag":"([^"]+)"/.exec(raw)?.[1] ?? "" };
        await redis.send(["HSET", "unacked", tag, JSON.stringify([JSON.parse(raw), "", "celery"])]);
      }
    });
    const { messages, counts } = await look(worker);
    expect(new Set(messages.map(({ taskId }) => taskId)).size).toBe(1_800);
    expect(messages.filter(({ place }) => place === "unacked").length).toBeGreaterThan(300);
    expect(counts).toMatchObject({ messages: 1_800, purchases: 1_800 });
  });

  test("counts none twice: what is pushed meanwhile moves the others to where they are read again", async () => {
    await push(...numbered(0, 1_800));
    const producer = disturbed("LRANGE", (nth) =>
      push(...numbered(10_000 + nth * 100, 10_000 + nth * 100 + 70)),
    );
    const { messages, counts } = await look(producer);
    const old = messages.filter(({ taskId }) => Number(taskId.slice(2)) < 10_000);
    expect(old).toHaveLength(1_800);
    expect(new Set(old.map(({ tag }) => tag)).size).toBe(1_800);
    expect(counts.messages).toBe(messages.length);
  });

  test("is read to its end through pops and pushes at once", async () => {
    await push(...numbered(0, 2_600));
    const all = new Set<string>();
    const gone = new Set<string>();
    const take = (raw: string) => all.add(/"id":"(t-\d+)"/.exec(raw)?.[1] ?? "");
    const both = disturbed("LRANGE", async (nth) => {
      await push(...numbered(10_000 + nth * 100, 10_000 + nth * 100 + 40));
      for (let popped = 0; popped < 60; popped += 1) {
        gone.add(/"id":"(t-\d+)"/.exec(String(await redis.send(["RPOP", "celery"])))?.[1] ?? "");
      }
    });
    expect(await scanQueue(both, "celery", take, bounds)).toBe(true);
    const missed = numbered(0, 2_600)
      .map((_, at) => `t-${at}`)
      .filter((id) => !all.has(id) && !gone.has(id));
    expect(missed).toEqual([]);
  });
});

describe.skipIf(!parts.available)("one look", () => {
  test("reads all lists of a queue, and what is unacknowledged with its time", async () => {
    await push(message({ taskId: "plain" }));
    await redis.send(["LPUSH", "celery\u0006\u00163", message({ taskId: "three" })]);
    await redis.send(["LPUSH", "celery\u0006\u00169", message({ taskId: "nine" })]);
    await redis.send(["LPUSH", "other", message({ taskId: "elsewhere" })]);
    await redis.send(["HSET", "unacked", "d-1", unackedValue({ taskId: "held", tag: "d-1" })]);
    await redis.send(["ZADD", "unacked_index", "1763645475.25", "d-1"]);
    const { messages, troubles, queues } = await look(redis);
    expect(messages.map(({ taskId, place, deliveredAt }) => [taskId, place, deliveredAt])).toEqual([
      ["plain", "queue", null],
      ["three", "queue", null],
      ["nine", "queue", null],
      ["held", "unacked", 1_763_645_475_250],
    ]);
    expect({ troubles, queues }).toEqual({ troubles: [], queues: ["celery"] });
  });

  test("after another sees what became of a message meanwhile", async () => {
    await redis.send([
      "HSET",
      "unacked",
      "d-1",
      unackedValue({ tag: "d-1" }),
      "d-2",
      unackedValue({ tag: "d-2" }),
    ]);
    await redis.send(["ZADD", "unacked_index", "1000", "d-1", "1000", "d-2"]);
    await push(message({ tag: "d-3" }));
    const first = await look(redis);
    await redis.send(["HSET", "unacked", "d-1", unackedValue({ tag: "d-1", redelivered: true })]);
    await redis.send(["ZADD", "unacked_index", "2000", "d-1"]);
    await redis.send(["ZREM", "unacked_index", "d-2"]);
    await redis.send(["DEL", "celery"]);
    await redis.send(["HSET", "unacked", "d-3", unackedValue({ tag: "d-3" })]);
    const { messages } = await look(redis, 1_000, "", first);
    const told = messages.map(({ tag, place, redelivered, deliveredAt }) => [
      tag,
      place,
      redelivered,
      deliveredAt,
    ]);
    expect(told.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ["d-1", "unacked", true, 2_000_000],
      ["d-2", "unacked", false, null],
      ["d-3", "unacked", false, null],
    ]);
  });

  test("keeps to a prefix of keys, where Celery has one", async () => {
    await push(message({ taskId: "somebody else's" }));
    await redis.send(["LPUSH", "shop:celery", message({ taskId: "ours" })]);
    await redis.send(["HSET", "shop:unacked", "d-1", unackedValue({ taskId: "held" })]);
    await redis.send(["ZADD", "shop:unacked_index", "1763645475", "d-1"]);
    const { messages } = await look(redis, 1_000, "shop:");
    expect(messages.map(({ taskId, deliveredAt }) => [taskId, deliveredAt])).toEqual([
      ["ours", null],
      ["held", 1_763_645_475_000],
    ]);
  });

  test("counts what is no Purchase and keeps nothing of it", async () => {
    await push(message({ name: "PageView" }), message({ task: "x.cleanup" }), "no message", message());
    await redis.send(["HSET", "unacked", "d-1", unackedValue({ name: "PageView" }), "d-2", "[]"]);
    const { messages, counts } = await look(redis);
    expect(messages).toHaveLength(1);
    expect(counts).toEqual({ messages: 6, purchases: 1, otherEvents: 2, otherTasks: 1, undecodable: 2 });
  });

  test("says what it could not read, and reads the rest", async () => {
    await redis.send(["SET", "celery", "not a list"]);
    await redis.send(["HSET", "unacked", "d-1", unackedValue({ taskId: "held" })]);
    const { messages, troubles, queues } = await look(redis);
    expect(messages.map(({ taskId }) => taskId)).toEqual(["held"]);
    expect(troubles).toEqual([expect.stringMatching(/^queue celery could not be read: WRONGTYPE/)]);
    expect(queues).toEqual([]);
  });

  test("does not pretend to have read a queue that is too long", async () => {
    await push(...numbered(0, 1_200));
    const { troubles, queues } = await look(redis, 1_000);
    expect(troubles).toEqual(["queue celery holds over 1000 messages"]);
    expect(queues).toEqual([]);
  });

  test("asks for few long messages at a time", async () => {
    await push(...Array.from({ length: 600 }, () => message({ name: "PageView", padding: 20_000 })));
    const before = redis.sent.length;
    await look(redis);
    const ranges = redis.sent.slice(before).filter(([name, key]) => name === "LRANGE" && key === "celery");
    expect(ranges.map(([, , from, to]) => Number(to) - Number(from) + 1)).toEqual([500, 72, 72]);
  });

  test("needs the right to read these keys, and no other", async () => {
    const keys = ["~celery*", "~unacked", "~unacked_index"];
    const commands = ["+ping", "+select", "+info", "+lrange", "+hscan", "+zrange"];
    await redis.send(["ACL", "SETUSER", "reader", "on", ">password", ...keys, ...commands]);
    const url = new Secret(`redis://reader:password@127.0.0.1:${lab.port}/0`);
    const limited = await openRedis(url, { deadlineMs: 2_000, name: "test" });
    await redis.send(["HSET", "unacked", "d-1", unackedValue({ tag: "d-1" })]);
    const { troubles, messages, broker } = await look(limited);
    await limited.close();
    expect(troubles).toEqual([]);
    expect(messages).toHaveLength(1);
    expect(broker?.startedAt).toBeLessThanOrEqual(Date.now());
  });

  test("writes nothing", async () => {
    await push(message());
    const before = redis.sent.length;
    await look(redis);
    const words = new Set(redis.sent.slice(before).map(([name]) => name));
    expect(words).toEqual(new Set(["INFO", "LRANGE", "HSCAN"]));
  });
});

test.skipIf(!parts.available)("delivery times are found among thousands", async () => {
  for (let from = 0; from < 5_000; from += 500) {
    const scores = Array.from({ length: 500 }, (_, at) => [`${1_000 + from + at}`, `d-${from + at}`]).flat();
    await redis.send(["ZADD", "unacked_index", ...scores]);
  }
  const times = await deliveryTimes(redis, new Set(["d-0", "d-4999", "d-absent"]), bounds);
  expect([...times]).toEqual([
    ["d-0", 1_000_000],
    ["d-4999", 5_999_000],
  ]);
});
