import { wordsOf } from "./connection.js";
import type { Instant } from "../../sales/sale.js";
import type { BrokerPass, WorkersReport } from "../../sales/tasks.js";
import { listOf, priorities } from "../lists.js";
import type { Connection } from "./connection.js";
import { collector } from "./collect.js";
import { deliveryTimes, scanQueue, scanUnacked } from "./scan.js";
import type { Bounds } from "./scan.js";

/** What one look needs. */
export interface PassOptions extends Bounds {
  readonly redis: Connection;
  /** Names of the queues; each has three more lists of other priorities. */
  readonly queues: readonly string[];
  /** Last part of the name of the task that sends to Meta. */
  readonly sendTask: string;
  /** Asks the workers which tasks they have; rejects, or tells null, where nobody could be asked. */
  readonly workers: () => Promise<WorkersReport | null>;
  readonly now: () => Instant;
}

/**
 * One look: queues, unacknowledged, workers. A task moves in that order, so that one which moves on meanwhile is met
 * again at its next place. What moves back (a retry, a redelivery) the second look meets.
 */
export async function lookOnce(options: PassOptions, earlier?: BrokerPass): Promise<BrokerPass> {
  const startedAt = options.now();
  const found = collector(options.sendTask, earlier?.messages);
  const troubles: string[] = [];
  const queues: string[] = [];
  const attempt = async <T>(what: string, task: () => Promise<T>): Promise<T | null> => {
    try {
      return await task();
    } catch (error) {
      options.signal?.throwIfAborted();
      troubles.push(`${what}: ${wordsOf(error)}`);
      return null;
    }
  };
  const broker = await serverOf(options).catch(() => null);
  for (const queue of options.queues) {
    const ends: boolean[] = [];
    for (const key of priorities.map((priority) => listOf(queue, priority))) {
      const whole = await attempt(`queue ${queue} could not be read`, () =>
        scanQueue(options.redis, key, found.queued, options),
      );
      if (whole === false) troubles.push(`queue ${queue} holds over ${options.mostMessages} messages`);
      ends.push(whole === true);
    }
    if (ends.every(Boolean)) queues.push(queue);
  }
  const whole = await attempt("unacknowledged messages could not be read", () =>
    scanUnacked(options.redis, found.unacked, options),
  );
  if (whole === false) troubles.push(`over ${options.mostMessages} messages are unacknowledged`);
  const times = await attempt("delivery times could not be read", () =>
    deliveryTimes(options.redis, found.unackedTags(), options),
  );
  const workers = await attempt("the workers could not be asked", options.workers);
  return {
    startedAt,
    endedAt: options.now(),
    messages: found.messages(times ?? new Map()),
    workers,
    counts: found.counts,
    queues,
    broker,
    troubles,
  };
}

/** `INFO server`: a broker that is younger than a task may have forgotten it. */
async function serverOf({ redis, now }: PassOptions): Promise<BrokerPass["broker"]> {
  const info = String(await redis.send(["INFO", "server"]));
  const [, run] = /^run_id:(\w+)/m.exec(info) ?? [];
  const [, uptime] = /^uptime_in_seconds:(\d+)/m.exec(info) ?? [];
  if (run === undefined || uptime === undefined) return null;
  return { run, startedAt: now() - Number(uptime) * 1000 };
}
