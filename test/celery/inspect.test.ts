import { randomUUID } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { inspect as shown } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { celeryCommand, SEND_TASK, type CeleryCommand } from "../../src/celery/inspect.js";
import { KnownError, type Problem } from "../../src/errors.js";
import { Secret } from "../../src/redact.js";
import { judgeWorkers } from "../../src/sales/workers-judge.js";
import { PATIENCE_MS, type CelerySnapshot } from "../../src/sales/workers.js";
import { freePort } from "../../demo/postgres-watchdog.js";
import { celeryParts, startCelery, type CeleryLab } from "../cast/celery.js";
import { processesNaming } from "./processes.js";

const parts = celeryParts();
const token = "token-of-pixel-1";
const patience = { timeout: 60_000, interval: 50 };

describe.skipIf(!parts.available)("a real worker", () => {
  let lab: CeleryLab;
  let workerPid: number | null;

  beforeAll(async () => {
    lab = await startCelery();
    workerPid = (await ask()).workers[0]?.pid ?? null;
  });
  afterAll(() => lab?.stop());

  /** Asks, and sees to it that no child is left when there is an answer. */
  async function ask(
    differing: Partial<CeleryCommand> = {},
    timeoutMs = 5_000,
    mark: string = randomUUID(),
  ): Promise<CelerySnapshot> {
    const port = celeryCommand({
      // This shell keeps the mark in its command line for as long as its Celery lives.
      binary: `/bin/sh -c '"$@"; exit $?' ${mark} ${lab.binary}`,
      app: "celery_app",
      cwd: lab.cwd,
      env: lab.env,
      brokerUrl: null,
      sendTask: SEND_TASK,
      now: Date.now,
      ...differing,
    });
    return await port.inspect({ timeoutMs }).finally(() => expect(processesNaming(mark)).toEqual([]));
  }

  /** Why it could not ask; the error holds no secret wherever one looks. */
  async function trouble(differing: Partial<CeleryCommand>, timeoutMs?: number): Promise<Problem> {
    const error: unknown = await ask(differing, timeoutMs).then(
      () => new Error("it could ask"),
      (reason: unknown) => reason,
    );
    if (!(error instanceof KnownError)) throw error;
    expect(error.exitCode).toBe(2);
    expect(shown(error, { depth: null, showHidden: true })).not.toContain("password-of-the-broker");
    return error.problem;
  }

  async function send(behaviours: Parameters<CeleryLab["send"]>[1]): Promise<string[]> {
    return await lab.send(token, behaviours);
  }

  /** Names of the lists and bindings that our questions make for replies. */
  async function replyKeys(): Promise<string[]> {
    const keys = await lab.redis("keys", "*");
    return keys.filter((key) => key.includes("reply"));
  }

  /** Waits until the task has ended well. */
  async function succeeded(id: string | undefined): Promise<void> {
    const result = (): Promise<string[]> => lab.redis("-n", "1", "get", `celery-task-meta-${id}`);
    await vi.waitFor(async () => expect((await result()).join()).toContain("SUCCESS"), patience);
  }

  test("that is idle says so, and is left as it was", async () => {
    const before = Date.now();
    const snapshot = await ask();
    expect(snapshot).toMatchObject({
      via: "celery",
      timeoutMs: 5_000,
      unanswered: [],
      workers: [
        {
          name: "w1@lab",
          slots: 2,
          busy: 0,
          active: [],
          oldest: null,
          reserved: 0,
          totals: {},
          sendTotal: 0,
        },
      ],
    });
    expect(snapshot.workers[0]?.scheduled).toEqual({ count: 0, nextEta: null });
    expect(snapshot.workers[0]?.uptimeSec).toBeGreaterThanOrEqual(1);
    expect(snapshot.askedAt).toBeGreaterThanOrEqual(before);
    expect(snapshot.answeredAt).toBeGreaterThan(snapshot.askedAt);
    expect(judgeWorkers(snapshot)).toMatchObject({
      state: "healthy",
      because: "1 worker answers, 0 of 2 slots busy",
    });
    expect(await replyKeys()).toEqual([]);
  });

  test("that is busy tells which task and since when, and nothing of what the task carries", async () => {
    const held = lab.hold();
    const before = Date.now();
    const [running, waiting] = await send([{ while_exists: held.path }, { statuses: [429, 200] }]);
    await succeeded(waiting);
    const snapshot = await ask();
    held.release();
    const [worker] = snapshot.workers;
    expect(worker).toMatchObject({
      busy: 1,
      oldest: { id: running, name: "celery_app.send_meta_event" },
      active: [{ id: running, acknowledged: false }],
      // The application's retry stands in a try that retries again: the first copy waits its minute, the other ran.
      scheduled: { count: 1 },
      sendTotal: 3,
      totals: { "celery_app.send_meta_event": 3 },
    });
    expect(worker?.oldest?.startedAt).toBeGreaterThanOrEqual(before);
    expect(worker?.oldest?.startedAt).toBeLessThanOrEqual(snapshot.answeredAt);
    expect(worker?.scheduled?.nextEta).toBeGreaterThan(before + 60_000);
    expect(worker?.scheduled?.nextEta).toBeLessThan(Date.now() + 60_000);
    expect(judgeWorkers(snapshot).state).toBe("healthy");
    const told = shown(snapshot, { depth: null });
    expect(told).toContain(running);
    for (const carried of [token, "purchase_0", "1234567890", waiting]) expect(told).not.toContain(carried);
    expect(await replyKeys()).toEqual([]);
  });

  test("whose slots have been full for longer than the web process waits is saturated", async () => {
    const held = lab.hold();
    await send(Array.from({ length: 3 }, () => ({ while_exists: held.path })));
    await vi.waitFor(
      async () => expect(await ask()).toMatchObject({ workers: [{ slots: 2, busy: 2 }] }),
      patience,
    );
    const full = Date.now();
    await vi.waitFor(() => expect(Date.now() - full).toBeGreaterThan(PATIENCE_MS), patience);
    const later = await ask();
    held.release();
    expect(judgeWorkers(later)).toMatchObject({ state: "unhealthy" });
    expect(judgeWorkers(later).because).toMatch(/^saturated: 2 of 2 slots busy for \d\ds; /);
    expect(shown(later, { depth: null })).not.toContain(token);
  });

  test("of an application that prints while it is imported is heard all the same", async () => {
    const snapshot = await ask({ app: "noisy_app" });
    expect(snapshot).toMatchObject({ unanswered: [], workers: [{ name: "w1@lab", slots: 2 }] });
    expect(snapshot.workers).toHaveLength(1);
  });

  test("on another database of the broker is not heard: unknown, never down", async () => {
    const brokerUrl = new Secret(lab.brokerUrl.replace(/0$/, "5"));
    const snapshot = await ask({ brokerUrl }, 3_000);
    expect(snapshot.workers).toEqual([]);
    expect(snapshot.unanswered).toEqual(["active", "reserved", "scheduled", "stats"]);
    expect(judgeWorkers(snapshot)).toMatchObject({
      state: "unknown",
      because: "no worker answered within 3 s (down, frozen, or another broker)",
    });
    expect(await lab.redis("-n", "5", "keys", "*reply*")).toEqual([]);
  });

  describe.concurrent("cannot be asked when", () => {
    const what = "Celery cannot reach its broker";
    const next = "check that the broker runs, and that CELERY_BROKER_URL (with its password) is the workers'";
    /** Celery gives a broker up in its own time; on a machine under load that may be long. */
    const long = 20_000;

    test("the broker is down", async () => {
      const url = `redis://:password-of-the-broker@127.0.0.1:${await freePort()}/0`;
      expect(await trouble({ brokerUrl: new Secret(url) }, long)).toEqual({
        what,
        why: expect.stringMatching(
          /^kombu.exceptions.OperationalError: Error 111 connecting to .* refused\.$/,
        ),
        next,
      });
    });

    test("the password of the broker is wrong", async () => {
      const url = lab.brokerUrl.replace("//", "//somebody:password-of-the-broker@");
      expect(await trouble({ brokerUrl: new Secret(url) }, long)).toEqual({
        what,
        why: expect.stringMatching(/WRONGPASS|invalid username-password/),
        next,
      });
    });

    test("the broker accepts and never answers: our own deadline holds", async () => {
      const silent = await startSilentBroker();
      expect(await trouble({ brokerUrl: new Secret(silent.url) }, 1_000)).toMatchObject({
        what: expect.stringMatching(/ did not come back within 5s$/),
        why: expect.stringContaining("accepts connections and never answers"),
      });
      expect(silent.connections()).toBeGreaterThanOrEqual(1);
      await silent.close();
    });
  });

  describe("cannot be asked when", () => {
    test("the application does not exist", async () => {
      expect(await trouble({ app: "no_such_app" })).toEqual({
        what: 'Celery cannot load the application "no_such_app"',
        why: "The module no_such_app was not found.",
        next: "name its module with --celery-app, and the folder it is imported from with --celery-cwd",
      });
    });

    test("the application is not in this folder", async () => {
      expect(await trouble({ cwd: tmpdir() })).toMatchObject({
        what: 'Celery cannot load the application "celery_app"',
      });
    });

    test("the application fails to load, and names its secrets", async () => {
      const brokerUrl = new Secret("redis://:password-of-the-broker@127.0.0.1/0");
      expect(await trouble({ app: "failing_app", brokerUrl })).toEqual({
        what: 'Celery cannot load the application "failing_app"',
        why: "RuntimeError: cannot connect to [secret]",
        next: "it fails while it is imported: use the application's own Python (--celery-bin) and folder (--celery-cwd)",
      });
    });

    test("there is no such program", async () => {
      expect(await trouble({ binary: "/opt/no such/celery" })).toMatchObject({
        what: "cannot run `/opt/no such/celery`",
        why: "there is no such program",
      });
    });

    test("there is no such folder", async () => {
      const { what } = await trouble({ cwd: "/no/such/folder" });
      expect(what).toBe("the working directory for Celery does not exist: /no/such/folder");
    });

    test("that Python has no Celery", async () => {
      const { what, why, next: then } = await trouble({ binary: "/usr/bin/python3 -S -m celery" });
      expect(what).toBe("cannot run `/usr/bin/python3 -S -m celery`");
      expect(why).toBe("/usr/bin/python3: No module named celery");
      expect(then).toContain("--celery-bin");
    });

    test("the program is no Celery", async () => {
      const { what, why } = await trouble({ binary: "/bin/echo" });
      expect(what).toBe("`/bin/echo` ended with exit code 0 and no answer");
      expect(why).toBe("it said nothing on stderr");
    });
  });

  test("is not asked any further after an abort, and no child stays", async () => {
    const silent = await startSilentBroker();
    const stop = new AbortController();
    const mark = randomUUID();
    const asking = ask({ brokerUrl: new Secret(silent.url), signal: stop.signal }, 5_000, mark);
    await vi.waitFor(() => expect(silent.connections()).toBe(4), patience);
    expect(processesNaming(mark)).not.toEqual([]);
    stop.abort(new Error("Ctrl-C"));
    await expect(asking).rejects.toThrow("Ctrl-C");
    await silent.close();
  });

  test("lives on after all these questions, and works", async () => {
    const [before] = (await ask()).workers;
    const [last] = await send([{}]);
    await succeeded(last);
    const [after] = (await ask()).workers;
    expect(after).toMatchObject({ name: "w1@lab", pid: workerPid });
    expect(after?.sendTotal).toBeGreaterThan(before?.sendTotal ?? Number.NaN);
    expect(await replyKeys()).toEqual([]);
  });
});

interface SilentBroker {
  readonly url: string;
  connections(): number;
  close(): Promise<void>;
}

/** Takes every connection and never says a word. */
async function startSilentBroker(): Promise<SilentBroker> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket.on("error", () => undefined).resume()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port.");
  return {
    url: `redis://127.0.0.1:${address.port}/0`,
    connections: () => sockets.length,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
