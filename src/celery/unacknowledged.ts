import { RESTORE_EVERY_MS, VISIBILITY_MS, type Orphans, type Unacknowledged } from "../sales/broker.js";
import type { Instant } from "../sales/sale.js";
import { readDelivery } from "./message.js";
import { counted, type Place } from "./place.js";

/** More deliveries than this are counted and not looked at: each holds its whole message. */
export const MOST_DELIVERIES = 2_000;
/** A younger delivery may be on its way between the list, Redis and the worker's own books. */
const SETTLED_MS = 5_000;
const MOST_IDS = 20;

/** A delivery that nobody has acknowledged. */
export interface Delivery {
  readonly tag: string;
  readonly taskId: string;
  readonly deliveredAt: Instant | null;
}

/** What is delivered and open; `deliveries` is null where there are too many to look at. */
export interface Open {
  readonly count: number;
  readonly oldestDeliveredAt: Instant | null;
  readonly deliveries: readonly Delivery[] | null;
}

export async function readUnacknowledged(place: Place): Promise<Open> {
  const { redis, keyPrefix } = place;
  const [count, oldest] = await Promise.all([
    counted(redis.send(["HLEN", `${keyPrefix}unacked`])),
    redis.send(["ZRANGE", `${keyPrefix}unacked_index`, "0", "0", "WITHSCORES"]),
  ]);
  const first = Array.isArray(oldest) ? Number(oldest[1]) : Number.NaN;
  return {
    count: count ?? 0,
    oldestDeliveredAt: Number.isFinite(first) ? Math.round(first * 1000) : null,
    deliveries: (count ?? 0) > MOST_DELIVERIES ? null : await readDeliveries(place, count ?? 0),
  };
}

async function readDeliveries(place: Place, count: number): Promise<Delivery[]> {
  if (count === 0) return [];
  const { redis, keyPrefix } = place;
  const times = await redis.send([
    "ZRANGE",
    `${keyPrefix}unacked_index`,
    "0",
    `${MOST_DELIVERIES}`,
    "WITHSCORES",
  ]);
  const delivered = new Map(pairs(times).map(([tag, score]) => [tag, Math.round(Number(score) * 1000)]));
  const found = new Map<string, Delivery>();
  let cursor = "0";
  do {
    place.signal?.throwIfAborted();
    const [next, fields] = (await redis.send(["HSCAN", `${keyPrefix}unacked`, cursor, "COUNT", "500"])) as [
      string,
      unknown,
    ];
    for (const [tag, raw] of pairs(fields)) {
      const taskId = readDelivery(raw)?.id;
      if (taskId !== undefined) found.set(tag, { tag, taskId, deliveredAt: delivered.get(tag) ?? null });
    }
    cursor = next;
    // The hash may grow while it is read.
  } while (cursor !== "0" && found.size <= MOST_DELIVERIES);
  return [...found.values()];
}

function pairs(value: unknown): [string, string][] {
  const flat = Array.isArray(value) ? value.map(String) : [];
  return flat.flatMap((key, at) =>
    at % 2 === 0 ? [[key, flat[at + 1] ?? ""] satisfies [string, string]] : [],
  );
}

/**
 * Deliveries that no worker reports, looked at before and after the workers were asked: one that ended in between is gone
 * by then. `reported` is null where somebody did not answer, and then nothing can be said.
 */
export async function judgeOrphans(
  place: Place,
  open: Open,
  reported: ReadonlySet<string> | null,
): Promise<Unacknowledged> {
  const { count, oldestDeliveredAt, deliveries } = open;
  if (deliveries === null || reported === null) return { count, oldestDeliveredAt, orphans: null };
  const settled = place.now() - SETTLED_MS;
  const missed = deliveries.filter(
    ({ taskId, deliveredAt }) => !reported.has(taskId) && deliveredAt !== null && deliveredAt < settled,
  );
  const still = missed.length === 0 ? [] : await readDeliveries(place, count);
  const left = new Set(still.map(({ tag }) => tag));
  return { count, oldestDeliveredAt, orphans: orphansOf(missed.filter(({ tag }) => left.has(tag))) };
}

function orphansOf(orphans: readonly Delivery[]): Orphans {
  const sorted = orphans.toSorted((a, b) => (a.deliveredAt ?? 0) - (b.deliveredAt ?? 0));
  const [first, last] = [sorted.at(0)?.deliveredAt ?? null, sorted.at(-1)?.deliveredAt ?? null];
  return {
    count: sorted.length,
    ids: [...new Set(sorted.map(({ taskId }) => taskId))].slice(0, MOST_IDS),
    backFrom: first === null ? null : first + VISIBILITY_MS,
    backBy: last === null ? null : last + VISIBILITY_MS + RESTORE_EVERY_MS,
  };
}
