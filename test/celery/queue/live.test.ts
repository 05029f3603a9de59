import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readBroker } from "../../../src/celery/queue/read.js";
import { openRedis } from "../../../src/celery/redis.js";
import { readResults } from "../../../src/celery/results.js";
import { Secret } from "../../../src/redact.js";
import { mergeTasks, taskIdsOf, type TaskFacts } from "../../../src/sales/task-evidence.js";
import type { BrokerReading, TaskTie } from "../../../src/sales/tasks.js";
import { byEvent, startBroker, type BrokerLab } from "../../cast/broker.js";
import { celeryParts } from "../../cast/celery.js";
import { mailOfCustomer, token } from "../../cast/messages.js";

const parts = celeryParts();
let lab: BrokerLab;

beforeEach(async () => {
  if (parts.available) lab = await startBroker();
});
afterEach(() => lab?.stop());

/** Broker and results of the lab as evidence about one event. */
async function factsOf(
  eventId: string,
  reading: BrokerReading,
  ties: readonly TaskTie[],
): Promise<TaskFacts> {
  const results = await readResults(lab.results(), taskIdsOf(reading, ties));
  return mergeTasks(reading, results.of, ties).tasksOf(eventId);
}

const isIn = (state: string, eventId: string) => (reading: BrokerReading) =>
  byEvent(reading)[eventId]?.state === state;

describe.skipIf(!parts.available)("a real worker's tasks", { timeout: 60_000 }, () => {
  test("are running, reserved and queued; a page view of the same click is none; then they are done", async () => {
    await lab.worker("w1");
    const { path, release } = lab.hold();
    const behaviour = { while_exists: path };
    const [running = ""] = await lab.queue(
      { eventId: "click-1", behaviour },
      { eventId: "click-2", behaviour },
      { eventId: "click-3", behaviour },
      { eventId: "click-4", name: "PageView" },
      { eventId: "click-3", name: "PageView" },
    );
    const reading = await lab.until(isIn("running", "click-1"));
    expect(byEvent(reading)).toEqual({
      "click-1": { state: "running", copies: 1 },
      "click-2": { state: "reserved", copies: 1 },
      "click-3": { state: "queued", copies: 1 },
    });
    expect(reading).toMatchObject({ complete: true, because: null });
    expect(reading.counts).toEqual({
      messages: 5,
      purchases: 3,
      otherEvents: 2,
      otherTasks: 0,
      undecodable: 0,
    });
    expect(reading.tasks.get(running)).toMatchObject({ worker: "w1@lab", pixelId: "1234567890", retries: 0 });
    expect((await factsOf("click-4", reading, [])).noTaskLives).toBe(true);
    expect(JSON.stringify([...reading.tasks])).not.toContain(token);
    expect(JSON.stringify([...reading.tasks])).not.toContain(mailOfCustomer);

    release();
    const after = await lab.until(({ tasks }) => tasks.size === 0);
    const tie = { taskId: running, eventId: "click-1", pixelId: null };
    expect(after.complete).toBe(true);
    expect(await factsOf("click-1", after, [tie])).toMatchObject({
      live: [],
      traces: [{ result: "accepted", taskId: running }],
      noTaskLives: true,
    });
  });

  test("wait for a retry that one answer 429 has doubled, and go back into the queue with a deploy", async () => {
    const worker = await lab.worker("w1");
    const [taskId = ""] = await lab.queue({ eventId: "click-1", behaviour: { statuses: [429, 429, 429] } });
    const storm = await lab.until(({ tasks }) => (tasks.get(taskId)?.copies ?? 0) >= 3);
    expect(storm.tasks.get(taskId)).toMatchObject({ state: "waiting", redelivered: false });
    expect(storm.storms[0]?.taskId).toBe(taskId);

    await worker.leave();
    const reading = await lab.read();
    expect(reading).toMatchObject({ complete: false, because: "no worker listens" });
    expect(reading.tasks.get(taskId)).toMatchObject({ state: "waiting", redelivered: true });
    expect(reading.tasks.get(taskId)?.copies).toBeGreaterThanOrEqual(3);
  });

  test("are accepted while a copy waits: Meta may get it again", async () => {
    await lab.worker("w1");
    const [taskId = ""] = await lab.queue({ eventId: "click-1", behaviour: { statuses: [429] } });
    const tie = { taskId, eventId: "click-1", pixelId: null };
    let found = await factsOf("click-1", await lab.read(), [tie]);
    for (let tries = 0; tries < 5 && !found.traces.some(({ result }) => result === "accepted"); tries += 1) {
      found = await factsOf("click-1", await lab.read(), [tie]);
    }
    expect(found.live).toMatchObject([{ state: "waiting", copies: 1, taskId }]);
    expect(found.traces.map(({ source, result }) => [source, result])).toEqual([
      ["broker", "unknown"],
      ["task result", "accepted"],
    ]);
    expect(found.noTaskLives).toBe(false);
  });

  test("are orphans once their worker is killed, and the others are left as they are", async () => {
    const { path } = lab.hold();
    const dying = await lab.worker("w2");
    await lab.queue({ eventId: "click-1", behaviour: { while_exists: path } });
    await lab.until(isIn("running", "click-1"));
    await lab.worker("w1");
    await dying.kill();
    await lab.queue({ eventId: "click-2", behaviour: { while_exists: path } });
    const reading = await lab.until(isIn("running", "click-2"));
    const [orphan] = [...reading.tasks.values()].filter(({ state }) => state === "orphan");
    expect(byEvent(reading)).toEqual({
      "click-1": { state: "orphan", copies: 1 },
      "click-2": { state: "running", copies: 1 },
    });
    expect(orphan?.dueAt).toBe((orphan?.deliveredAt ?? 0) + 3_700_000);
    expect(orphan?.runsBy).toBe((orphan?.dueAt ?? 0) + 300_000);
    expect((await factsOf("click-1", reading, [])).noTaskLives).toBe(false);
  });

  test("of a worker that is frozen are no orphans, and nothing is absent meanwhile", async () => {
    const { path } = lab.hold();
    const worker = await lab.worker("w1");
    await lab.queue({ eventId: "click-1", behaviour: { while_exists: path } });
    await lab.until(isIn("running", "click-1"));
    worker.freeze();
    const reading = await lab.read();
    worker.thaw();
    expect(byEvent(reading)).toEqual({ "click-1": { state: "reserved", copies: 1 } });
    expect(reading).toMatchObject({ complete: false, because: "0 of 1 workers answered" });
    expect((await factsOf("click-9", reading, [])).noTaskLives).toBe(false);
  });

  test("run twice where a run outlives the visibility time-out", async () => {
    const { path } = lab.hold();
    await lab.worker("w1", { visibilitySec: 1 });
    const [taskId = ""] = await lab.queue({ eventId: "click-1", behaviour: { while_exists: path } });
    await lab.until(isIn("running", "click-1"));
    // A worker looks for such messages when it starts.
    await lab.worker("w2", { visibilitySec: 1 });
    const reading = await lab.until(({ tasks }) => tasks.get(taskId)?.redelivered === true);
    expect(reading.tasks.get(taskId)).toMatchObject({ state: "running", copies: 2, redelivered: true });
  });

  test("that Redis forgot are absent, and since when it runs tells that it may have forgotten some", async () => {
    const [taskId = ""] = await lab.queue({ eventId: "click-1" });
    expect(byEvent(await lab.read())).toEqual({ "click-1": { state: "queued", copies: 1 } });
    const queuedBefore = Date.now();
    await lab.restart();
    await lab.worker("w1");
    const reading = await lab.read();
    expect(reading).toMatchObject({ complete: true, tasks: new Map() });
    // Redis tells its age in whole seconds.
    expect(reading.brokerStartedAt).toBeGreaterThan(queuedBefore - 1_000);
    const tie = { taskId, eventId: "click-1", pixelId: null };
    expect(await factsOf("click-1", reading, [tie])).toEqual({ live: [], traces: [], noTaskLives: true });
  });
});

describe.skipIf(!parts.available)("a reading", { timeout: 60_000 }, () => {
  test("of a broker that dies meanwhile is not complete, and says why", async () => {
    await lab.queue({ eventId: "click-1" });
    const connection = await openRedis(new Secret(lab.redis.url()), { deadlineMs: 1_000, name: "test" });
    const workers = async () => ({ receivers: 1, answered: ["w1"], heard: [], queues: null, tasks: [] });
    const clock = { now: Date.now, sleep: () => lab.redis.stop() };
    const reading = await readBroker({ redis: connection, clock, workers });
    await connection.close();
    expect(reading.complete).toBe(false);
    expect(reading.because).toMatch(
      /^queue celery could not be read: .*; unacknowledged messages could not be read: /,
    );
    expect([...reading.tasks.values()]).toMatchObject([{ eventId: "click-1", gone: true }]);
  });

  test("that is interrupted ends with the signal's reason", async () => {
    const stopped = new AbortController();
    const workers = async () => {
      stopped.abort(new Error("Ctrl-C"));
      return null;
    };
    const clock = { now: Date.now, sleep: async () => undefined };
    const redis = { send: async () => [] };
    await expect(readBroker({ redis, clock, workers, signal: stopped.signal })).rejects.toThrow("Ctrl-C");
  });
});
