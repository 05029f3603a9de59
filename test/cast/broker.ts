import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { askForTasks, type TaskQuestion } from "../../src/celery/queue/reports.js";
import { readBroker } from "../../src/celery/queue/read.js";
import { openRedis } from "../../src/celery/redis.js";
import { Secret } from "../../src/redact.js";
import type { BrokerReading, BrokerTask, WorkersReport } from "../../src/sales/tasks.js";
import { celeryBinary, type Behaviour } from "./celery.js";
import { token } from "./messages.js";
import { startRedis, type RedisServer } from "./redis.js";
import { wire, type Wire } from "./resp.js";
import { startWatched, type Watched } from "./watched.js";

/** One worker of the lab, with one slot and one more task fetched than it runs. */
export interface LabWorker {
  /** Kills it and its children: what it had stays unacknowledged. */
  kill(): Promise<void>;
  /** Stops its main process, which then answers nothing. */
  freeze(): void;
  thaw(): void;
  /** Lets it leave as a deploy does: what waits in it goes back into the queue. */
  leave(): Promise<void>;
}

/** Redis and any number of real workers, to be brought into every state; and the product's own reading of it. */
export interface BrokerLab {
  readonly redis: RedisServer;
  /** The test's own connection to the result backend. */
  results(): Wire;
  /** As after a crash: Redis comes back without anything in it. */
  restart(): Promise<void>;
  worker(name: string, options?: { readonly visibilitySec?: number }): Promise<LabWorker>;
  /** Queues events, as the application does; tells their task ids. */
  queue(...events: readonly LabEvent[]): Promise<string[]>;
  hold(): { readonly path: string; release(): void };
  read(): Promise<BrokerReading>;
  /** Reads until a task is as wanted: a worker takes some time to take one. */
  until(wanted: (reading: BrokerReading) => boolean): Promise<BrokerReading>;
  stop(): Promise<void>;
}

export interface LabEvent {
  readonly eventId: string;
  readonly name?: string;
  readonly behaviour?: Behaviour;
}

const workerFolder = fileURLToPath(new URL("worker", import.meta.url));
const python = "/usr/bin/python3";

export async function startBroker(): Promise<BrokerLab> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-broker-"));
  const redis = await startRedis();
  let broker = await wire(redis.port);
  let results = await wire(redis.port, 1);
  const started: Watched[] = [];
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    PYTHONDONTWRITEBYTECODE: "1",
    CELERY_BROKER_URL: redis.url(0),
    CELERY_RESULT_BACKEND: redis.url(1),
  };
  const run = async (script: string, args: readonly string[], input = ""): Promise<unknown> => {
    const child = promisify(execFile)(python, [script, ...args], { cwd: workerFolder, env });
    child.child.stdin?.end(input);
    return JSON.parse((await child).stdout) as unknown;
  };
  const lab: Omit<BrokerLab, "until"> = {
    redis,
    results: () => results,
    restart: async () => {
      await Promise.all([broker.close(), results.close()]);
      await redis.restart();
      [broker, results] = [await wire(redis.port), await wire(redis.port, 1)];
    },
    worker: async (name, { visibilitySec = 3600 } = {}) => {
      const pidfile = join(folder, `${name}.pid`);
      const options = ["-c", "1", "--prefetch-multiplier", "2", "-l", "info", "-n", `${name}@lab`];
      const calm = ["--without-mingle", "--without-gossip", "--pidfile", pidfile];
      const words = [...celeryBinary.split(" "), "-A", "celery_app", "worker", ...options, ...calm];
      const watched = await startWatched(words, {
        cwd: workerFolder,
        env: { ...env, VISIBILITY_TIMEOUT: `${visibilitySec}` },
        ready: " ready.",
      });
      started.push(watched);
      const signal = (name: NodeJS.Signals) => process.kill(Number(readFileSync(pidfile, "utf8")), name);
      return {
        kill: () => watched.stop(),
        freeze: () => void signal("SIGSTOP"),
        thaw: () => void signal("SIGCONT"),
        leave: async () => {
          signal("SIGTERM");
          // The file goes with its very last act, when all is back in the queue.
          while (existsSync(pidfile)) await sleep(50);
          await watched.stop();
        },
      };
    },
    queue: async (...events) => {
      const orders = events.map(({ eventId, name = "Purchase", behaviour = {} }) => {
        return { name, event_id: eventId, behaviour, pixel: "1234567890", token };
      });
      return (await run("queue_events.py", [], JSON.stringify(orders))) as string[];
    },
    hold: () => {
      const path = join(folder, `hold-${(held += 1)}`);
      writeFileSync(path, "");
      return { path, release: () => rmSync(path, { force: true }) };
    },
    read: async () => {
      const connection = await openRedis(new Secret(redis.url(0)), { deadlineMs: 5_000, name: "test" });
      const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) };
      try {
        return await readBroker({ redis: connection, clock, workers: () => ask(broker, run) });
      } finally {
        await connection.close();
      }
    },
    stop: async () => {
      await Promise.all([broker.close(), results.close(), ...started.map((worker) => worker.stop())]);
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return {
    ...lab,
    until: async (wanted) => {
      for (let tries = 0; tries < 8; tries += 1) {
        const reading = await lab.read();
        if (wanted(reading)) return reading;
      }
      throw new Error(`the lab did not get there: ${JSON.stringify([...(await lab.read()).tasks.values()])}`);
    },
  };
}

let held = 0;

/** Workers that a question would reach: each has one connection that listens. */
async function listeners(broker: Wire): Promise<number> {
  const clients = String(await broker.send(["CLIENT", "LIST", "TYPE", "pubsub"]));
  return clients.split("\n").filter((line) => line.includes(" cmd=")).length;
}

/** The application's own Celery asks, so that these tests trust no asking of the product's. */
async function ask(
  broker: Wire,
  run: (script: string, args: readonly string[]) => Promise<unknown>,
): Promise<WorkersReport> {
  const receivers = await listeners(broker);
  const answers = (await run("ask.py", [`${receivers}`])) as Record<TaskQuestion, Record<string, unknown>>;
  return await askForTasks(async (question) => ({ receivers, replies: answers[question] }), null);
}

/** The tasks of a reading by event id, with what a test looks at. */
export function byEvent(reading: BrokerReading): Record<string, Pick<BrokerTask, "state" | "copies">> {
  return Object.fromEntries(
    [...reading.tasks.values()].map(({ eventId, state, copies }) => [eventId, { state, copies }]),
  );
}
