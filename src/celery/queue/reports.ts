import type { ReportedTask } from "../../sales/tasks.js";
import { eventOf, id, isSendTask, list, moment, record } from "./message.js";
import type { Fields } from "./message.js";

/** Answers to `active`, `reserved` and `scheduled`, each keyed by node, as workers give them: arguments and all. */
export interface RawAnswers {
  readonly active: Fields;
  readonly reserved: Fields;
  readonly scheduled: Fields;
}

/** The border for what workers report: which of their tasks send a Purchase, and of which event. */
export function readReports(answers: RawAnswers, sendTask: string): ReportedTask[] {
  return (["active", "reserved", "scheduled"] as const).flatMap((place) =>
    Object.entries(answers[place]).flatMap(([worker, tasks]) =>
      (list(tasks) ?? []).map((task) => readReport(worker, place, record(task), sendTask)),
    ),
  );
}

/** Nodes that answered all three questions with a list. */
export function answeredAll(answers: RawAnswers): string[] {
  const { active, reserved, scheduled } = answers;
  return Object.keys(active).filter((node) =>
    [active, reserved, scheduled].every((answer) => list(answer[node]) !== null),
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
