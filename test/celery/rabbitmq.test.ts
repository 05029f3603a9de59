import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect as shown } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { withRabbit } from "../../src/celery/rabbitmq.js";
import { KnownError } from "../../src/errors.js";
import { Secret } from "../../src/redact.js";
import { brokerUnseen, type CelerySnapshot } from "../../src/sales/workers.js";
import { freePort } from "../../demo/postgres-watchdog.js";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import { celeryBinary, celeryParts, workerFolder } from "../cast/celery.js";
import { hasRabbit, startRabbit, type RabbitServer } from "../cast/rabbitmq.js";
import { startWatched, type Watched } from "../cast/watched.js";

const password = "password-of-the-api";
keepSecret("the API's password", password);
let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

/** An API that answers so, and its URL. */
async function api(answer: RequestListener): Promise<string> {
  const opened = (server = createServer(answer));
  await new Promise<void>((resolve) => opened.listen(0, "127.0.0.1", resolve));
  return `http://watcher:${password}@127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

async function queuesOf(url: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const { timeoutMs = 2_000, signal } = options;
  const told: CelerySnapshot = {
    ...brokerUnseen,
    askedAt: 0,
    answeredAt: 0,
    via: "celery",
    timeoutMs,
    workers: [],
    unanswered: [],
  };
  const port = withRabbit(
    { inspect: () => Promise.resolve(told) },
    { api: new Secret(url), queues: ["celery"], signal },
  );
  return (await port.inspect({ timeoutMs })).queues;
}

describe("RabbitMQ's management", () => {
  test("is asked for the queue of the virtual host, and tells its numbers", async () => {
    const asked: (string | undefined)[] = [];
    const url = await api((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.end(
        JSON.stringify({
          messages_ready: 7,
          messages_unacknowledged: 2,
          consumers: 1,
          message_stats: { publish_details: { rate: 1.5 }, ack_details: { rate: 0.5 } },
        }),
      );
    });
    expect(await queuesOf(`${url}/shop%2Fone`)).toEqual([
      {
        name: "celery",
        depth: 7,
        lists: [],
        sample: null,
        consumers: 1,
        unacknowledged: 2,
        rates: { published: 1.5, acknowledged: 0.5 },
      },
    ]);
    const login = Buffer.from(`watcher:${password}`).toString("base64");
    expect(asked).toEqual(["/api/queues/shop%2Fone/celery", `Basic ${login}`]);
  });

  test("knows no such queue: that is no error", async () => {
    expect(await queuesOf(await api((_, response) => response.writeHead(404).end()))).toEqual([]);
  });

  test.each<[string, RequestListener, RegExp]>([
    ["refuses us", (_, response) => response.writeHead(401).end(), /answers 401$/],
    ["is another program", (_, response) => response.end("<html>"), /cannot be asked$/],
    [
      "sends us elsewhere",
      (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      /cannot be asked$/,
    ],
    ["never answers", () => undefined, /cannot be asked$/],
  ])("that %s is told in words without its password", async (_, answer, what) => {
    const error: unknown = await queuesOf(await api(answer), { timeoutMs: 300 }).catch(
      (reason: unknown) => reason,
    );
    if (!(error instanceof KnownError)) throw error;
    expect(error.problem.what).toMatch(what);
    expect(shown(error, { depth: null })).not.toContain(password);
  });

  test("that is not there, or no web address, is told in words", async () => {
    await expect(queuesOf(`http://127.0.0.1:${await freePort()}`)).rejects.toThrow(/cannot be asked/);
    await expect(queuesOf("rabbit")).rejects.toThrow(/is no URL/);
    await expect(queuesOf("amqp://localhost")).rejects.toThrow(/is no web address/);
  });

  test("is not waited for after Ctrl-C", async () => {
    const stop = new AbortController();
    const asking = queuesOf(await api(() => stop.abort(new Error("Ctrl-C"))), {
      timeoutMs: 60_000,
      signal: stop.signal,
    });
    await expect(asking).rejects.toThrow("Ctrl-C");
  });
});

// Not even counted as skipped where it is missing: it is heavy, and the gate insists on every test that it counts.
const real = celeryParts().available && hasRabbit() ? describe : () => undefined;
real("a real RabbitMQ", () => {
  let rabbit: RabbitServer;
  let worker: Watched;
  beforeAll(async () => {
    rabbit = await startRabbit();
    const env = {
      PATH: process.env["PATH"] ?? "",
      CELERY_BROKER_URL: rabbit.url,
      PYTHONDONTWRITEBYTECODE: "1",
    };
    const words = [
      ...celeryBinary.split(" "),
      "-A",
      "celery_app",
      "worker",
      "-c",
      "2",
      "-l",
      "info",
      "-n",
      "w1@lab",
    ];
    worker = await startWatched(words, { cwd: workerFolder, env, ready: " ready." });
  }, 120_000);
  afterAll(async () => {
    await worker?.stop();
    await rabbit?.stop();
  });

  test("is asked by the celery command, and its depth by the management", async () => {
    const words = ["celery-status", "--json", "--celery-bin", celeryBinary, "--celery-cwd", workerFolder];
    const env = { CELERY_BROKER_URL: rabbit.url, PURCHASE_FIX_RABBITMQ_API: rabbit.api };
    // Its statistics are half a second behind.
    const later = { timeout: 60_000, interval: 500 };
    await vi.waitFor(async () => {
      const { code, stdout } = await purchaseFix(words, { env });
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        via: "celery",
        state: "healthy",
        receivers: null,
        queues: [{ name: "celery", depth: 0, consumers: 1, unacknowledged: 0 }],
      });
    }, later);
    await rabbit.fill("mail", 3);
    const both = { ...env, PURCHASE_FIX_CELERY_QUEUES: "celery,mail" };
    await vi.waitFor(async () => {
      const { code, stdout, stderr } = await purchaseFix(words, { env: both });
      expect(code).toBe(1);
      expect(stderr).toContain("no worker takes tasks from the queue mail (3 waiting)");
      expect(JSON.parse(stdout)).toMatchObject({ condition: "unattended" });
    }, later);
  });

  test("counts no consumer of a worker that is dead: that is more than silence", async () => {
    await worker.stop();
    const env = { CELERY_BROKER_URL: rabbit.url, PURCHASE_FIX_RABBITMQ_API: rabbit.api };
    const words = [
      "celery-status",
      "--json",
      "--timeout=1s",
      "--celery-bin",
      celeryBinary,
      "--celery-cwd",
      workerFolder,
    ];
    await vi.waitFor(
      async () => {
        const { stdout } = await purchaseFix(words, { env });
        expect(JSON.parse(stdout)).toMatchObject({ state: "unhealthy", condition: "dead" });
      },
      { timeout: 60_000, interval: 500 },
    );
  });
});
