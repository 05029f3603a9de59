import type { QueueSnapshot } from "../sales/broker.js";
import { listOf, priorities } from "./lists.js";
import { readTask, type QueuedTask } from "./message.js";
import { buffers, counted, type Place } from "./place.js";

/** Redis serves nobody else while it cuts a list: 500 messages of 3.7 kB took it 9 ms, a whole list of 100,000 took 0.7 s. */
const CHUNK = 500;
/** Messages of a queue that are looked at: all of a short one, the newest and the oldest of a long one. */
const SAMPLE = 2_000;

/** A queue, and the tasks that were looked at. */
export interface LookedAt {
  readonly queue: QueueSnapshot;
  readonly tasks: readonly QueuedTask[];
}

/** Reads the lengths of these queues and a bounded sample of each that is not empty. */
export async function readQueues(place: Place, names: readonly string[]): Promise<LookedAt[]> {
  return Promise.all(names.map((name) => readQueue(place, name)));
}

async function readQueue(place: Place, name: string): Promise<LookedAt> {
  const keys = priorities.map((priority) => `${place.keyPrefix}${listOf(name, priority)}`);
  const lengths = await Promise.all(keys.map((key) => counted(place.redis.send(["LLEN", key]))));
  const lists = priorities.map((priority, at) => ({ priority, depth: lengths[at] ?? 0 }));
  const depth = lists.reduce((sum, one) => sum + one.depth, 0);
  const tasks: QueuedTask[] = [];
  let oldest: QueuedTask | null = null;
  for (const [at, key] of keys.entries()) {
    const found = await sampleOf(place, key, lengths[at] ?? 0, SAMPLE - tasks.length);
    // Producers push at the left: the last of a list is its oldest, and 0 is the list that workers empty first.
    oldest ??= found.at(-1) ?? null;
    tasks.push(...found);
  }
  const sample = depth === 0 ? null : { ...summary(tasks), oldestEventAt: oldest?.eventAt ?? null };
  return {
    queue: { name, depth, lists, sample, consumers: null, unacknowledged: null, rates: null },
    tasks,
  };
}

function summary(tasks: readonly QueuedTask[]): {
  size: number;
  events: Record<string, number>;
  handedBack: number;
} {
  const events = new Map<string, number>();
  for (const { kind } of tasks) events.set(kind, (events.get(kind) ?? 0) + 1);
  const sorted = [...events].toSorted(([, a], [, b]) => b - a);
  return {
    size: tasks.length,
    events: Object.fromEntries(sorted),
    handedBack: tasks.filter((task) => task.handedBack).length,
  };
}

/** The newest and the oldest messages of a list, at most so many. */
async function sampleOf(place: Place, key: string, length: number, most: number): Promise<QueuedTask[]> {
  const spans: [number, number][] =
    length <= most ? [[0, length]] : [[0, Math.floor(most / 2)], [length - Math.ceil(most / 2), length]]; // prettier-ignore
  const tasks: QueuedTask[] = [];
  for (const [from, to] of spans) {
    for (let at = from; at < to; at += CHUNK) {
      place.signal?.throwIfAborted();
      const last = Math.min(at + CHUNK, to) - 1;
      const chunk = await place.redis.send(["LRANGE", key, `${at}`, `${last}`], { buffers: true });
      for (const raw of buffers(chunk)) {
        const task = readTask(raw);
        if (task !== null) tasks.push(task);
      }
    }
  }
  return tasks;
}
