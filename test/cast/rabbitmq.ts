import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../demo/postgres-watchdog.js";
import { startWatched, type Watched } from "./watched.js";

/** A real RabbitMQ with its management. */
export interface RabbitServer {
  /** For Celery. */
  readonly url: string;
  /** For purchase-fix: user and password are those of a fresh server. */
  readonly api: string;
  /** Puts so many messages into a queue that it makes where it is missing. */
  fill(queue: string, messages: number): Promise<void>;
  stop(): Promise<void>;
}

/** The wrapper on PATH wants to become the user rabbitmq. */
const server = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** Whether there is one; it is heavy (60 MB, 4 s to start), so that not even CI insists on it. */
export function hasRabbit(): boolean {
  if (existsSync(server)) return true;
  process.stderr.write(
    "skipped: tests with a real RabbitMQ; to run them: apt-get install -y --no-install-recommends rabbitmq-server\n",
  );
  return false;
}

/** Starts one with a directory of names of its own, so that no daemon outlives it. */
export async function startRabbit(): Promise<RabbitServer> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-rabbit-"));
  const [port, web, names, peers] = [await freePort(), await freePort(), await freePort(), await freePort()];
  writeFileSync(join(folder, "plugins"), "[rabbitmq_management].\n");
  writeFileSync(
    join(folder, "rabbitmq.conf"),
    `listeners.tcp.1 = 127.0.0.1:${port}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = ${web}\ncollect_statistics_interval = 500\n`,
  );
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: folder,
    ERL_EPMD_PORT: `${names}`,
    RABBITMQ_NODENAME: `lab${port}@localhost`,
    RABBITMQ_DIST_PORT: `${peers}`,
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
  };
  const started: Watched[] = [];
  const stop = async (): Promise<void> => {
    for (const part of started.toReversed()) await part.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const register = ["epmd", "-debug", "-port", `${names}`, "-address", "127.0.0.1"];
    started.push(await startWatched(register, { cwd: folder, env, ready: "epmd running" }));
    started.push(await startWatched([server], { cwd: folder, env, ready: "completed with" }));
  } catch (error) {
    await stop();
    throw error;
  }
  const login = `Basic ${Buffer.from("guest:guest").toString("base64")}`;
  const call = async (method: string, path: string, body: object): Promise<void> => {
    const headers = { authorization: login, "content-type": "application/json" };
    const answer = await fetch(`http://127.0.0.1:${web}/api/${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  };
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}//`,
    api: `http://guest:guest@127.0.0.1:${web}`,
    async fill(queue, messages) {
      await call("PUT", `queues/%2F/${queue}`, { durable: true });
      const one = { properties: {}, routing_key: queue, payload: "{}", payload_encoding: "string" };
      for (let at = 0; at < messages; at += 1) await call("POST", "exchanges/%2F/amq.default/publish", one);
    },
    stop,
  };
}
