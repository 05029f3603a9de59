import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Keeper, KeptEvent, KeptReader, Observed } from "../../src/ports.js";
import { openEventIds } from "../../src/queries/event-ids.js";
import { openKeeper } from "../../src/queries/keeper.js";
import { openKept } from "../../src/queries/kept.js";
import type { BrokerTask, TaskResult } from "../../src/sales/tasks.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { newRun, openProduct } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

let db: ShopDatabase;
let product: Product;
let keeper: Keeper;
let kept: KeptReader;

beforeEach(async () => {
  db = await shopDatabase("keeper");
  product = openProduct(db);
  await product.runs.prepare(2);
  keeper = openKeeper(product.database);
  kept = openKept(product.database);
});
afterEach(async () => {
  await product?.close();
  await db?.close();
});

const nothing: Observed = { ties: [], living: [], results: [], logs: [], events: [] };
const now = Date.now();

function task(differing: Partial<BrokerTask> = {}): BrokerTask {
  return {
    taskId: "task-1",
    eventId: "pageview_1",
    pixelId: "111",
    state: "queued",
    copies: 1,
    retries: 0,
    redelivered: false,
    eta: null,
    deliveredAt: null,
    dueAt: null,
    worker: null,
    runsBy: null,
    seenAt: now,
    gone: false,
    ...differing,
  };
}

function result(differing: Partial<TaskResult> = {}): TaskResult {
  return {
    taskId: "task-1",
    status: "SUCCESS",
    outcome: "accepted",
    final: true,
    doneAt: 1_763_607_031_123,
    because: "Meta received it",
    ...differing,
  };
}

const line = (differing: Partial<KeptEvent> = {}): KeptEvent => ({
  log: "log-a",
  line: 1,
  kind: "queued",
  at: now,
  taskId: "task-1",
  unclaimed: false,
  event: { kind: "queued", at: now, text: "é ✅" },
  ...differing,
});

const aged = async (table: string, column: string, days: number, where = "true") =>
  await db.query(
    `update purchase_fix.${table} set ${column} = now() - interval '${days} days' where ${where}`,
  );

describe("an observer", () => {
  test("is one at a time on a host; another host's looks beside it", async () => {
    const [first, second] = [newRun("observe"), newRun("observe")];
    expect(await keeper.begin(first, 60_000)).toBe(true);
    expect(await keeper.begin(second, 60_000)).toBe(false);
    expect(await keeper.begin({ ...newRun("observe"), host: "web-2" }, 60_000)).toBe(true);
    await keeper.end(second);
    expect(await keeper.begin(second, 60_000)).toBe(false);
    await keeper.end(first);
    expect(await keeper.begin(second, 60_000)).toBe(true);
  });

  test("who died is waited out, and holds nobody up who sends", async () => {
    expect(await keeper.begin(newRun("observe"), 60_000)).toBe(true);
    const lease = await product.begin("resend");
    await product.runs.release(lease, {});
    await db.query("update purchase_fix.lease set expires_at = now() where name like 'observe:%'");
    expect(await keeper.begin(newRun("observe"), 60_000)).toBe(true);
  });
});

describe("tasks that were seen", () => {
  test("tie event id, task and pixel, and nothing else of the task is kept", async () => {
    const whole = { ...task(), access_token: "nobody-keeps-this", args: ["nobody-keeps-this"] };
    await keeper.keep({ ...nothing, living: [whole] });
    expect((await kept.of(now - 3_600_000)).ties).toEqual([
      { taskId: "task-1", eventId: "pageview_1", pixelId: "111" },
    ]);
    const [row] = await db.query("select o::text as row from purchase_fix.observation o");
    expect(row?.["row"]).not.toContain("nobody-keeps-this");
  });

  test("keep when they were first and last seen, in which state; a log's tie adds what was not known", async () => {
    await keeper.keep({ ...nothing, ties: [{ taskId: "task-1", eventId: "pageview_1", pixelId: null }] });
    const look = async () =>
      (
        await db.query(
          `select event_id, pixel_id, state, copies, first_seen_at is not null as seen, last_seen_at > first_seen_at as again
           from purchase_fix.observation`,
        )
      )[0];
    expect(await look()).toEqual({
      event_id: "pageview_1",
      pixel_id: null,
      state: null,
      copies: null,
      seen: false,
      again: null,
    });
    await keeper.keep({ ...nothing, living: [task({ state: "queued" })] });
    await keeper.keep({ ...nothing, living: [task({ state: "running", copies: 2, eventId: "another" })] });
    expect(await look()).toEqual({
      event_id: "pageview_1",
      pixel_id: "111",
      state: "running",
      copies: 2,
      seen: true,
      again: true,
    });
  });

  test("and were last noticed before a sale was paid are not asked for", async () => {
    await keeper.keep({ ...nothing, living: [task(), task({ taskId: "task-2", eventId: "pageview_2" })] });
    await aged("observation", "observed_at", 2, "task_id = 'task-2'");
    const { ties } = await kept.of(now - 86_400_000);
    expect(ties.map(({ taskId }) => taskId)).toEqual(["task-1"]);
    expect((await kept.of(now - 3 * 86_400_000)).ties).toHaveLength(2);
  });
});

describe("results", () => {
  const store = async (...results: TaskResult[]) =>
    (await keeper.keep({ ...nothing, living: [task()], results })).results;
  const found = async () => (await kept.of(0)).results.get("task-1");

  test("outlive Redis, to the millisecond", async () => {
    expect(await store(result())).toBe(1);
    expect(await store()).toBe(0);
    expect(await found()).toEqual(result());
  });

  test("that are Celery's last word are never overwritten; the others are, by what came later", async () => {
    await store(result({ status: "FAILURE", outcome: "unknown", final: false, because: "it raised" }));
    expect(await keeper.open()).toEqual(["task-1"]);
    await store(result());
    expect(await keeper.open()).toEqual([]);
    expect(await store(result({ status: "FAILURE", outcome: "not-sent", final: false }))).toBe(0);
    expect(await found()).toEqual(result());
  });

  test("of a task that retries are none: nothing would take that back once it is gone", async () => {
    expect(await store(result({ status: "RETRY", outcome: "unknown", final: false, doneAt: null }))).toBe(0);
    expect(await found()).toBeUndefined();
  });

  test("of tasks that nobody tied to an event are left", async () => {
    expect(await store(result({ taskId: "somebody-elses" }))).toBe(0);
    expect((await kept.of(0)).results.size).toBe(0);
  });

  test("are asked for until the task's retries must have ended", async () => {
    await store();
    await aged("observation", "noticed_at", 3);
    expect(await keeper.open()).toEqual([]);
  });
});

describe("lines of logs", () => {
  const log = { log: "log-a", lineage: "web-1:/log", position: { offset: 10 }, stats: [{ from: 0, to: 10 }] };

  test("are kept once, however often they are read, and come back as they were", async () => {
    const seen = { ...nothing, events: [line(), line({ line: 2, kind: "sent", taskId: null })], logs: [log] };
    expect((await keeper.keep(seen)).events).toBe(2);
    expect((await keeper.keep(seen)).events).toBe(0);
    expect(await kept.logs(0)).toEqual({
      logs: [log],
      events: [line(), line({ line: 2, kind: "sent", taskId: null })],
    });
    expect(await kept.logs(now + 1)).toEqual({ logs: [log], events: [] });
  });

  test("are thousands at once", async () => {
    const events = Array.from({ length: 5_001 }, (_, at) => line({ line: at + 1 }));
    expect((await keeper.keep({ ...nothing, events })).events).toBe(5_001);
  });

  test("go on from where they were read, and a log keeps its first name", async () => {
    await keeper.keep({ ...nothing, logs: [log], events: [line()] });
    const later = { ...log, lineage: "laptop:/copy", position: { offset: 20 }, stats: [{ from: 0, to: 20 }] };
    await keeper.keep({ ...nothing, logs: [later] });
    expect(await keeper.positions()).toEqual({
      logs: [{ ...later, lineage: "web-1:/log" }],
      tasks: ["task-1"],
    });
  });
});

describe("what is older than nine days", () => {
  const log = { log: "log-a", lineage: "l", position: {}, stats: [] };

  test("is forgotten, and what is younger stays", async () => {
    await keeper.keep({
      ...nothing,
      living: [task(), task({ taskId: "task-2" })],
      logs: [log, { ...log, log: "log-b" }],
      events: [
        line(),
        line({ line: 2, at: now - 9.5 * 86_400_000 }),
        line({ line: 3, at: now - 8.5 * 86_400_000 }),
      ],
    });
    await aged("observation", "observed_at", 9.5, "task_id = 'task-2'");
    await aged("log_position", "read_at", 9.5, "log = 'log-b'");
    expect(await keeper.prune()).toBe(3);
    expect((await kept.of(0)).ties.map(({ taskId }) => taskId)).toEqual(["task-1"]);
    const { logs, events } = await kept.logs(0);
    expect([logs.map((one) => one.log), events.map((one) => one.line)]).toEqual([["log-a"], [1, 3]]);
    expect(await keeper.prune()).toBe(0);
  });

  test("and after an hour, lines of tasks that nothing calls a Purchase's; of one that was called so since, they stay", async () => {
    const old = { at: now - 2 * 3_600_000, unclaimed: true, kind: "received" };
    await keeper.keep({
      ...nothing,
      events: [
        line({ ...old, taskId: "page-view" }),
        line({ ...old, line: 2, taskId: "task-1" }),
        line({ ...old, line: 3, taskId: "young", at: now }),
        line({ line: 4, taskId: "task-1" }),
      ],
    });
    expect(await keeper.prune()).toBe(1);
    expect((await kept.logs(0)).events.map((one) => one.line)).toEqual([2, 3, 4]);
    expect((await keeper.positions()).tasks).toEqual(["task-1"]);
  });

  test("stays where the role may not delete, and that is told", async () => {
    const role = `role_${db.name}`;
    await db.query(
      `create role ${role} login; grant usage on schema purchase_fix to ${role};
       grant select, insert, update on all tables in schema purchase_fix to ${role}`,
    );
    const url = new URL(db.url);
    url.username = role;
    const guest = openProduct(db, { url: url.href });
    try {
      const theirs = openKeeper(guest.database);
      await theirs.keep({ ...nothing, living: [task()], events: [line()], results: [result()] });
      expect(await theirs.prune()).toBeNull();
      await db.query(
        `grant delete on purchase_fix.observation, purchase_fix.log_event, purchase_fix.log_position to ${role}`,
      );
      expect(await theirs.prune()).toBe(0);
    } finally {
      await guest.close();
      await db.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe("an event id", () => {
  beforeEach(async () => {
    await insertBot(db.witness, { id: 1 });
  });

  test("is found with the sales that are stored under it, and the column's length", async () => {
    const sale = await insertSale(db.witness, {
      botId: 1,
      metaEventId: "pageview_x",
      pageviewEventId: "click",
    });
    await insertSale(db.witness, { botId: 1 });
    expect(await openEventIds(product.database).bearers("pageview_x")).toEqual({
      most: 100,
      sales: [{ id: sale, pageviewEventId: "click" }],
    });
    await db.query("alter table payments alter column meta_event_id type text");
    await db.query("alter table payments drop column pageview_event_id");
    expect(await openEventIds(product.database).bearers("pageview_x")).toEqual({
      most: null,
      sales: [{ id: sale, pageviewEventId: null }],
    });
  });

  test("is confirmed on a word in a shop that keeps no page views: any other sale under it speaks against", async () => {
    const [sale, other] = [
      await insertSale(db.witness, { botId: 1 }),
      await insertSale(db.witness, { botId: 1, metaEventId: "taken" }),
    ];
    await db.query("alter table payments drop column pageview_event_id");
    const found = await product.sale(sale);
    const lease = await product.begin("confirm");
    const confirm = (eventId: string) =>
      product.attempts.confirm(lease, [
        {
          saleId: sale,
          mark: found.mark,
          lastAttempt: null,
          eventId,
          origin: "attestation",
          pixelId: "",
          because: "seen",
        },
      ]);
    expect((await confirm("taken")).written).toEqual([]);
    expect((await confirm("free")).written).toMatchObject([{ saleId: sale, metaEventId: "free" }]);
    expect((await product.sale(other)).metaEventId).toBe("taken");
  });
});
