import type { Instant } from "./sale.js";
import type { BrokerPass, BrokerTask, ReportedTask, TaskEvent, TaskMessage, TaskState } from "./tasks.js";

/** How long what may take: the application's settings, as far as they bound when a task must have run. */
export interface TaskLimits {
  /** `task_time_limit`. */
  readonly runMs: number;
  /** The broker hands out again what nobody acknowledged for so long (`visibility_timeout`). */
  readonly visibilityMs: number;
  /** Workers look for such messages this often. */
  readonly lookMs: number;
}

export const usualLimits: TaskLimits = { runMs: 300_000, visibilityMs: 3_600_000, lookMs: 100_000 };

/** All that one pass saw of one task. */
export interface Sighting {
  readonly messages: readonly TaskMessage[];
  readonly reports: readonly ReportedTask[];
}

/**
 * Sightings of the Purchase tasks that are not in `but`, by task id. A worker's task whose event cannot be read counts
 * where a message tells it.
 */
export function sightings(
  pass: BrokerPass,
  but: { has(taskId: string): boolean } = new Set(),
): Map<string, Sighting> {
  const found = new Map<string, { messages: TaskMessage[]; reports: ReportedTask[] }>();
  const of = (taskId: string) => {
    const known = found.get(taskId) ?? { messages: [], reports: [] };
    found.set(taskId, known);
    return known;
  };
  for (const message of pass.messages) {
    if (!but.has(message.taskId)) of(message.taskId).messages.push(message);
  }
  for (const report of pass.workers?.tasks ?? []) {
    if (but.has(report.taskId)) continue;
    const isNamed = report.purchase === "unknown" && found.has(report.taskId);
    if (isEvent(report.purchase) || isNamed) of(report.taskId).reports.push(report);
  }
  return found;
}

/** Every worker that the question reached answered it, and none was heard that did not. */
export function allAnswered({ workers }: BrokerPass): boolean {
  if (workers === null || workers.receivers === null) return false;
  const { receivers, answered, heard } = workers;
  const silent = (heard ?? []).some((node) => !answered.includes(node));
  // Without any receiver, only listening shows that no zombie holds the task either.
  return answered.length >= receivers && !silent && (receivers > 0 || heard !== null);
}

/** The state of a task from its latest sighting. `orphans`: tags that no worker has, however often one asks. */
export function taskOf(
  { messages, reports }: Sighting,
  seen: { readonly at: Instant; readonly gone: boolean; readonly orphans: ReadonlySet<string> },
  limits: TaskLimits,
): Omit<BrokerTask, "taskId"> {
  const events = [...messages, ...reports.flatMap(({ purchase }) => (isEvent(purchase) ? [purchase] : []))];
  const copies = [
    ...reports.map((report) => ofReport(report, limits)),
    ...unexplained(messages, reports).map((message) => ofMessage(message, seen.orphans, limits)),
  ];
  const delivered = least(messages.map(({ deliveredAt }) => deliveredAt));
  const bounds = copies.map(({ runsBy }) => runsBy);
  return {
    eventId: events.find(({ eventId }) => eventId !== null)?.eventId ?? null,
    pixelId: events.find(({ pixelId }) => pixelId !== null)?.pixelId ?? null,
    state: soonest.find((state) => copies.some((copy) => copy.state === state)) ?? "queued",
    copies: copies.length,
    retries: messages.reduce((most, { retries }) => Math.max(most, retries), 0),
    redelivered: messages.some(({ redelivered }) => redelivered),
    eta: least([...messages, ...reports].map(({ eta }) => eta)),
    deliveredAt: delivered,
    dueAt: delivered === null ? null : delivered + limits.visibilityMs + limits.lookMs,
    worker: reports[0]?.worker ?? null,
    runsBy: bounds.reduce((last, at) => (last === null || at === null ? null : Math.max(last, at)), 0),
    seenAt: seen.at,
    gone: seen.gone,
  };
}

/** Of several copies, the one that runs first speaks for the task. */
const soonest: readonly TaskState[] = ["running", "reserved", "queued", "waiting", "orphan"];

interface Copy {
  readonly state: TaskState;
  readonly runsBy: Instant | null;
}

/** A worker that is well ends a task by its time limit. When it begins one that waits for a slot, nobody can tell. */
function ofReport({ place, startedAt, eta }: ReportedTask, { runMs }: TaskLimits): Copy {
  const from = place === "active" ? startedAt : eta;
  const state = ({ active: "running", reserved: "reserved", scheduled: "waiting" } as const)[place];
  return { state, runsBy: from === null || place === "reserved" ? null : from + runMs };
}

/** A message that no report explains speaks for itself. */
function ofMessage(message: TaskMessage, orphans: ReadonlySet<string>, limits: TaskLimits): Copy {
  const { place, tag, eta, retries, deliveredAt } = message;
  if (place === "unacked" && orphans.has(tag)) {
    const due = deliveredAt === null ? null : deliveredAt + limits.visibilityMs + limits.lookMs;
    return { state: "orphan", runsBy: due === null ? null : Math.max(due, eta ?? due) + limits.runMs };
  }
  const isRetry = eta !== null || retries > 0;
  return { state: isRetry ? "waiting" : place === "queue" ? "queued" : "reserved", runsBy: null };
}

/**
 * A worker's report and its unacknowledged message are one copy. So are a report and a message that was met in the
 * queue and popped before the workers were asked; but one that was redelivered is another copy, whose first worker may
 * have it still.
 */
function unexplained(
  messages: readonly TaskMessage[],
  reports: readonly ReportedTask[],
): readonly TaskMessage[] {
  const unacked = messages.filter(({ place }) => place === "unacked");
  const queued = messages.filter(({ place }) => place === "queue");
  const fresh = queued.filter(({ redelivered }) => !redelivered);
  const popped = Math.max(0, reports.length - unacked.length);
  return [
    ...unacked.slice(reports.length),
    ...queued.filter(({ redelivered }) => redelivered),
    ...fresh.slice(popped),
  ];
}

function isEvent(purchase: ReportedTask["purchase"]): purchase is TaskEvent {
  return purchase !== null && purchase !== "unknown";
}

function least(instants: readonly (Instant | null)[]): Instant | null {
  return instants.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
}
