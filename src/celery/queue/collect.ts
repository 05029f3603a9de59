import type { Instant } from "../../sales/sale.js";
import type { MessageCounts, TaskMessage } from "../../sales/tasks.js";
import { list, parsed, readMessage } from "./message.js";
import type { Read } from "./message.js";

type Kept = Omit<TaskMessage, "deliveredAt">;

/** What one look keeps: Purchases by the broker's tag, so that none counts twice; of all else their number. */
export interface Collector {
  /** Takes a message of a queue, as JSON. */
  queued(raw: string): void;
  /** Takes an unacknowledged one: `[message, exchange, routing key]`. The place read later is where it went. */
  unacked(tag: string, value: string): void;
  unackedTags(): Set<string>;
  messages(deliveredAt: ReadonlyMap<string, Instant>): TaskMessage[];
  readonly counts: MessageCounts;
}

/**
 * Tags of the latest messages: one that is pushed moves the others to where they are read again, at once. A thousand
 * times more of them would make the numbers no truer, and cost 10 MB.
 */
const REMEMBERED = 2_000;

export function collector(sendTask: string): Collector {
  const purchases = new Map<string, Kept>();
  const counts = { messages: 0, purchases: 0, otherEvents: 0, otherTasks: 0, undecodable: 0 };
  const latest = new Set<string>();

  const isRepeated = (tag: string | null): boolean => {
    if (tag === null) return false;
    if (latest.has(tag)) return true;
    latest.add(tag);
    if (latest.size > REMEMBERED) latest.delete(latest.keys().next().value ?? "");
    return false;
  };
  const take = (read: Read, place: Kept["place"]): void => {
    const tag = read.kind === "purchase" ? read.message.tag : read.tag;
    const known = isRepeated(tag) || (read.kind === "purchase" && purchases.has(read.message.tag));
    if (read.kind === "purchase") purchases.set(read.message.tag, { ...read.message, place });
    if (known) return;
    counts.messages += 1;
    counts[columnOf[read.kind]] += 1;
  };

  return {
    counts,
    queued: (raw) => take(readMessage(parsed(raw), sendTask), "queue"),
    unacked: (tag, value) => {
      const read = readMessage(list(parsed(value))?.[0], sendTask);
      take(
        read.kind === "purchase" ? { ...read, message: { ...read.message, tag } } : { ...read, tag },
        "unacked",
      );
    },
    unackedTags: () => {
      const waiting = [...purchases.values()].filter(({ place }) => place === "unacked");
      return new Set(waiting.map(({ tag }) => tag));
    },
    messages: (deliveredAt) =>
      [...purchases.values()].map((kept) => ({ ...kept, deliveredAt: deliveredAt.get(kept.tag) ?? null })),
  };
}

const columnOf = {
  purchase: "purchases",
  "other event": "otherEvents",
  "other task": "otherTasks",
  undecodable: "undecodable",
} as const satisfies Record<Read["kind"], keyof MessageCounts>;
