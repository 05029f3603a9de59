import type { Instant } from "../sales/sale.js";
import type { ActiveTask, OldestTask, WorkerSnapshot } from "../sales/workers.js";
import { list, number, record, text } from "./json.js";

/** What is asked, in Celery's words. Nothing else is ever asked. */
export const questions = ["active", "reserved", "scheduled", "stats"] as const;
export type Question = (typeof questions)[number];

/** Answers by question, each keyed by node name, as they came: they hold task arguments, and so access tokens. */
export type Answers = Partial<Record<Question | "ping" | "active_queues", Readonly<Record<string, unknown>>>>;

/** The answer among whatever the application printed while it was imported: the last line that is a JSON object. */
export function readAnswer(stdout: string): Readonly<Record<string, unknown>> | null {
  for (const line of stdout.split("\n").toReversed()) {
    if (!line.startsWith("{")) continue;
    try {
      return record(JSON.parse(line));
    } catch {
      continue; // a line of the application's own that happens to begin with a brace
    }
  }
  return null;
}

/**
 * The border: keeps counts, names, ids and times of what the workers told, and drops all else, arguments first.
 * `sendTask` is the last part of the name of the task that sends to Meta.
 */
export function readWorkers(answers: Answers, at: Instant, sendTask: string): WorkerSnapshot[] {
  const names = new Set(Object.values(answers).flatMap((answer) => Object.keys(answer)));
  return [...names].toSorted().map((name) => readWorker(name, answers, at, sendTask));
}

function readWorker(name: string, answers: Answers, at: Instant, sendTask: string): WorkerSnapshot {
  const active = list(answers.active?.[name])?.map(readTask) ?? null;
  const stats = record(answers.stats?.[name]);
  const slots = number(record(stats?.["pool"])?.["max-concurrency"]);
  const totals = readTotals(stats?.["total"]);
  return {
    name,
    slots: slots !== null && slots > 0 ? slots : null,
    busy: active?.length ?? null,
    active: active ?? [],
    oldest: oldestOf(active ?? [], at),
    reserved: list(answers.reserved?.[name])?.length ?? null,
    scheduled: readScheduled(answers.scheduled?.[name]),
    totals,
    sendTotal: totals === null ? null : totalOf(totals, sendTask),
    uptimeSec: number(stats?.["uptime"]),
    pid: number(stats?.["pid"]),
    queues: readQueues(answers.active_queues?.[name]),
  };
}

function readTask(value: unknown): ActiveTask {
  const task = record(value);
  const startedSec = number(task?.["time_start"]);
  return {
    id: text(task?.["id"]) ?? "",
    name: text(task?.["name"]) ?? "",
    startedAt: startedSec === null ? null : Math.round(startedSec * 1000),
    workerPid: number(task?.["worker_pid"]),
    acknowledged: task?.["acknowledged"] === true,
  };
}

/** A worker's clock may run ahead of ours: an age is never negative. */
function oldestOf(active: readonly ActiveTask[], at: Instant): OldestTask | null {
  let oldest: OldestTask | null = null;
  for (const { id, name, startedAt } of active) {
    if (startedAt === null || (oldest !== null && oldest.startedAt <= startedAt)) continue;
    oldest = { id, name, startedAt, ageMs: Math.max(0, at - startedAt) };
  }
  return oldest;
}

function readScheduled(value: unknown): WorkerSnapshot["scheduled"] {
  const waiting = list(value);
  if (waiting === null) return null;
  const etas = waiting.map((task) => readEta(record(task)?.["eta"])).filter((eta) => eta !== null);
  return { count: waiting.length, nextEta: etas.reduce<Instant | null>((a, b) => Math.min(a ?? b, b), null) };
}

/** ISO-8601 with its offset; without one it would be read in our own zone, and is not known. */
function readEta(value: unknown): Instant | null {
  const eta = text(value);
  if (eta === null || !/(?:Z|[+-]\d\d:?\d\d)$/.test(eta)) return null;
  const at = Date.parse(eta);
  return Number.isNaN(at) ? null : at;
}

function readQueues(value: unknown): string[] | null {
  const queues = list(value)?.map((queue) => text(record(queue)?.["name"]));
  return queues?.filter((name) => name !== null) ?? null;
}

/** Ids of all tasks that workers hold: running, due and waiting for their time. */
export function reportedIds({ active, reserved, scheduled }: Answers): Set<string> {
  const held = [active, reserved, scheduled].flatMap((answer) => Object.values(answer ?? {}).flatMap(listed));
  const ids = held.map(
    (task) => text(record(task)?.["id"]) ?? text(record(record(task)?.["request"])?.["id"]),
  );
  return new Set(ids.filter((id) => id !== null));
}

const listed = (value: unknown): readonly unknown[] => list(value) ?? [];

function readTotals(value: unknown): Record<string, number> | null {
  const totals = record(value);
  if (totals === null) return null;
  const counted: [string, number][] = [];
  for (const [name, total] of Object.entries(totals)) {
    const count = number(total);
    if (count !== null) counted.push([name, count]);
  }
  return Object.fromEntries(counted);
}

function totalOf(totals: Readonly<Record<string, number>>, task: string): number {
  const ours = Object.entries(totals).filter(([name]) => name === task || name.endsWith(`.${task}`));
  return ours.reduce((sum, [, count]) => sum + count, 0);
}
