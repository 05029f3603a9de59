import { randomUUID } from "node:crypto";
import type { Config } from "../config.js";
import type { Output, Signals } from "../context.js";
import type { Clock } from "../ports.js";
import type { Secret } from "../redact.js";
import type { BrokerReading, TaskResult } from "../sales/tasks.js";
import type { TasksRead } from "../celery/told.js";
import { quietly } from "./quietly.js";
import { stateOfWorkers } from "./workers.js";

export interface TasksSurroundings {
  readonly output: Output;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly version: string;
}

/** How long Redis may take to answer anything at all; one that is well takes milliseconds. */
const DEADLINE_MS = 5_000;

/** Reads broker, workers and results of a Redis broker; null where the broker is none. */
export async function readTasks(config: Config, around: TasksSurroundings): Promise<TasksRead | null> {
  const { brokerUrl, redisUrl } = config;
  const url = brokerUrl ?? redisUrl;
  const { isRedisUrl } = await import("../celery/redis-url.js");
  if (url === null || !isRedisUrl(url.reveal())) return null;
  const bar = around.output.progress("looking at broker and workers, twice");
  const [reading, workers] = await Promise.all([
    quietly(around, "the broker was not read", () => readBroker(config, around, url)),
    quietly(around, "the workers were not asked", () => stateOfWorkers(config, around, url)),
  ]).finally(() => bar.stop());
  if (reading?.because)
    around.output.warn(
      `the broker was not read to its end, so no task is known to be gone: ${reading.because}`,
    );
  for (const { taskId, copies } of reading?.storms ?? [])
    around.output.warn(`a storm of retries: ${copies} copies of task ${taskId} are under way`);
  return {
    reading,
    results: (ids) => readResults(config, around, ids),
    workers: workers === null ? "they could not be asked" : workers.because,
  };
}

/** The same without the workers' state, which nobody keeps. */
export async function readTasksOnly(
  config: Config,
  around: TasksSurroundings,
  url: Secret,
): Promise<Omit<TasksRead, "workers">> {
  return {
    reading: await quietly(around, "the broker was not read", () => readBroker(config, around, url)),
    results: (ids) => readResults(config, around, ids),
  };
}

async function readBroker(
  config: Config,
  { clock, signals, version }: TasksSurroundings,
  url: Secret,
): Promise<BrokerReading> {
  const { openRedis } = await import("../celery/redis.js");
  const { readRedisUrl } = await import("../celery/redis-url.js");
  const { ask } = await import("../celery/pidbox.js");
  const { listen } = await import("../celery/heartbeats.js");
  const { readBroker: read } = await import("../celery/queue/read.js");
  const { askForTasks } = await import("../celery/queue/reports.js");
  const { SEND_TASK } = await import("../celery/inspect.js");
  const options = {
    deadlineMs: DEADLINE_MS,
    signal: signals.abandon,
    name: `purchase-fix/${version}:broker`,
  };
  const redis = await openRedis(url, options);
  try {
    const place = {
      redis,
      keyPrefix: config.celery.keyPrefix,
      database: readRedisUrl(url.reveal()).database,
      now: clock.now,
      sleep: clock.sleep,
      uuid: randomUUID,
      signal: signals.stop,
    };
    const ears = await listen(place);
    const workers = () =>
      askForTasks(
        async (question) => {
          const { receivers, answers } = await ask(place, [question], 1_000);
          return { receivers, replies: answers[question] ?? {} };
        },
        () => ears.heard().map(({ name }) => name),
        SEND_TASK,
      );
    const { queues, keyPrefix } = config.celery;
    return await read({
      redis,
      clock,
      workers,
      queues,
      keyPrefix,
      signal: signals.stop,
      sendTask: SEND_TASK,
    });
  } finally {
    await redis.close();
  }
}

async function readResults(
  config: Config,
  around: TasksSurroundings,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, TaskResult>> {
  const { resultBackend } = await import("../celery/backend.js");
  const backend = resultBackend(config.brokerUrl ?? config.redisUrl, config.resultBackendUrl);
  if ("unreadable" in backend) {
    around.output.warn(`task results were not read: ${backend.unreadable}`);
    return new Map();
  }
  const read = await quietly(around, "task results were not read", async () => {
    const { openRedis } = await import("../celery/redis.js");
    const { readResults: from } = await import("../celery/results.js");
    const { signals, version } = around;
    const name = `purchase-fix/${version}:results`;
    const redis = await openRedis(backend.url, { deadlineMs: DEADLINE_MS, signal: signals.abandon, name });
    try {
      const { of, because } = await from(redis, ids, {
        signal: signals.stop,
        keyPrefix: config.celery.keyPrefix,
      });
      if (because !== null) around.output.warn(because);
      return of;
    } finally {
      await redis.close();
    }
  });
  return read ?? new Map();
}
