import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readResults } from "../../src/celery/results.js";
import { celeryParts } from "../cast/celery.js";
import { startRedis, type RedisServer } from "../cast/redis.js";
import { wire, type Wire } from "../cast/resp.js";

const parts = celeryParts();
let lab: RedisServer;
let redis: Wire;

beforeAll(async () => {
  if (!parts.available) return;
  lab = await startRedis();
  redis = await wire(lab.port, 1);
});
afterAll(async () => {
  await redis?.close();
  await lab?.stop();
});
beforeEach(async () => {
  if (parts.available) await redis.send(["FLUSHDB"]);
});

const store = (taskId: string, value: string) => redis.send(["SET", `celery-task-meta-${taskId}`, value]);
const accepted = JSON.stringify({ status: "SUCCESS", result: { events_received: 1 } });

describe.skipIf(!parts.available)("results", () => {
  test("are read by task id; one that expired is missing, which says nothing", async () => {
    await store("t-1", accepted);
    await store("t-2", JSON.stringify({ status: "RETRY" }));
    await store("t-not-asked", accepted);
    const { of, because } = await readResults(redis, ["t-1", "t-2", "t-expired", "t-1"]);
    expect([...of.values()].map(({ taskId, outcome }) => [taskId, outcome])).toEqual([
      ["t-1", "accepted"],
      ["t-2", "unknown"],
    ]);
    expect(because).toBeNull();
  });

  test("are read 200 at a time, and written never", async () => {
    const ids = Array.from({ length: 450 }, (_, at) => `t-${at}`);
    for (const taskId of ids) await store(taskId, accepted);
    const before = redis.sent.length;
    const { of } = await readResults(redis, ids);
    expect(of.size).toBe(450);
    expect(redis.sent.slice(before).map(([name, ...keys]) => [name, keys.length])).toEqual([
      ["MGET", 200],
      ["MGET", 200],
      ["MGET", 50],
    ]);
  });

  test("are found under a prefix of keys", async () => {
    await redis.send(["SET", "shop:celery-task-meta-t-1", accepted]);
    expect((await readResults(redis, ["t-1"], { keyPrefix: "shop:" })).of.size).toBe(1);
    expect((await readResults(redis, ["t-1"])).of.size).toBe(0);
  });

  test("that are none of Celery's are counted, and the others stand", async () => {
    await store("t-1", "not JSON");
    await store("t-2", accepted);
    await redis.send(["LPUSH", "celery-task-meta-t-3", "a list"]);
    const { of, because } = await readResults(redis, ["t-1", "t-2", "t-3"]);
    expect([...of.keys()]).toEqual(["t-2"]);
    expect(because).toBe("1 task results are no JSON of Celery's");
  });

  test("of a backend that fails are missing, and that is said", async () => {
    const failing = { send: async () => Promise.reject(new Error("NOAUTH Authentication required.")) };
    expect(await readResults(failing, ["t-1"])).toEqual({
      of: new Map(),
      because: "task results could not be read: NOAUTH Authentication required.",
    });
    expect((await readResults({ send: async () => "OK" }, ["t-1"])).because).toMatch(
      /^task results could not/,
    );
  });

  test("an interrupted reading ends with the signal's reason", async () => {
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(readResults(redis, ["t-1"], { signal })).rejects.toThrow("stopped");
  });
});
