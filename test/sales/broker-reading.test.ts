import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readingOf } from "../../src/sales/broker-reading.js";
import type { BrokerTask } from "../../src/sales/tasks.js";
import { first, look, queued, report, second, twice, unacked, type Look } from "../cast/looks.js";

const task = (one: Look, other?: Look): BrokerTask | undefined =>
  readingOf(...twice(one, other)).tasks.get("t-1");

describe("a task is", () => {
  test("queued, as a message that nobody has; nobody can tell when it runs", () => {
    expect(task({ messages: [queued()] })).toMatchObject({ state: "queued", copies: 1, runsBy: null });
  });

  test("running at a worker, until the time limit of its run", () => {
    const seen = { messages: [unacked()], reports: [report({ startedAt: first })] };
    expect(task(seen)).toMatchObject({
      state: "running",
      copies: 1,
      worker: "w1@lab",
      runsBy: first + 300_000,
    });
  });

  test("reserved by a worker that runs others", () => {
    const seen = { messages: [unacked()], reports: [report({ place: "reserved" })] };
    expect(task(seen)).toMatchObject({ state: "reserved", copies: 1, runsBy: null });
  });

  test("waiting for its next try, which then takes its time limit", () => {
    const eta = second + 60_000;
    const seen = {
      messages: [unacked({ eta, retries: 3 })],
      reports: [report({ place: "scheduled", eta })],
    };
    expect(task(seen)).toMatchObject({ state: "waiting", retries: 3, eta, runsBy: eta + 300_000 });
  });

  test("waiting, not queued, where a deploy put its retry back into the list", () => {
    const eta = second + 60_000;
    expect(task({ messages: [queued({ eta, redelivered: true })] })).toMatchObject({
      state: "waiting",
      redelivered: true,
      runsBy: null,
    });
    expect(task({ messages: [queued({ retries: 1 })] })?.state).toBe("waiting");
  });

  test("reported by a worker alone: its message was acknowledged before it ran", () => {
    expect(task({ reports: [report()] })).toMatchObject({
      state: "running",
      copies: 1,
      eventId: "pageview_3f",
    });
  });

  test("an orphan where all workers answered twice, and none of them has it", () => {
    const deliveredAt = first - 600_000;
    const dueAt = deliveredAt + 3_600_000 + 100_000;
    expect(task({ messages: [unacked({ deliveredAt })] })).toMatchObject({
      state: "orphan",
      dueAt,
      runsBy: dueAt + 300_000,
    });
  });

  test("an orphan where no worker lives: nobody listens, and no heartbeat is heard", () => {
    const dead = { receivers: 0, answered: [], heard: [] };
    expect(task({ messages: [unacked()], workers: dead })?.state).toBe("orphan");
  });
});

describe("what is unacknowledged is no orphan", () => {
  const held = { messages: [unacked()] };
  test.each<[string, Look, Look?]>([
    ["while a worker does not answer", { ...held, workers: { receivers: 2 } }],
    ["while a zombie is heard", { ...held, workers: { receivers: 0, answered: [], heard: ["z@lab"] } }],
    ["while nobody listened for zombies", { ...held, workers: { receivers: 0, answered: [], heard: null } }],
    ["where the workers were not asked", { ...held, workers: null }],
    ["where it was reported the first time", { ...held, reports: [report()] }, held],
    ["where it came only now", {}, held],
  ])("%s", (_, one, other = one) => {
    expect(task(one, other)?.state).toBe("reserved");
  });

  test("and a retry that a silent worker has is waiting", () => {
    const seen = { messages: [unacked({ retries: 2 })], workers: { receivers: 2 } };
    expect(task(seen)?.state).toBe("waiting");
  });
});

describe("copies", () => {
  test("of a double retry are counted, named, and the soonest speaks for them", () => {
    const messages = [
      queued({ tag: "a", retries: 1 }),
      unacked({ tag: "b", retries: 1 }),
      unacked({ tag: "c", retries: 2 }),
      unacked({ taskId: "t-2", tag: "d" }),
    ];
    const reading = readingOf(...twice({ messages, reports: [report({ startedAt: first })] }));
    expect(reading.tasks.get("t-1")).toMatchObject({ copies: 3, state: "running", retries: 2, runsBy: null });
    expect(reading.storms).toEqual([{ taskId: "t-1", copies: 3 }]);
    expect(reading.tasks.get("t-2")?.copies).toBe(1);
  });

  test("of a storm of hundreds of thousands are counted like any others", () => {
    const messages = Array.from({ length: 200_000 }, (_, at) => queued({ tag: `d-${at}`, retries: 9 }));
    expect(readingOf(...twice({}, { messages })).tasks.get("t-1")).toMatchObject({
      copies: 200_000,
      retries: 9,
    });
  });

  test("are two where a run outlived the visibility time-out: the message is queued anew", () => {
    const seen = { messages: [queued({ redelivered: true })], reports: [report()] };
    expect(task(seen)).toMatchObject({ copies: 2, state: "running", redelivered: true });
  });

  test("are as many as workers report, where one message was handed out twice", () => {
    const reports = [report(), report({ worker: "w2@lab" })];
    expect(task({ messages: [unacked({ redelivered: true })], reports })?.copies).toBe(2);
  });

  test("are one where a message was popped between the queue and the workers", () => {
    expect(task({ messages: [queued()], reports: [report({ place: "reserved" })] })).toMatchObject({
      copies: 1,
      state: "reserved",
    });
  });
});

describe("a reading", () => {
  test("of two clean looks is complete: what it does not name does not live", () => {
    expect(readingOf(...twice())).toMatchObject({ complete: true, because: null, storms: [] });
  });

  test.each<[string, Look, Look?]>([
    ["2 messages could not be decoded", { undecodable: 2 }],
    ["queue celery could not be read: gone", { troubles: ["queue celery could not be read: gone"] }],
    ["the workers were not asked", { workers: null }],
    ["no worker listens", { workers: { receivers: 0, answered: [], heard: [] } }],
    ["1 of 2 workers answered", { workers: { receivers: 2 } }],
    ["how many workers were asked is not known", { workers: { receivers: null } }],
    ["z@lab can be heard and did not answer", { workers: { heard: ["w1@lab", "z@lab"] } }],
    ["workers take tasks from slow too", { workers: { queues: ["celery", "slow"] } }],
    [
      "what 1 tasks at the workers send could not be read",
      {
        reports: [report({ taskId: "t-9", purchase: "unknown" }), report({ taskId: "t-8", purchase: null })],
      },
    ],
    ["the broker was restarted between the two looks", {}, { broker: { run: "b", startedAt: second } }],
  ])("is not complete: %s", (because, one, other = one) => {
    expect(readingOf(...twice(one, other))).toMatchObject({ complete: false, because });
    if (one === other) expect(readingOf(look(), look({ ...one, at: second })).because).toBe(because);
  });

  test("is not complete where the looks were too close to each other", () => {
    expect(readingOf(look(), look({ at: first + 1_000 }))).toMatchObject({
      complete: false,
      because: "the two looks were too close to each other",
    });
  });

  test("keeps what only the first look met, as gone: it may be between two places", () => {
    const [one, other] = twice({ messages: [queued()] }, {});
    expect(readingOf(one, other).tasks.get("t-1")).toMatchObject({ gone: true, seenAt: one.startedAt });
    expect(readingOf(one, one).tasks.get("t-1")).toMatchObject({ gone: false });
  });

  test("does not take the tasks of page views for Purchases", () => {
    const reading = readingOf(...twice({ reports: [report({ purchase: null })] }));
    expect([reading.tasks.size, reading.complete]).toEqual([0, true]);
  });

  test("tells since when the broker runs: what it held before may be forgotten", () => {
    const startedAt = first - 30_000;
    const broker = { run: "a", startedAt };
    expect(readingOf(...twice({ broker })).brokerStartedAt).toBe(startedAt);
  });
});

test("whatever is seen: no task is lost, each copy is counted at least once, and no more than all that was seen", () => {
  const taskId = fc.constantFrom("t-1", "t-2");
  const mail = fc.record({
    taskId,
    tag: fc.constantFrom("a", "b", "c", "d"),
    place: fc.constantFrom("queue" as const, "unacked" as const),
    eta: fc.constantFrom(null, second),
    retries: fc.constantFrom(0, 2),
    redelivered: fc.boolean(),
    deliveredAt: fc.constantFrom(null, first),
  });
  const mails = fc.uniqueArray(mail, { selector: ({ tag }) => tag });
  const place = fc.constantFrom("active" as const, "reserved" as const, "scheduled" as const);
  const reports = fc.array(fc.record({ taskId, place, eta: fc.constantFrom(null, second) }), {
    maxLength: 4,
  });
  const seen = fc.record({
    messages: mails.map((all) => all.map((one) => queued(one))),
    reports: reports.map((all) => all.map((one) => report(one))),
  });
  const property = fc.property(seen, seen, (one, other) => {
    const { tasks } = readingOf(...twice(one, other));
    for (const id of ["t-1", "t-2"]) {
      const of = (all: readonly { taskId: string }[]) => all.filter((each) => each.taskId === id).length;
      const seenIn = (at: typeof one) => of(at.messages) + of(at.reports);
      const latest = seenIn(other) > 0 ? other : one;
      const found = tasks.get(id);
      if (seenIn(latest) === 0) expect(found).toBeUndefined();
      else {
        expect(found?.copies).toBeGreaterThanOrEqual(Math.max(of(latest.messages), of(latest.reports)));
        expect(found?.copies).toBeLessThanOrEqual(seenIn(latest));
        expect(found?.gone).toBe(seenIn(other) === 0);
      }
    }
  });
  fc.assert(property, { numRuns: 500 });
});
