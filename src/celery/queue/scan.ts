import type { Instant } from "../../sales/sale.js";
import type { Connection } from "./connection.js";
import { rows } from "./connection.js";

/** What a look may take. */
export interface Bounds {
  /** Celery's `global_keyprefix`. */
  readonly keyPrefix?: string | undefined;
  /** Messages of one list, or of the unacknowledged ones, that are read at most. */
  readonly mostMessages: number;
  readonly signal?: AbortSignal | undefined;
}

/** At 3.7 kB a message this holds Redis for 4 ms (measured); messages that are longer are read fewer at a time. */
const CHUNK = 500;
const CHUNK_BYTES = 2_000_000;
/** A hash is scanned by buckets, of which a few may hold more. */
const SCAN_COUNT = 250;
/** A line of the index has 60 bytes. */
const INDEX_CHUNK = 2_000;
/**
 * Every message of a queue, from the left, where tasks are pushed, to the right, where they are popped: what is pushed
 * meanwhile moves messages towards the reader, who then meets some twice and misses none. From the right each pop would
 * move messages past the reader. What is popped before it was read is found among the unacknowledged, read afterwards;
 * what is pushed to the left after the start is newer than the look. False where the list had no end in the bounds.
 */
export async function scanQueue(
  redis: Connection,
  key: string,
  take: (raw: string) => void,
  { mostMessages, signal, keyPrefix = "" }: Bounds,
): Promise<boolean> {
  let chunk = CHUNK;
  for (let at = 0; at < mostMessages;) {
    signal?.throwIfAborted();
    const reply = rows(await redis.send(["LRANGE", keyPrefix + key, String(at), String(at + chunk - 1)]));
    let size = 0;
    for (const raw of reply) {
      size += String(raw).length;
      take(String(raw));
    }
    if (reply.length < chunk) return true;
    at += reply.length;
    chunk = Math.max(10, Math.min(CHUNK, Math.floor(CHUNK_BYTES / (size / reply.length + 1))));
  }
  return false;
}

/**
 * Every unacknowledged message: `tag → [message, exchange, routing key]`. What is there from beginning to end of the
 * scan is told at least once.
 */
export async function scanUnacked(
  redis: Connection,
  take: (tag: string, value: string) => void,
  { mostMessages, signal, keyPrefix = "" }: Bounds,
): Promise<boolean> {
  let cursor = "0";
  let read = 0;
  do {
    signal?.throwIfAborted();
    const [next, pairs] = rows(
      await redis.send(["HSCAN", `${keyPrefix}unacked`, cursor, "COUNT", String(SCAN_COUNT)]),
    );
    const flat = rows(pairs).map(String);
    for (let at = 0; at + 1 < flat.length; at += 2) take(flat[at] ?? "", flat[at + 1] ?? "");
    cursor = String(next);
    read += flat.length / 2;
  } while (cursor !== "0" && read < mostMessages);
  return cursor === "0";
}

/** When these messages were handed out. One that is acknowledged meanwhile is missing, or lets another be missed. */
export async function deliveryTimes(
  redis: Connection,
  tags: ReadonlySet<string>,
  { mostMessages, signal, keyPrefix = "" }: Bounds,
): Promise<Map<string, Instant>> {
  const times = new Map<string, Instant>();
  for (let at = 0; tags.size > 0 && at < mostMessages; at += INDEX_CHUNK) {
    signal?.throwIfAborted();
    const range = [String(at), String(at + INDEX_CHUNK - 1), "WITHSCORES"];
    const flat = rows(await redis.send(["ZRANGE", `${keyPrefix}unacked_index`, ...range])).flat();
    for (let of = 0; of + 1 < flat.length; of += 2) {
      const tag = String(flat[of]);
      const seconds = Number(flat[of + 1]);
      if (tags.has(tag) && Number.isFinite(seconds)) times.set(tag, Math.round(seconds * 1000));
    }
    if (flat.length < 2 * INDEX_CHUNK) break;
  }
  return times;
}
