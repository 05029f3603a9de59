import type { Clock } from "../../ports.js";
import { BETWEEN_LOOKS_MS, readingOf } from "../../sales/broker-reading.js";
import { usualLimits } from "../../sales/task-states.js";
import type { TaskLimits } from "../../sales/task-states.js";
import type { BrokerReading } from "../../sales/tasks.js";
import { lookOnce } from "./pass.js";
import type { PassOptions } from "./pass.js";

/** What reading the broker for all sales together needs. */
export interface BrokerOptions extends Omit<PassOptions, "now" | "mostMessages" | "queues" | "sendTask"> {
  readonly clock: Clock;
  readonly queues?: readonly string[];
  readonly sendTask?: string;
  readonly mostMessages?: number;
  readonly limits?: TaskLimits;
}

/** A queue of a million messages takes half a minute; beyond that it is not read to its end, and that is said. */
const MOST_MESSAGES = 1_000_000;

/** Workers beat every 2 s: whoever listens since before the first look has heard each that lives by the second. */
const PAUSE_MS = BETWEEN_LOOKS_MS + 300;

/**
 * Reads the broker twice. Never rejects for what the broker or a worker does: what could not be read is told by
 * `because`, and nothing is absent then. Rejects with the signal's reason once it is aborted.
 */
export async function readBroker(options: BrokerOptions): Promise<BrokerReading> {
  const { clock, signal, limits = usualLimits } = options;
  const look = {
    ...options,
    queues: options.queues ?? ["celery"],
    sendTask: options.sendTask ?? "send_meta_event",
    mostMessages: options.mostMessages ?? MOST_MESSAGES,
    now: clock.now,
  };
  const first = await lookOnce(look);
  await clock.sleep(PAUSE_MS, signal);
  signal?.throwIfAborted();
  return readingOf(first, await lookOnce(look, first), limits);
}
