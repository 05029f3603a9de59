import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { freePort } from "../../demo/postgres-watchdog.js";
import { hasTerminal, keepSecret, onTerminal, purchaseFix, start, type Ended } from "../cast/binary.js";
import { celeryParts, startCelery, type CeleryLab, type LabOptions } from "../cast/celery.js";

const token = "token-of-pixel-1";
const patience = { timeout: 60_000, interval: 50 };
keepSecret("the access token", token);
keepSecret("the password of the broker", "secret-password");

interface Told {
  readonly state: string;
  readonly condition: string;
  readonly because: string;
  readonly cause: string | null;
  readonly next: string | null;
  readonly signals: readonly string[];
  readonly findings: readonly string[];
  readonly receivers: number | null;
  readonly replies: number | null;
  readonly heartbeats: readonly { name: string }[] | null;
  readonly unacknowledged: {
    count: number;
    orphans: { ids: string[]; backFrom: string; backBy: string } | null;
  };
  readonly queues: readonly { name: string; depth: number; sample: { events: object } | null }[];
  readonly copies: readonly { taskId: string; copies: number }[];
}

let lab: CeleryLab | undefined;
afterEach(async () => {
  await lab?.stop();
  lab = undefined;
});

async function started(options: LabOptions = {}): Promise<CeleryLab> {
  return (lab = await startCelery(options));
}

/** What the real command says, as data; no key of ours is left in Redis afterwards. */
async function status(
  { brokerUrl, redis }: Pick<CeleryLab, "brokerUrl" | "redis">,
  ...args: string[]
): Promise<{ code: number | null; told: Told; stderr: string }> {
  const { code, stdout, stderr } = await asked(brokerUrl, "--json", ...args);
  expect((await redis("keys", "*")).filter((key) => key.includes("reply"))).toEqual([]);
  return { code, told: JSON.parse(stdout) as Told, stderr };
}

function asked(brokerUrl: string, ...args: string[]): Promise<Ended> {
  return purchaseFix(["celery-status", ...args], { env: { CELERY_BROKER_URL: brokerUrl } });
}

/** Waits for Redis to say so. */
async function until(what: () => Promise<string | undefined>, expected: string): Promise<void> {
  await vi.waitFor(async () => expect(await what()).toBe(expected), patience);
}

describe.skipIf(!celeryParts().available)("celery-status tells apart a worker that is", () => {
  test("healthy, at once and leaving no trace", async () => {
    const { redis, ...rest } = await started();
    const before = (await redis("keys", "*")).toSorted();
    const { code, told, stderr } = await status({ redis, ...rest });
    expect(code).toBe(0);
    expect(told).toMatchObject({ state: "healthy", condition: "healthy", cause: null, next: null });
    expect(told).toMatchObject({ receivers: 1, replies: 1, heartbeats: null, findings: [] });
    expect(stderr).toBe("healthy: 1 worker answers, 0 of 2 slots busy\n");
    expect((await redis("keys", "*")).toSorted()).toEqual(before);
  });

  test("saturated: more tasks than slots, for longer than the web process waits", async () => {
    const { redis, hold, send, ...rest } = await started();
    const held = hold();
    await send(
      token,
      Array.from({ length: 7 }, () => ({ while_exists: held.path })),
    );
    await until(async () => (await redis("hlen", "unacked"))[0], "2");
    const full = Date.now();
    await vi.waitFor(() => expect(Date.now() - full).toBeGreaterThan(10_000), patience);
    const { code, told } = await status({ redis, ...rest });
    held.release();
    expect(code).toBe(1);
    expect(told).toMatchObject({ state: "unhealthy", condition: "saturated", replies: 1, findings: [] });
    expect(told.because).toMatch(/^saturated: 2 of 2 slots busy for 1\ds; a new Purchase outwaits/);
    expect(told.cause).toBe("cause 1, Celery timeout: workers overloaded");
    expect(told.queues).toMatchObject([{ name: "celery", depth: 5, sample: { events: { Purchase: 5 } } }]);
    expect(told.signals).toContain("heartbeats of w1@lab");
  });

  test("frozen in its pool: it answers and beats, and starts nothing", async () => {
    const { redis, worker, send, ...rest } = await started();
    worker.freezePool();
    await send(token, [{}, {}]);
    await until(async () => (await redis("llen", "celery"))[0], "0");
    const { code, told } = await status({ redis, ...rest });
    expect(code).toBe(1);
    expect(told).toMatchObject({ state: "unhealthy", condition: "pool-frozen", receivers: 1, replies: 1 });
    expect(told.signals).toContain("0 tasks started between two looks");
    expect(told.next).toContain("restart the worker");
    expect(told.unacknowledged.orphans?.ids).toEqual([]);
    worker.thaw();
    await until(async () => (await redis("hlen", "unacked"))[0], "0");
  });

  test("frozen in its main process: it listens, and neither answers nor beats", async () => {
    const { redis, worker, send, ...rest } = await started();
    worker.freezeMain();
    await send(token, [{}, {}, {}]);
    const { code, told } = await status({ redis, ...rest });
    expect(code).toBe(1);
    expect(told).toMatchObject({ condition: "main-frozen", receivers: 1, replies: 0, heartbeats: [] });
    expect(told.state).toBe("unhealthy");
    expect(told.unacknowledged.orphans).toBeNull();
    worker.thaw();
    await vi.waitFor(async () => expect((await status({ redis, ...rest })).code).toBe(0), patience);
  });

  test("a solo pool that is busy: not known, and never called down", async () => {
    const { redis, hold, send, ...rest } = await started({
      worker: ["-P", "solo", "--without-mingle", "--without-gossip"],
    });
    const held = hold();
    await send(token, [{ while_exists: held.path }, {}]);
    await until(async () => (await redis("hlen", "unacked"))[0], "1");
    const { code, told } = await status({ redis, ...rest });
    held.release();
    expect(code).toBe(1);
    expect(told).toMatchObject({ state: "unknown", condition: "solo-busy", receivers: 1, replies: 0 });
    expect(told.because).toContain("holds one task for");
    await vi.waitFor(async () => expect((await status({ redis, ...rest })).code).toBe(0), patience);
  });

  // Whether a worker becomes one is a race of Celery's own with the restart: it gets further chances.
  test(
    "a zombie: Redis was restarted within a second, and it beats and takes nothing any more",
    { retry: 2 },
    async () => {
      const { redis, worker, send, ...rest } = await zombie();
      await send(token, [{}, {}, {}]);
      const { code, told } = await status({ redis, ...rest });
      expect(worker.alive()).toBe(true);
      expect(code).toBe(1);
      expect(told).toMatchObject({ state: "unhealthy", condition: "zombie", receivers: 0, replies: 0 });
      expect(told.heartbeats).toMatchObject([{ name: "w1@lab" }]);
      expect(told.queues).toMatchObject([{ depth: 3 }]);
      expect(told.next).toContain("--without-mingle");
      expect(told.unacknowledged.orphans).toBeNull();
    },
  );

  test("dead: its deliveries are orphans, and it is said when they come back", async () => {
    const { redis, worker, hold, send, ...rest } = await started();
    const held = hold();
    const before = Date.now();
    const [orphan] = await send(token, [{ while_exists: held.path }]);
    await until(async () => (await redis("hlen", "unacked"))[0], "1");
    await worker.kill();
    await send(token, [{}]);
    // A delivery of the last five seconds may still be on its way.
    await vi.waitFor(() => expect(Date.now() - before).toBeGreaterThan(7_000), patience);
    const { code, told } = await status({ redis, ...rest });
    expect(code).toBe(1);
    expect(told).toMatchObject({ state: "unhealthy", condition: "dead", receivers: 0, heartbeats: [] });
    expect(told.unacknowledged.orphans?.ids).toEqual([orphan]);
    const back = Date.parse(told.unacknowledged.orphans?.backFrom ?? "");
    expect(back - before).toBeGreaterThanOrEqual(3_600_000);
    expect(back - before).toBeLessThan(3_610_000);
    expect(told.findings[0]).toContain("1 delivery of a worker that died");
    expect(told.next).toContain("start the workers");
    held.release();
  });

  test("not there at all: in an empty database nothing is called dead", async () => {
    const { redis, brokerUrl } = await started();
    const { code, told } = await status({ redis, brokerUrl: brokerUrl.replace(/0$/, "7") });
    expect(code).toBe(1);
    expect(told).toMatchObject({ state: "unknown", condition: "unknown", receivers: 0 });
    expect(told.because).toContain("nothing of Celery lies in this database");
  });

  test("storming: copies of one task are counted and named", async () => {
    const { redis, worker, send, ...rest } = await started();
    const [id] = await send(token, [{ statuses: [500, 500, 500, 500, 500, 500] }]);
    await vi.waitFor(
      async () => expect(Number((await redis("hlen", "unacked"))[0])).toBeGreaterThanOrEqual(4),
      patience,
    );
    worker.freezePool();
    const { told } = await status({ redis, ...rest });
    expect(told.copies[0]).toMatchObject({ taskId: id });
    expect(told.findings.join()).toMatch(/^double-retry storm: \d+ copies of task /);
  });

  test("looked at passively: nothing is published, and what cannot be seen is not said", async () => {
    const { redis, brokerUrl } = await started();
    const published = async () =>
      /cmdstat_publish:calls=(\d+)/.exec((await redis("info", "commandstats")).join("\n"))?.[1];
    const { code, told } = await status({ redis, brokerUrl }, "--passive");
    expect(told).toMatchObject({ via: "passive", state: "unknown", receivers: null, replies: null });
    expect(told.heartbeats).toMatchObject([{ name: "w1@lab" }]);
    expect(code).toBe(1);
    // The worker's own heartbeats are all that was published meanwhile.
    expect(Number(await published())).toBeLessThan(20);
    expect((await redis("info", "commandstats")).join()).not.toContain("cmdstat_srem");
  });

  test("found behind a key prefix, which without being told looks like no Celery at all", async () => {
    const { redis, send, worker, brokerUrl } = await started({ keyPrefix: "shop:" });
    const env = { CELERY_BROKER_URL: brokerUrl, PURCHASE_FIX_CELERY_KEYPREFIX: "shop:" };
    const told = await purchaseFix(["celery-status", "--json"], { env });
    expect(JSON.parse(told.stdout)).toMatchObject({ state: "healthy", receivers: 1, replies: 1 });
    worker.freezePool();
    await send(token, [{}, {}, {}]);
    await until(async () => (await redis("hlen", "shop:unacked"))[0], "2");
    const frozen = JSON.parse((await purchaseFix(["celery-status", "--json"], { env })).stdout) as Told;
    expect(frozen).toMatchObject({
      condition: "pool-frozen",
      heartbeats: [{ name: "w1@lab" }],
      queues: [{ depth: 1 }],
    });
    expect((await status({ redis, brokerUrl })).told).toMatchObject({ state: "unknown", receivers: 0 });
  });

  test("asked by a user who may do no more than operating.md says", async () => {
    const { redis, worker, brokerUrl } = await started();
    const rights = /```text\n(~celery\*[^`]*)```/.exec(readFileSync("docs/operating.md", "utf8"))?.[1] ?? "";
    await redis("acl", "setuser", "watcher", "on", ">password-of-watcher", ...rights.trim().split(/\s+/));
    const limited = { redis, brokerUrl: brokerUrl.replace("//", "//watcher:password-of-watcher@") };
    expect(await status(limited)).toMatchObject({
      code: 0,
      told: { condition: "healthy", receivers: 1, replies: 1 },
    });
    worker.freezeMain();
    expect((await status(limited)).told).toMatchObject({ condition: "main-frozen", heartbeats: [] });
    worker.thaw();
    expect((await status(limited, "--passive")).told).toMatchObject({ heartbeats: [{ name: "w1@lab" }] });
    const refused = (await redis("acl", "log")).join(" ");
    expect(refused).not.toMatch(/keys|publish/);
  });

  test("given the same answers by the command and natively", async () => {
    const { redis, brokerUrl, binary, cwd } = await started();
    const words = ["--via", "cli", "--celery-bin", binary, "--celery-cwd", cwd];
    const [cli, native] = [await status({ redis, brokerUrl }, ...words), await status({ redis, brokerUrl })];
    expect([cli.code, native.code]).toEqual([0, 0]);
    expect(cli.told.because).toBe(native.told.because);
  });
});

describe("celery-status cannot ask, says so, and leaves stdout empty", () => {
  async function refused(brokerUrl: string, ...args: string[]): Promise<string[]> {
    const { code, stdout, stderr } = await asked(brokerUrl, "--json", ...args);
    expect([code, stdout]).toEqual([2, ""]);
    return stderr.trimEnd().split("\n");
  }

  test("where the broker is down", async () => {
    const port = await freePort();
    const [what, , next] = await refused(`redis://:secret-password@127.0.0.1:${port}/0`);
    expect(what).toBe(`error: nobody listens at the Redis 127.0.0.1:${port}/0`);
    expect(next).toContain("CELERY_BROKER_URL");
  });

  test("where it accepts and never answers: our own deadline holds", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on("error", () => undefined).resume()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const at = server.address();
    const port = typeof at === "object" ? at?.port : 0;
    const [what] = await refused(`redis://127.0.0.1:${port}/0`, "--timeout", "1s");
    expect(what).toBe(`error: the Redis 127.0.0.1:${port}/0 did not answer within 1s`);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test("where nobody told it the broker, or told it another than it can ask", async () => {
    expect((await refused("", "--passive"))[0]).toContain("--passive needs to know the workers' Redis");
    expect((await refused("", "--via", "redis"))[1]).toContain("set CELERY_BROKER_URL (or REDIS_URL)");
    expect((await refused("amqp://guest@localhost//", "--via", "redis"))[0]).toContain(
      "needs a Redis broker",
    );
    expect((await refused("sentinel://a:1;sentinel://b:2", "--via", "redis"))[0]).toContain("Sentinel");
    expect((await refused("redis://localhost", "--via", "cli", "--passive"))[0]).toContain(
      "which --via cli cannot",
    );
  });
});

describe.skipIf(!celeryParts().available)("Ctrl-C while the workers are silent", () => {
  test("ends at once, with 130 and without a key left behind", async () => {
    const { redis, worker, brokerUrl } = await started();
    worker.freezeMain();
    // The second look asks for nearly a minute: however loaded the machine is, its keys are met.
    const running = start(["celery-status", "--timeout", "60s"], { env: { CELERY_BROKER_URL: brokerUrl } });
    await vi.waitFor(
      async () => expect((await redis("keys", "*reply*")).length).toBeGreaterThan(0),
      patience,
    );
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stdout: "" });
    expect(await redis("keys", "*reply*")).toEqual([]);
    worker.thaw();
    await vi.waitFor(async () => expect((await asked(brokerUrl)).code).toBe(0), patience);
    expect(await redis("keys", "*reply*")).toEqual([]);
  });
});

/** With Celery 5.2 a restart of Redis makes one of nearly every worker that mingles, with 5.3 of two in three. */
async function zombie(): Promise<CeleryLab> {
  const lab = await started({ worker: ["-c", "2"] });
  for (let restarts = 0; restarts < 10; restarts += 1) {
    await lab.restartRedis();
    // It beats again: whatever it was going to listen to, it does by now.
    await vi.waitFor(async () => expect(await publications(lab)).toBeGreaterThanOrEqual(3), patience);
    const listens = async () => (await lab.redis("client", "list")).join().includes("psub=1");
    if (await listens()) continue;
    // A worker under load may only be late: a zombie still does not listen three beats on.
    const beats = await publications(lab);
    await vi.waitFor(async () => expect(await publications(lab)).toBeGreaterThanOrEqual(beats + 3), patience);
    if (!(await listens())) return lab;
  }
  throw new Error("ten restarts of Redis made no zombie of this worker");
}

async function publications({ redis }: CeleryLab): Promise<number> {
  const stats = (await redis("info", "commandstats")).join("\n");
  return Number(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe.skipIf(!celeryParts().available)("celery-status --watch", () => {
  interface Look {
    readonly state: string;
    readonly condition: string;
    readonly heartbeats: readonly object[] | null;
    readonly secondLook: { readonly started: number } | null;
  }

  const looks = (stdout: string): Look[] =>
    stdout
      .split("\n")
      .filter((line) => line.includes('"command"'))
      .map((line) => JSON.parse(line) as Look);

  test("tells a look a line, sees what moved since and a worker that stops, and ends with 130", async () => {
    const { redis, send, worker, brokerUrl } = await started();
    const env = { CELERY_BROKER_URL: brokerUrl };
    const running = start(["celery-status", "--watch=1s", "--jsonl", "--timeout", "1s"], { env });
    await running.said('"condition":"healthy"');
    // One alone: of several, two looks may each see a part.
    await send(token, [{}]);
    await running.said('"started":1');
    worker.freezeMain();
    await running.said('"condition":"main-frozen"');
    worker.thaw();
    running.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    const [first, second] = looks(stdout);
    expect(first).toMatchObject({ state: "healthy", secondLook: null });
    expect(second).toMatchObject({ secondLook: { started: expect.any(Number) } });
    expect(await redis("keys", "*reply*")).toEqual([]);
  });

  test("goes on when the broker goes and comes back, and says so", async () => {
    const { redis, restartRedis, stopRedis, brokerUrl } = await started();
    const env = { CELERY_BROKER_URL: brokerUrl };
    const running = start(["celery-status", "--watch=1s", "--jsonl", "--timeout", "1s"], { env });
    await running.said('"condition":"healthy"');
    await stopRedis();
    await running.said("could not ask: ");
    await restartRedis();
    const asked = async () => (await redis("info", "commandstats")).join();
    await vi.waitFor(async () => expect(await asked()).toContain("cmdstat_srem"), patience);
    running.kill("SIGTERM");
    const { code, stdout } = await running.ended;
    expect(code).toBe(143);
    expect(looks(stdout).at(0)).toMatchObject({ state: "healthy" });
    expect(looks(stdout).at(1)).toMatchObject({ state: "unknown", condition: "unknown" });
  });

  test.skipIf(!hasTerminal())("on a terminal is drawn in its own place", async () => {
    const { brokerUrl } = await started();
    const running = onTerminal(["celery-status", "--watch=1s"], { env: { CELERY_BROKER_URL: brokerUrl } });
    await running.said("\u001b[2J\u001b[H");
    await running.said("healthy: 1 worker answers");
    await running.type("\u0003");
    expect(await running.ended).toMatchObject({ code: 130 });
  });
});
