import { execFile, execFileSync, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRedis, type RedisServer } from "./redis.js";
import { startWatched, type Watched } from "./watched.js";

/** What a task of the cast does; `test/cast/worker/celery_app.py` obeys. */
export interface Behaviour {
  readonly while_exists?: string;
  /** Seconds. */
  readonly sleep?: number;
  /** Meta's HTTP statuses, one for each run (or no answer at all); 200 after the last. */
  readonly statuses?: readonly (number | "reset")[];
  /** Seconds until the next run, after a 429 or without an answer. */
  readonly countdown?: number;
  /** Fails before it sends. */
  readonly invalid?: boolean;
  readonly event_id?: string;
}

/** A Redis and a worker with two slots on it, both real. */
export interface CeleryLab {
  readonly brokerUrl: string;
  readonly binary: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the worker has logged since it was started, in UTC. */
  readonly log: string;
  /** Queues tasks with this access token among their arguments, and tells their ids. */
  send(token: string, behaviours: readonly Behaviour[], pixel?: string): Promise<string[]>;
  /** A file for `while_exists`; removing it lets the task end. */
  hold(): { readonly path: string; release(): void };
  /** What `redis-cli` answers, a line an element. */
  redis(...words: readonly string[]): Promise<string[]>;
  /** Redis goes and comes back within a second, and holds nothing any more. */
  restartRedis(): Promise<void>;
  stopRedis(): Promise<void>;
  readonly worker: LabWorker;
  stop(): Promise<void>;
}

/** The worker's processes, which can be put into every state. */
export interface LabWorker {
  /** SIGSTOP of the main process: it neither answers nor beats. */
  freezeMain(): void;
  /** SIGSTOP of the pool: the main process answers and beats, and no task is run. */
  freezePool(): void;
  thaw(): void;
  /** SIGKILL of all of them. */
  kill(): Promise<void>;
  alive(): boolean;
}

/** How the worker differs from one that is started well. */
export interface LabOptions {
  /** Instead of two slots that start without mingling. */
  readonly worker?: readonly string[];
  /** Keeps what the worker logs. */
  readonly log?: boolean;
  /** Celery's `global_keyprefix`. */
  readonly keyPrefix?: string;
}

export type CeleryParts =
  | { readonly available: true }
  | { readonly available: false; readonly missing: string; readonly how: string };

/** Celery's Debian wrapper takes whatever Python is first on PATH; its packages belong to this one. */
const python = "/usr/bin/python3";
export const celeryBinary = `${python} -m celery`;
export const workerFolder = fileURLToPath(new URL("worker", import.meta.url));
const how = "apt-get install -y --no-install-recommends redis-server python3-celery python3-redis";

/** Whether the tests can run here. On CI nothing is skipped: there a missing part throws; elsewhere one line tells. */
export function celeryParts(env: Readonly<Record<string, string | undefined>> = process.env): CeleryParts {
  const missing = [
    ["redis-server", "--version"],
    ["redis-cli", "--version"],
    [python, "-c", "import celery, redis"],
  ].filter(([file = "", ...args]) => spawnSync(file, args, { env: { ...env } }).status !== 0);
  if (missing.length === 0) return { available: true };
  const names = missing.map((words) => words.join(" ")).join(", ");
  if (env["CI"] === "true") throw new Error(`No real Celery: cannot run ${names}. Install it: ${how}`);
  process.stderr.write(
    `skipped: tests with a real Celery worker (cannot run ${names}); to run them: ${how}\n`,
  );
  return { available: false, missing: names, how };
}

/** Starts both; each is killed, SIGKILL included, when this process ends however it ends. */
export async function startCelery(options: LabOptions = {}): Promise<CeleryLab> {
  const redis = await startRedis();
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    PYTHONDONTWRITEBYTECODE: "1",
    TZ: "UTC",
    CELERY_BROKER_URL: redis.url(0),
    CELERY_RESULT_BACKEND: redis.url(1),
    ...(options.keyPrefix === undefined ? {} : { CELERY_KEYPREFIX: options.keyPrefix }),
  };
  const wishes = options.worker ?? ["-c", "2", "--without-mingle", "--without-gossip"];
  const words = [...celeryBinary.split(" "), "-A", "celery_app", "worker", "-l", "info", "-n", "w1@lab"];
  try {
    const log = join(redis.folder, "celery.log");
    const run = [...words, ...wishes];
    // What it logs is kept beside the pipe that tells when it is ready; a shell then stands before the worker.
    const kept = options.log === true ? ["/bin/sh", "-c", '"$@" 2>&1 | tee -a "$0"', log, ...run] : run;
    const worker = await startWatched(kept, { cwd: workerFolder, env, ready: " ready." });
    // It says that it is ready before it listens to questions; whoever freezes it in between has made another state.
    await untilListening(redis);
    return {
      brokerUrl: env.CELERY_BROKER_URL,
      binary: celeryBinary,
      cwd: workerFolder,
      env,
      log,
      send: (token, behaviours, pixel = "1234567890") => enqueue(env, { pixel, token, behaviours }),
      hold: () => hold(redis.folder),
      redis: redis.command,
      restartRedis: redis.restart,
      stopRedis: redis.pause,
      worker: processesOf(worker),
      stop: async () => {
        await worker.stop();
        await redis.stop();
      },
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

function processesOf({ group, stop }: Watched): LabWorker {
  const living = () => celeryProcesses(group);
  const isMain = (parent: number, all: readonly { pid: number }[]) => !all.some(({ pid }) => pid === parent);
  const signal = (name: NodeJS.Signals, whom: (main: boolean) => boolean): void => {
    const all = living();
    for (const { pid, parent } of all) if (whom(isMain(parent, all))) process.kill(pid, name);
  };
  return {
    freezeMain: () => signal("SIGSTOP", (main) => main),
    freezePool: () => signal("SIGSTOP", (main) => !main),
    thaw: () => signal("SIGCONT", () => true),
    kill: stop,
    alive: () => living().length > 0,
  };
}

function celeryProcesses(group: number): { pid: number; parent: number }[] {
  const table = execFileSync("ps", ["-A", "-ww", "-o", "stat=,pid=,ppid=,pgid=,args="], { encoding: "utf8" });
  return table.split("\n").flatMap((row) => {
    const [, stat = "Z", pid, parent, of, args = ""] =
      /^\s*(\S+)\s+(\d+)\s+(\d+)\s+(\d+) (.*)$/.exec(row) ?? [];
    const ours = Number(of) === group && !stat.startsWith("Z") && /^\S*python3 -m celery/.test(args);
    return ours ? [{ pid: Number(pid), parent: Number(parent) }] : [];
  });
}

async function untilListening(redis: RedisServer): Promise<void> {
  const limit = Date.now() + 60_000;
  while (Number((await redis.command("pubsub", "numpat"))[0]) === 0) {
    if (Date.now() > limit) throw new Error("the worker does not listen to questions");
    await pause(50);
  }
}

let held = 0;
function hold(folder: string): { path: string; release(): void } {
  const path = join(folder, `hold-${(held += 1)}`);
  writeFileSync(path, "");
  return { path, release: () => rmSync(path, { force: true }) };
}

async function enqueue(env: Readonly<Record<string, string>>, order: object): Promise<string[]> {
  const child = promisify(execFile)(python, ["enqueue.py"], { cwd: workerFolder, env: { ...env } });
  child.child.stdin?.end(JSON.stringify(order));
  return JSON.parse((await child).stdout) as string[];
}
