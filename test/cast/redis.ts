import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../demo/postgres-watchdog.js";
import { startWatched, type Watched } from "./watched.js";

/** A real Redis without persistence. */
export interface RedisServer {
  readonly port: number;
  readonly folder: string;
  /** Of a database, without a password. */
  url(database?: number): string;
  /** What `redis-cli` answers, a line an element. */
  command(...words: readonly string[]): Promise<string[]>;
  /** As after a crash of a Redis without persistence: the same port, and nothing in it. */
  restart(): Promise<void>;
  /** Leaves the folder and the port, so that it may be started again. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one; `settings` are words such as `--requirepass`, `secret`. Killed when this process ends however it ends. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-redis-"));
  const port = await freePort();
  const bind = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder];
  const words = ["redis-server", ...bind, "--save", "", "--appendonly", "no", ...settings];
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
  const start = (): Promise<Watched> =>
    startWatched(words, { cwd: folder, env, ready: "Ready to accept connections" });
  let server = await start();
  return {
    port,
    folder,
    url: (database = 0) => `redis://127.0.0.1:${port}/${database}`,
    async command(...asked) {
      const { stdout } = await promisify(execFile)("redis-cli", ["-p", `${port}`, "--raw", ...asked]);
      return stdout.split("\n").filter((line) => line !== "");
    },
    async restart() {
      await server.stop();
      server = await start();
    },
    pause: () => server.stop(),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
