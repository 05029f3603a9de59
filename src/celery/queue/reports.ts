import type { ReportedTask, WorkersReport } from "../../sales/tasks.js";
import { eventOf, id, isSendTask, moment } from "./message.js";
import { list, record } from "../json.js";
import type { Fields } from "../json.js";

/** What is asked of the workers, in Celery's words. */
export const taskQuestions = ["active", "reserved", "scheduled", "active_queues"] as const;
export type TaskQuestion = (typeof taskQuestions)[number];

/** One question's answers keyed by node, as workers give them, arguments and all; and how many workers it reached. */
export interface Replies {
  readonly receivers: number | null;
  readonly replies: Fields;
}

/** Whoever can put a question to all workers. */
export type Ask = (question: TaskQuestion) => Promise<Replies>;

/**
 * Which tasks the workers have. `heard` tells the nodes whose heartbeat was heard so far; null where nobody listens.
 * The questions go one after the other, as a task goes: one that moves on meanwhile is met twice, and counts as a copy
 * too many for that moment; asked in another order, or at once, it might be missed.
 */
export async function askForTasks(
  ask: Ask,
  heard: (() => readonly string[]) | null,
  sendTask = "send_meta_event",
): Promise<WorkersReport> {
  const scheduled = await ask("scheduled");
  const reserved = await ask("reserved");
  const active = await ask("active");
  const queues = await ask("active_queues");
  const all = [scheduled, reserved, active, queues];
  const counts = all.map(({ receivers }) => receivers);
  const answered = Object.keys(active.replies).filter((node) =>
    all.every(({ replies }) => list(replies[node]) !== null),
  );
  return {
    receivers: counts.includes(null) ? null : Math.max(...counts.map(Number)),
    answered,
    heard: heard?.() ?? null,
    queues: [...new Set(Object.values(queues.replies).flatMap(queueNames))],
    tasks: [
      ...readReports("scheduled", scheduled, sendTask),
      ...readReports("reserved", reserved, sendTask),
      ...readReports("active", active, sendTask),
    ],
  };
}

/** The border for what workers report: which of their tasks send a Purchase, and of which event. */
function readReports(place: ReportedTask["place"], { replies }: Replies, sendTask: string): ReportedTask[] {
  return Object.entries(replies).flatMap(([worker, tasks]) =>
    (list(tasks) ?? []).map((task) => readReport(worker, place, record(task), sendTask)),
  );
}

function readReport(
  worker: string,
  place: ReportedTask["place"],
  told: Fields | null,
  sendTask: string,
): ReportedTask {
  const task = place === "scheduled" ? record(told?.["request"]) : told;
  const startedSec = task?.["time_start"];
  const name = task?.["name"];
  const isOther = typeof name === "string" && !isSendTask(name, sendTask);
  return {
    taskId: id(task?.["id"]) ?? "",
    worker,
    place,
    eta: place === "scheduled" ? moment(told?.["eta"]) : null,
    startedAt: typeof startedSec === "number" && place === "active" ? Math.round(startedSec * 1000) : null,
    purchase: isOther ? null : eventOf(task?.["args"], task?.["kwargs"]),
  };
}

function queueNames(answer: unknown): string[] {
  return (list(answer) ?? []).flatMap((queue) => id(record(queue)?.["name"]) ?? []);
}
