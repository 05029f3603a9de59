import { describe, expect, test } from "vitest";
import { celeryCommand, SEND_TASK } from "../../src/celery/inspect.js";
import { celeryStatus } from "../../src/commands/celery-status.js";
import { KnownError } from "../../src/errors.js";
import type { Clock } from "../../src/ports.js";
import {
  brokerUnseen,
  type CeleryPort,
  type CelerySnapshot,
  type WorkerSnapshot,
} from "../../src/sales/workers.js";
import { celeryParts, startCelery } from "../cast/celery.js";
import { atTerminal, inPipe, type Stage } from "../output/streams.js";

const now = Date.UTC(2025, 10, 20, 13, 30);
const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };

const busy: WorkerSnapshot = {
  name: "w1@lab",
  slots: 2,
  busy: 1,
  active: [
    {
      id: "f3a1",
      name: "celery_app.send_meta_event",
      startedAt: now - 75_400,
      workerPid: 12,
      acknowledged: false,
    },
  ],
  oldest: { id: "f3a1", name: "celery_app.send_meta_event", startedAt: now - 75_400, ageMs: 75_400 },
  reserved: 0,
  scheduled: { count: 3, nextEta: now + 60_000 },
  totals: { "celery_app.send_meta_event": 41, "celery_app.cleanup": 1 },
  sendTotal: 41,
  uptimeSec: 7_200,
  pid: 11,
  queues: ["celery"],
};

/** One that answered a ping and no more. */
const mute: WorkerSnapshot = {
  name: "w2@lab",
  slots: null,
  busy: null,
  active: [],
  oldest: null,
  reserved: null,
  scheduled: null,
  totals: null,
  sendTotal: null,
  uptimeSec: null,
  pid: null,
  queues: null,
};

function told(workers: readonly WorkerSnapshot[], unanswered: readonly string[] = []): CeleryPort {
  const snapshot: CelerySnapshot = {
    ...brokerUnseen,
    askedAt: now - 2_000,
    answeredAt: now,
    via: "celery",
    timeoutMs: 5_000,
    workers,
    unanswered,
  };
  return { inspect: () => Promise.resolve(snapshot) };
}

/** Runs the command before an audience: its exit code and what stdout and stderr hold. */
async function run(
  stage: Stage,
  celery: CeleryPort,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const code = await celeryStatus(
    { output: stage.output, celery, clock },
    { timeoutMs: 5_000, everyMs: null },
  );
  return { code, stdout: stage.stdout.text, stderr: stage.stderr.text };
}

describe("the exit code and the line of judgement", () => {
  const look =
    "  next: look at the worker's process and log; check that this is the workers' broker and database";

  test.each<[string, readonly WorkerSnapshot[], number, string[]]>([
    ["healthy", [busy], 0, ["healthy: 1 worker answers, 1 of 2 slots busy"]],
    [
      "not healthy",
      [{ ...busy, slots: 1 }],
      1,
      [
        "unhealthy: saturated: 1 of 1 slots busy for 1m 15s; a new Purchase outwaits the application's 10s",
        "  this is cause 1, Celery timeout: workers overloaded",
        "  next: add slots (-c) or workers; what is queued is sent by itself, late",
      ],
    ],
    [
      "not known",
      [busy, mute],
      1,
      ["unknown: w2@lab answered, but did not tell slots and running tasks within 5 s", look],
    ],
    ["silent", [], 1, ["unknown: no worker answered within 5 s (down, frozen, or another broker)", look]],
  ])("where the workers are %s", async (_, workers, code, lines) => {
    expect(await run(await inPipe(), told(workers))).toMatchObject({ code, stderr: `${lines.join("\n")}\n` });
  });

  test("where it could not ask is an error, and stdout stays empty", async () => {
    const stage = await inPipe();
    const unable = new KnownError({ what: "Celery cannot reach its broker" });
    await expect(run(stage, { inspect: () => Promise.reject(unable) })).rejects.toBe(unable);
    expect(stage.stdout.text).toBe("");
  });

  test("workers are given the time that was asked for", async () => {
    const asked: unknown[] = [];
    const celery: CeleryPort = {
      inspect: (options) => {
        asked.push(options);
        return told([busy]).inspect(options);
      },
    };
    const { output } = await inPipe();
    await celeryStatus({ output, celery, clock }, { timeoutMs: 20_000, everyMs: null });
    expect(asked).toEqual([{ timeoutMs: 20_000, watching: false }]);
  });
});

describe("the report", () => {
  test("is a table for people, in words", async () => {
    const { stdout } = await run(await atTerminal(200, { color: false }), told([busy, mute]));
    const [head = "", , first = "", second = ""] = stdout.split("\n");
    expect(head.trim().split(/ {2,}/)).toEqual([
      "Worker",
      "Slots",
      "Busy",
      "Longest task",
      "Task age",
      "Reserved",
      "Waiting retries",
      "Next retry",
      "send_meta_event",
      "Uptime",
      "Started",
      "Queues",
    ]);
    expect(first.trim().split(/ {2,}/)).toEqual([
      "w1@lab",
      "2",
      "1",
      "celery_app.send_meta_event",
      "1m 15s",
      "0",
      "3",
      "2025-11-20T13:31:00.000Z",
      "41",
      "2h",
      "celery",
    ]);
    expect(second.trim()).toBe("w2@lab");
  });

  test("is TSV in a pipe, times in seconds, what is not known empty", async () => {
    const { stdout } = await run(await inPipe(), told([busy, mute]));
    expect(stdout.split("\n").map((line) => line.split("\t"))).toEqual([
      [
        "worker",
        "slots",
        "busy",
        "longest_task",
        "task_age",
        "reserved",
        "waiting_retries",
        "next_retry",
        "send_meta_event",
        "uptime",
        "started",
        "queues",
      ],
      [
        "w1@lab",
        "2",
        "1",
        "celery_app.send_meta_event",
        "75",
        "0",
        "3",
        "2025-11-20T13:31:00.000Z",
        "41",
        "7200",
        "",
        "celery",
      ],
      ["w2@lab", "", "", "", "", "", "", "", "", "", "", ""],
      [""],
    ]);
  });

  const head = {
    version: 1,
    command: "celery-status",
    generatedAt: "2025-11-20T13:30:00.000Z",
    via: "celery",
    state: "unknown",
    because: "w2@lab answered, but did not tell slots and running tasks within 5 s",
    unanswered: ["reserved"],
    condition: "unknown",
    cause: null,
    next: "look at the worker's process and log; check that this is the workers' broker and database",
    signals: [],
    findings: [],
    receivers: null,
    replies: null,
    heartbeats: null,
    queues: [],
    unacknowledged: null,
    copies: [],
    confirmedPurchases: null,
    secondLook: null,
  };
  const busyJson = {
    name: "w1@lab",
    slots: 2,
    busy: 1,
    oldestTask: {
      id: "f3a1",
      name: "celery_app.send_meta_event",
      startedAt: "2025-11-20T13:28:44.600Z",
      ageSeconds: 75,
    },
    reserved: 0,
    scheduled: { count: 3, nextEta: "2025-11-20T13:31:00.000Z" },
    totals: { "celery_app.send_meta_event": 41, "celery_app.cleanup": 1 },
    sendMetaEvent: 41,
    uptimeSeconds: 7200,
    pid: 11,
    queues: ["celery"],
  };
  const muteJson = {
    name: "w2@lab",
    slots: null,
    busy: null,
    oldestTask: null,
    reserved: null,
    scheduled: null,
    totals: null,
    sendMetaEvent: null,
    uptimeSeconds: null,
    pid: null,
    queues: null,
  };

  test("is one JSON document with --json", async () => {
    const { stdout } = await run(await inPipe({ format: "json" }), told([busy, mute], ["reserved"]));
    expect(JSON.parse(stdout)).toEqual({ ...head, workers: [busyJson, muteJson] });
  });

  test("is a line per worker and one of judgement with --jsonl", async () => {
    const { stdout } = await run(await inPipe({ format: "jsonl" }), told([busy, mute], ["reserved"]));
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { worker: busyJson },
      { worker: muteJson },
      head,
    ]);
  });

  test("is a JSON document even where nobody answered", async () => {
    const { stdout } = await run(await inPipe({ format: "json" }), told([]));
    expect(JSON.parse(stdout)).toMatchObject({ state: "unknown", workers: [] });
  });
});

test.skipIf(!celeryParts().available)(
  "of a real worker that runs a Purchase nothing shows the token",
  async () => {
    const lab = await startCelery();
    try {
      const held = lab.hold();
      const [id] = await lab.send("token-of-pixel-1", [{ while_exists: held.path }]);
      const asking = celeryCommand({
        ...lab,
        app: "celery_app",
        brokerUrl: null,
        sendTask: SEND_TASK,
        now: Date.now,
      });
      const snapshot = await asking.inspect({ timeoutMs: 5_000 });
      const celery: CeleryPort = { inspect: () => Promise.resolve(snapshot) };
      const shown = [
        await run(await atTerminal(200), celery),
        await run(await inPipe(), celery),
        await run(await inPipe({ format: "json" }), celery),
        await run(await inPipe({ format: "jsonl" }), celery),
      ];
      const carried = (await lab.redis("hvals", "unacked")).join("\n");
      const bodies = [...carried.matchAll(/"body": "([^"]+)"/g)].map(([, body = ""]) =>
        Buffer.from(body, "base64"),
      );
      expect(bodies.join("\n")).toContain("token-of-pixel-1");
      for (const { code, stdout, stderr } of shown) {
        expect(code).toBe(0);
        expect(stdout).toContain("celery_app.send_meta_event");
        expect(stdout + stderr).not.toContain("token-of-pixel-1");
      }
      expect(shown[2]?.stdout).toContain(id);
      held.release();
    } finally {
      await lab.stop();
    }
  },
);
