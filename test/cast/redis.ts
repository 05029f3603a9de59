import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../demo/postgres-watchdog.js";
import { wire, type Wire } from "./resp.js";
import { startWatched } from "./watched.js";

/** A real Redis of a test's own, without persistence, and the test's own connections to it. */
export interface RedisLab {
  readonly port: number;
  readonly url: string;
  /** Opens a connection; the lab closes it. */
  wire(db?: number): Promise<Wire>;
  stop(): Promise<void>;
}

/** Starts it; it ends with this process, however that ends. `extra` are options of `redis-server`. */
export async function startRedis(extra: readonly string[] = [], givenPort?: number): Promise<RedisLab> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-redis-"));
  const port = givenPort ?? (await freePort());
  const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
  const server = await startWatched(["redis-server", ...options, "--dir", folder, ...extra], {
    cwd: folder,
    env,
    ready: "Ready to accept connections",
  });
  const wires: Wire[] = [];
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    wire: async (db = 0) => {
      const opened = await wire(port, db);
      wires.push(opened);
      return opened;
    },
    stop: async () => {
      await Promise.all(wires.map((opened) => opened.close()));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
