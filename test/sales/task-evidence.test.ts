import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readingOf } from "../../src/sales/broker-reading.js";
import { mergeTasks, taskIdsOf } from "../../src/sales/task-evidence.js";
import type { TaskResult, TaskTie } from "../../src/sales/tasks.js";
import {
  click,
  first,
  pixelId,
  queued,
  report,
  result,
  second,
  twice,
  unacked,
  type Look,
} from "../cast/looks.js";

const tie: TaskTie = { taskId: "t-1", eventId: click, pixelId: null };

function facts(
  seen: { one?: Look; other?: Look; results?: readonly TaskResult[]; ties?: readonly TaskTie[] } = {},
) {
  const reading = readingOf(...twice(seen.one, seen.other));
  const results = new Map((seen.results ?? []).map((each) => [each.taskId, each]));
  return mergeTasks(reading, results, seen.ties ?? []).tasksOf(click);
}

describe("a live task", () => {
  test("is told with its id, its copies and by when it must have run", () => {
    const eta = second + 60_000;
    const one = { messages: [unacked({ eta, retries: 2 })], reports: [report({ place: "scheduled", eta })] };
    expect(facts({ one }).live).toEqual([
      {
        source: "broker",
        state: "waiting",
        eventId: click,
        pixelId,
        seenAt: second + 100,
        runsBy: eta + 300_000,
        taskId: "t-1",
        copies: 1,
      },
    ]);
  });

  test("that is reserved is queued to a judge", () => {
    const one = { messages: [unacked()], reports: [report({ place: "reserved" })] };
    expect(facts({ one }).live).toMatchObject([{ state: "queued" }]);
  });

  test("of another event is nobody else's", () => {
    const one = { messages: [queued({ eventId: "purchase_9" })] };
    expect(facts({ one })).toEqual({ live: [], traces: [], noTaskLives: true });
  });

  test("that ran before is an attempt that nobody saw the end of", () => {
    const deliveredAt = first - 600_000;
    const because = (one: Look) => facts({ one }).traces.map((trace) => [trace.result, trace.because]);
    expect(because({ messages: [queued()] })).toEqual([]);
    expect(because({ messages: [queued({ retries: 2 })] })).toEqual([
      ["unknown", "its task has begun: retry 2"],
    ]);
    expect(because({ messages: [queued({ redelivered: true })] })).toEqual([
      ["unknown", "its task has begun: handed out again"],
    ]);
    expect(because({ messages: [unacked()], reports: [report()] })).toEqual([
      ["unknown", "its task has begun: running now"],
    ]);
    expect(because({ messages: [unacked({ deliveredAt })] })).toEqual([
      ["unknown", "its task has begun: its worker is gone, due in 51m 36s"],
    ]);
  });

  test("between two places lives, unless its result is there", () => {
    const gone = { one: { messages: [queued()] }, other: {} };
    expect(facts(gone)).toMatchObject({ live: [{ state: "queued" }], noTaskLives: false });
    const ended = facts({ ...gone, results: [result({ doneAt: second })] });
    expect(ended).toMatchObject({ live: [], traces: [{ result: "accepted" }], noTaskLives: true });
    const earlierCopy = facts({ ...gone, results: [result({ doneAt: first - 1 })] });
    expect(earlierCopy).toMatchObject({ live: [{ taskId: "t-1" }], noTaskLives: false });
    const copies = { one: { messages: [queued({ tag: "a" }), queued({ tag: "b" })] }, other: {} };
    const oneOfTwo = facts({ ...copies, results: [result({ doneAt: second })] });
    expect(oneOfTwo).toMatchObject({ live: [{ copies: 2 }], noTaskLives: false });
    const retries = facts({ ...gone, results: [result({ status: "RETRY", outcome: "unknown" })] });
    expect(retries).toMatchObject({ live: [{ taskId: "t-1" }], noTaskLives: false });
  });
});

describe("a result", () => {
  test("is an attempt of the event that broker or log tie to its task", () => {
    const trace = {
      source: "task result",
      by: "application",
      at: first - 30_000,
      pixelId: null,
      eventId: click,
      result: "accepted",
      unsettled: false,
      because: "Meta received it",
      taskId: "t-1",
    };
    expect(facts({ results: [result()], ties: [tie] }).traces).toEqual([trace]);
    expect(facts({ results: [result()] }).traces).toEqual([]);
    const one = { messages: [queued()] };
    expect(facts({ one, other: {}, results: [result({ doneAt: second })] }).traces).toEqual([
      { ...trace, at: second, pixelId },
    ]);
  });

  test("of success stands while a copy lives: Meta has it, and may get it again", () => {
    const one = { messages: [queued({ redelivered: true })] };
    const { live, traces } = facts({ one, results: [result()] });
    expect(live).toMatchObject([{ copies: 1 }]);
    expect(traces.find(({ source }) => source === "task result")).toMatchObject({
      result: "accepted",
      because: "Meta received it; a copy of it lives",
    });
  });

  test("of failure proves nothing while a copy lives, or where copies ran beside each other", () => {
    const because = "it failed";
    const failed = result({ status: "FAILURE", outcome: "not-sent", final: false, doneAt: second, because });
    const outcome = (seen: Parameters<typeof facts>[0]) => {
      const { traces } = facts({ ...seen, results: [failed], ties: [tie] });
      return traces.find(({ source }) => source === "task result")?.result;
    };
    expect(outcome({})).toBe("not-sent");
    expect(outcome({ one: { messages: [queued()] } })).toBe("unknown");
    const copies = [queued({ tag: "a" }), queued({ tag: "b" })];
    expect(outcome({ one: { messages: copies }, other: {} })).toBe("unknown");
    expect(outcome({ one: { messages: [queued({ redelivered: true })] }, other: {} })).toBe("unknown");
    expect(outcome({ one: { messages: [queued()] }, other: {} })).toBe("not-sent");
  });

  test("without a time has the reading's, and none at all is not made up", () => {
    const undated = result({ status: "RETRY", outcome: "unknown", doneAt: null });
    expect(facts({ results: [undated], ties: [tie] }).traces).toMatchObject([{ at: second + 100 }]);
    expect(mergeTasks(null, new Map([["t-1", undated]]), [tie]).tasksOf(click).traces).toEqual([]);
  });
});

describe("that no task lives", () => {
  test("is known after two clean looks, though not that none ever ran", () => {
    expect(facts({ ties: [tie] })).toEqual({ live: [], traces: [], noTaskLives: true });
  });

  test("is not known from a broker that was not read, or not read whole", () => {
    expect(mergeTasks(null, new Map(), [tie]).tasksOf(click).noTaskLives).toBe(false);
    expect(facts({ one: { workers: { receivers: 2 } } }).noTaskLives).toBe(false);
  });

  test("is not known of a task that retries and is in no place", () => {
    const retrying = result({ status: "RETRY", outcome: "unknown" });
    expect(facts({ results: [retrying], ties: [tie] }).noTaskLives).toBe(false);
  });
});

describe("ties", () => {
  test("name the tasks whose results are wanted, beside the broker's own", () => {
    const reading = readingOf(...twice({ messages: [queued({ taskId: "t-2" })] }));
    expect([...taskIdsOf(reading, [tie])].toSorted()).toEqual(["t-1", "t-2"]);
    expect([...taskIdsOf(null, [tie])]).toEqual(["t-1"]);
  });

  test("yield to the task's own arguments: a log may have cut the id", () => {
    const reading = readingOf(...twice({ messages: [queued()] }));
    const { tasksOf } = mergeTasks(reading, new Map(), [{ ...tie, eventId: "pageview_" }]);
    expect(tasksOf("pageview_").live).toEqual([]);
    expect(tasksOf(click).live).toHaveLength(1);
  });
});

test("whatever was seen, a live task and the absence of any exclude each other, and no failure outweighs a copy", () => {
  const status = fc.constantFrom<TaskResult["status"]>("SUCCESS", "FAILURE", "RETRY", "REVOKED", "other");
  const outcome = fc.constantFrom("refused" as const, "not-sent" as const, "unknown" as const);
  const mails = fc.uniqueArray(
    fc.record({ tag: fc.constantFrom("a", "b"), retries: fc.constantFrom(0, 1), redelivered: fc.boolean() }),
    { selector: ({ tag }) => tag },
  );
  const receivers = fc.constantFrom(1, 2);
  const property = fc.property(mails, mails, status, outcome, receivers, (one, other, of, told, asked) => {
    const seen = (all: typeof one) => ({
      messages: all.map((each) => queued(each)),
      workers: { receivers: asked },
    });
    const found = facts({
      one: seen(one),
      other: seen(other),
      results: [result({ status: of, outcome: told })],
      ties: [tie],
    });
    if (found.live.length > 0 || asked === 2) expect(found.noTaskLives).toBe(false);
    if (other.length > 0) expect(found.live).toHaveLength(1);
    if (found.live.length > 0) {
      expect(found.traces.filter((trace) => trace.result !== "unknown")).toEqual([]);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
