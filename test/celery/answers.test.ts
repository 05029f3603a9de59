import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAnswer, readWorkers, reportedIds, type Answers } from "../../src/celery/answers.js";

const now = Date.UTC(2025, 10, 20, 13, 30);
const secretArguments = {
  args: [
    "1234567890",
    "token-of-pixel-1",
    { event_id: "purchase_1", user_data: { em: "maria@example.com" } },
  ],
  kwargs: { access_token: "token-of-pixel-1" },
};

function task(id: string, startedSec: number | null): object {
  return {
    id,
    name: "celery_app.send_meta_event",
    ...secretArguments,
    type: "celery_app.send_meta_event",
    hostname: "w1@lab",
    time_start: startedSec,
    acknowledged: false,
    delivery_info: { exchange: "", routing_key: "celery", priority: 0, redelivered: null },
    worker_pid: 4711,
  };
}

/** As a worker of Celery 5.2.6 answers. */
const answers: Answers = {
  active_queues: { "w1@lab": [{ name: "celery", exchange: {}, routing_key: "celery" }, { name: "mail" }] },
  active: { "w1@lab": [task("young", now / 1000 - 1.5), task("old", now / 1000 - 60)] },
  reserved: { "w1@lab": [task("due", null)] },
  scheduled: {
    "w1@lab": [
      { eta: "2025-11-20T10:32:00.123456-03:00", priority: 6, request: task("later", null) },
      { eta: "2025-11-20T10:31:00.500000-03:00", priority: 6, request: task("sooner", null) },
    ],
  },
  stats: {
    "w1@lab": {
      total: {
        "celery_app.send_meta_event": 7,
        "other.send_meta_event": 2,
        resend_meta_event: 90,
        "x.cleanup": 1,
      },
      pid: 4700,
      uptime: 3600,
      prefetch_count: 2,
      pool: { "max-concurrency": 2, processes: [4711, 4712], timeouts: [0, 300] },
    },
  },
};

describe("what a worker told", () => {
  test("becomes counts, names, ids and times", () => {
    const running = { name: "celery_app.send_meta_event", workerPid: 4711, acknowledged: false };
    expect(readWorkers(answers, now, "send_meta_event")).toEqual([
      {
        name: "w1@lab",
        slots: 2,
        busy: 2,
        active: [
          { ...running, id: "young", startedAt: now - 1_500 },
          { ...running, id: "old", startedAt: now - 60_000 },
        ],
        oldest: { id: "old", name: running.name, startedAt: now - 60_000, ageMs: 60_000 },
        reserved: 1,
        scheduled: { count: 2, nextEta: Date.UTC(2025, 10, 20, 13, 31, 0, 500) },
        totals: {
          "celery_app.send_meta_event": 7,
          "other.send_meta_event": 2,
          resend_meta_event: 90,
          "x.cleanup": 1,
        },
        sendTotal: 9,
        uptimeSec: 3600,
        pid: 4700,
        queues: ["celery", "mail"],
      },
    ]);
  });

  test("names every task that it holds, those that wait for their time included", () => {
    expect(reportedIds(answers)).toEqual(new Set(["young", "old", "due", "later", "sooner"]));
    expect(reportedIds({ ping: { "w1@lab": { ok: "pong" } } })).toEqual(new Set());
  });

  test("holds nothing of the arguments of a task", () => {
    const kept = JSON.stringify(readWorkers(answers, now, "send_meta_event"));
    expect(JSON.stringify(answers)).toContain("token-of-pixel-1");
    for (const dropped of ["token-of-pixel-1", "1234567890", "maria", "purchase_1", "args"]) {
      expect(kept).not.toContain(dropped);
    }
  });

  test("is not known where one question brought no answer from it", () => {
    const { active, stats } = answers;
    const [first, second] = readWorkers(
      { ...(active && { active }), ...(stats && { stats }), ping: { "w2@lab": { ok: "pong" } } },
      now,
      "send_meta_event",
    );
    expect(first).toMatchObject({ name: "w1@lab", slots: 2, busy: 2, reserved: null, scheduled: null });
    expect(second).toMatchObject({
      name: "w2@lab",
      slots: null,
      busy: null,
      totals: null,
      sendTotal: null,
      pid: null,
    });
  });

  test("counts no task when it has started none", () => {
    const idle = readWorkers(
      { stats: { w: { total: {}, pool: { "max-concurrency": 4 } } } },
      now,
      "send_meta_event",
    );
    expect(idle).toMatchObject([{ slots: 4, sendTotal: 0, uptimeSec: null }]);
  });

  test("is not younger than nothing on a clock that runs ahead", () => {
    const [ahead] = readWorkers({ active: { w: [task("t", now / 1000 + 9)] } }, now, "send_meta_event");
    expect(ahead?.oldest).toMatchObject({ startedAt: now + 9_000, ageMs: 0 });
  });

  test("does not guess the zone of an ETA without one", () => {
    const eta = { eta: "2025-11-20T10:32:00", priority: 6, request: {} };
    const [worker] = readWorkers({ scheduled: { w: [eta] } }, now, "send_meta_event");
    expect(worker?.scheduled).toEqual({ count: 1, nextEta: null });
  });

  test("may be an error, which is no answer, and whose text is dropped", () => {
    const refused = { w: { error: "token-of-pixel-1 is broken" } };
    const workers = readWorkers(
      { active: refused, scheduled: refused, stats: refused },
      now,
      "send_meta_event",
    );
    expect(workers).toMatchObject([{ name: "w", busy: null, scheduled: null, slots: null, totals: null }]);
    expect(JSON.stringify(workers)).not.toContain("token-of-pixel-1");
  });

  test("may be anything at all without harm", () => {
    const byNode = fc.dictionary(fc.string(), fc.jsonValue());
    const anything = fc.record(
      { active: byNode, reserved: byNode, scheduled: byNode, stats: byNode, ping: byNode },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anything, (told) => {
        const names = readWorkers(told, now, "send_meta_event").map((worker) => worker.name);
        expect(names).toEqual([...new Set(Object.values(told).flatMap(Object.keys))].toSorted());
      }),
    );
  });
});

describe("the answer on stdout", () => {
  test.each([
    ["alone", '{"w1@lab": {"ok": "pong"}}\n'],
    [
      "after what the application printed",
      '🚀 Inicialização\n{"ghost": 1}\n{not json}\n{"w1@lab": {"ok": "pong"}}\n',
    ],
    ["before what it printed at the end", '{"w1@lab": {"ok": "pong"}}\n{bye}\n\n'],
    ["with the line ends of another system", '{"ghost": 1}\r\n{"w1@lab": {"ok": "pong"}}\r\n'],
  ])("is found %s", (_, stdout) => {
    expect(readAnswer(stdout)).toEqual({ "w1@lab": { ok: "pong" } });
  });

  test.each(["", "pong", "[1]", '{"cut": {"ok"', ' {"indented": 1}'])("is not %j", (stdout) => {
    expect(readAnswer(stdout)).toBeNull();
  });
});
