import { describe, expect, test } from "vitest";
import { askForTasks, type Replies, type TaskQuestion } from "../../../src/celery/queue/reports.js";
import { mailOfCustomer, token } from "../../cast/messages.js";

const event = (event_name: string) => ({
  event_name,
  event_id: "pageview_3f",
  user_data: { em: mailOfCustomer },
});
const task = (id: string, event_name = "Purchase") => ({
  id,
  name: "celery_app.send_meta_event",
  args: ["1234567890", token, event(event_name), null],
  kwargs: {},
  time_start: 1_763_645_475.25,
});
const eta = "2025-11-20T10:32:00.123456-03:00";

const usual: Record<TaskQuestion, Replies> = {
  active: { receivers: 1, replies: { "w1@lab": [task("running")] } },
  reserved: { receivers: 1, replies: { "w1@lab": [task("due")] } },
  scheduled: { receivers: 1, replies: { "w1@lab": [{ eta, priority: 6, request: task("later") }] } },
  active_queues: { receivers: 1, replies: { "w1@lab": [{ name: "celery" }] } },
};
const asked = (changes: Partial<typeof usual> = {}, heard: (() => string[]) | null = null) =>
  askForTasks(async (question) => ({ ...usual, ...changes })[question], heard);

describe("what workers report", () => {
  test("is the place of each task, and of its arguments the event alone", async () => {
    const purchase = { eventId: "pageview_3f", pixelId: "1234567890" };
    const report = await asked({}, () => ["w1@lab"]);
    expect(report).toEqual({
      receivers: 1,
      answered: ["w1@lab"],
      heard: ["w1@lab"],
      queues: ["celery"],
      tasks: [
        {
          taskId: "later",
          worker: "w1@lab",
          place: "scheduled",
          purchase,
          startedAt: null,
          eta: Date.UTC(2025, 10, 20, 13, 32, 0, 123),
        },
        { taskId: "due", worker: "w1@lab", place: "reserved", purchase, eta: null, startedAt: null },
        {
          taskId: "running",
          worker: "w1@lab",
          place: "active",
          purchase,
          eta: null,
          startedAt: 1_763_645_475_250,
        },
      ],
    });
  });

  test("of page views and of other tasks is no Purchase; arguments that cannot be read are unknown", async () => {
    const tasks = [
      task("view", "PageView"),
      { ...task("other"), name: "celery_app.cleanup", args: [] },
      { ...task("repr"), args: "('1234567890', …)" },
      {
        ...task("named"),
        args: [],
        kwargs: { pixel_id: "1", access_token: token, event_data: event("Purchase") },
      },
      null,
    ];
    const { tasks: told } = await asked({ active: { receivers: 1, replies: { "w1@lab": tasks } } });
    expect(
      told.filter(({ place }) => place === "active").map(({ taskId, purchase }) => [taskId, purchase]),
    ).toEqual([
      ["view", null],
      ["other", null],
      ["repr", "unknown"],
      ["named", { eventId: "pageview_3f", pixelId: "1" }],
      ["", "unknown"],
    ]);
  });

  test.each<[string, Partial<typeof usual>]>([
    ["was silent once", { scheduled: { receivers: 1, replies: {} } }],
    ["answered with an error", { reserved: { receivers: 1, replies: { "w1@lab": { error: "no" } } } }],
  ])("does not count a worker as answering that %s", async (_, changes) => {
    expect((await asked(changes)).answered).toEqual([]);
  });

  test("reached as many workers as the question that reached most; where one does not tell, nobody knows", async () => {
    expect((await asked({ active: { receivers: 3, replies: {} } })).receivers).toBe(3);
    expect((await asked({ active: { receivers: null, replies: {} } })).receivers).toBeNull();
  });
});
