import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../../demo/postgres-watchdog.js";
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
  send(token: string, behaviours: readonly Behaviour[]): Promise<string[]>;
  /** A file for `while_exists`; removing it lets the task end. */
  hold(): { readonly path: string; release(): void };
  /** What `redis-cli` answers, a line an element. */
  redis(...words: readonly string[]): Promise<string[]>;
  stop(): Promise<void>;
}

export type CeleryParts =
  | { readonly available: true }
  | { readonly available: false; readonly missing: string; readonly how: string };

/** Celery's Debian wrapper takes whatever Python is first on PATH; its packages belong to this one. */
const python = "/usr/bin/python3";
export const celeryBinary = `${python} -m celery`;
const workerFolder = fileURLToPath(new URL("worker", import.meta.url));
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
export async function startCelery(): Promise<CeleryLab> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-celery-"));
  const started: Watched[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((part) => part.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    const redisUrl = `redis://127.0.0.1:${port}`;
    const env = {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      PYTHONDONTWRITEBYTECODE: "1",
      TZ: "UTC",
      CELERY_BROKER_URL: `${redisUrl}/0`,
      CELERY_RESULT_BACKEND: `${redisUrl}/1`,
    };
    const bind = ["--port", `${port}`, "--bind", "127.0.0.1"];
    const server = ["redis-server", ...bind, "--save", "", "--appendonly", "no", "--dir", folder];
    started.push(await startWatched(server, { cwd: folder, env, ready: "Ready to accept connections" }));
    const options = ["-c", "2", "-l", "info", "-n", "w1@lab", "--without-mingle", "--without-gossip"];
    const worker = [...celeryBinary.split(" "), "-A", "celery_app", "worker", ...options];
    const log = join(folder, "celery.log");
    // What it logs is kept beside the pipe that tells when it is ready.
    const kept = ["/bin/sh", "-c", '"$@" 2>&1 | tee -a "$0"', log, ...worker];
    started.push(await startWatched(kept, { cwd: workerFolder, env, ready: " ready." }));
    const redis = async (...words: readonly string[]): Promise<string[]> => {
      const { stdout } = await promisify(execFile)("redis-cli", ["-p", `${port}`, "--raw", ...words]);
      return stdout.split("\n").filter((line) => line !== "");
    };
    return {
      brokerUrl: env.CELERY_BROKER_URL,
      binary: celeryBinary,
      cwd: workerFolder,
      env,
      log,
      send: (token, behaviours) => enqueue(env, { pixel: "1234567890", token, behaviours }),
      hold: () => hold(folder),
      redis,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
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
