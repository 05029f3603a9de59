import type { Instant } from "../../sales/sale.js";
import type { MessageCounts, TaskMessage } from "../../sales/tasks.js";
import { parsed, readMessage } from "./message.js";
import { list } from "../json.js";
import type { Read } from "./message.js";

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

/** `earlier`: what the look before kept. A message that has not changed is kept once: half the memory. */
export function collector(sendTask: string, earlier: readonly TaskMessage[] = []): Collector {
  const before = new Map(earlier.map((message) => [message.tag, message]));
  const purchases = new Map<string, TaskMessage>();
  const pixels = new Map<string, string>();
  const counts = { messages: 0, purchases: 0, otherEvents: 0, otherTasks: 0, undecodable: 0 };
  const latest = new Set<string>();

  const isRepeated = (tag: string | null): boolean => {
    if (tag === null) return false;
    if (latest.has(tag)) return true;
    latest.add(tag);
    if (latest.size > REMEMBERED) latest.delete(latest.keys().next().value ?? "");
    return false;
  };
  const keep = (message: TaskMessage): void => {
    const known = before.get(message.tag);
    const isSame = known?.place === message.place && known.redelivered === message.redelivered;
    // One text for all messages of a pixel, not one for each.
    const pixelId = message.pixelId === null ? null : (pixels.get(message.pixelId) ?? message.pixelId);
    if (pixelId !== null) pixels.set(pixelId, pixelId);
    purchases.set(message.tag, isSame ? known : { ...message, pixelId });
  };
  const take = (read: Read, place: TaskMessage["place"]): void => {
    const tag = read.kind === "purchase" ? read.message.tag : read.tag;
    const known = isRepeated(tag) || (read.kind === "purchase" && purchases.has(read.message.tag));
    if (read.kind === "purchase") keep({ ...read.message, place, deliveredAt: null });
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
    messages: (times) =>
      Array.from(purchases.values(), (message) => {
        const deliveredAt = times.get(message.tag) ?? null;
        return deliveredAt === message.deliveredAt ? message : { ...message, deliveredAt };
      }),
  };
}

const columnOf = {
  purchase: "purchases",
  "other event": "otherEvents",
  "other task": "otherTasks",
  undecodable: "undecodable",
} as const satisfies Record<Read["kind"], keyof MessageCounts>;
