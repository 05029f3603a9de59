import { allAnswered, sightings, taskOf, usualLimits } from "./task-states.js";
import type { TaskLimits } from "./task-states.js";
import type { BrokerPass, BrokerReading, BrokerTask } from "./tasks.js";

/** The least time between two looks: a message that was between two places has arrived by then (facts of Celery). */
export const BETWEEN_LOOKS_MS = 2_000;
/** A double retry leaves two copies, each of which may leave two more. */
const STORM = 3;

/** Two looks put together: what either saw lives, and only what neither saw, both being whole, does not. */
export function readingOf(
  first: BrokerPass,
  second: BrokerPass,
  limits: TaskLimits = usualLimits,
): BrokerReading {
  const orphans = allAnswered(first) && allAnswered(second) ? orphansOf(first, second) : new Set<string>();
  const tasks = new Map<string, BrokerTask>();
  const add = (pass: BrokerPass, gone: boolean) => {
    // What is gone was met at some moment of the first look, perhaps its very beginning.
    const seen = { at: gone ? pass.startedAt : pass.endedAt, gone, orphans };
    for (const [taskId, sighting] of sightings(pass, tasks)) {
      tasks.set(taskId, { taskId, ...taskOf(sighting, seen, limits) });
    }
  };
  add(second, false);
  add(first, true);
  const doubts = [...doubtsOf(first, second)];
  return {
    tasks,
    complete: doubts.length === 0,
    because: doubts.length === 0 ? null : [...new Set(doubts)].join("; "),
    readAt: [first.endedAt, second.endedAt],
    workers: new Set([...(first.workers?.answered ?? []), ...(second.workers?.answered ?? [])]).size,
    counts: second.counts,
    brokerStartedAt: second.broker?.startedAt ?? null,
    storms: [...tasks.values()]
      .filter(({ copies }) => copies >= STORM)
      .map(({ taskId, copies }) => ({ taskId, copies }))
      .toSorted((a, b) => b.copies - a.copies),
  };
}

/** Unacknowledged in both looks, and in neither did any worker have a copy of it. */
function orphansOf(first: BrokerPass, second: BrokerPass): Set<string> {
  const unreported = ({ messages, workers }: BrokerPass) => {
    const reported = new Set(workers?.tasks.map(({ taskId }) => taskId));
    const left = messages.filter(({ place, taskId }) => place === "unacked" && !reported.has(taskId));
    return new Set(left.map(({ tag }) => tag));
  };
  const earlier = unreported(first);
  return new Set([...unreported(second)].filter((tag) => earlier.has(tag)));
}

/** Why a task that was not seen may live all the same. */
function* doubtsOf(first: BrokerPass, second: BrokerPass): Generator<string> {
  for (const pass of [first, second]) {
    yield* pass.troubles;
    if (pass.counts.undecodable > 0) yield `${pass.counts.undecodable} messages could not be decoded`;
    yield* workersDoubts(pass);
  }
  if (second.startedAt - first.endedAt < BETWEEN_LOOKS_MS) yield "the two looks were too close to each other";
  if (first.broker && second.broker && first.broker.run !== second.broker.run) {
    yield "the broker was restarted between the two looks";
  }
}

function* workersDoubts({ workers, messages, queues }: BrokerPass): Generator<string> {
  if (workers === null) {
    yield "the workers were not asked";
    return;
  }
  const { receivers, answered, heard } = workers;
  if (receivers === null) yield "how many workers were asked is not known";
  else if (receivers === 0) yield "no worker listens";
  else if (answered.length < receivers) yield `${answered.length} of ${receivers} workers answered`;
  // A zombie's process lives, takes no question, and runs what it had fetched.
  const silent = (heard ?? []).filter((node) => !answered.includes(node));
  if (silent.length > 0) yield `${silent.join(", ")} can be heard and did not answer`;
  const unread = (workers.queues ?? []).filter((queue) => !queues.includes(queue));
  if (unread.length > 0) yield `workers take tasks from ${unread.join(", ")} too`;
  const known = new Set(messages.map(({ taskId }) => taskId));
  const unclear = workers.tasks.filter(
    ({ purchase, taskId }) => purchase === "unknown" && !known.has(taskId),
  );
  if (unclear.length > 0) yield `what ${unclear.length} tasks at the workers send could not be read`;
}
