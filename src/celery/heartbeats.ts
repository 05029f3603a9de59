import type { Heartbeat } from "../sales/broker.js";
import { number, record, text } from "./json.js";
import { isForbidden, type Place } from "./place.js";

/** Workers beat every 2 s: in this time each that lives was heard once ... */
export const ONE_BEAT_MS = 2_200;
/** ... and where nobody was, one more is waited for, since a machine under load is late. */
export const TWO_BEATS_MS = 4_500;
/** A node that has not been heard for this long does not beat any more. */
const STALE_MS = 6_000;
/** More nodes than that are no workers of one shop. */
const MOST = 1_000;

/** Hears what workers say by themselves; publishes nothing. */
export interface Listening {
  /** The latest of each node that beats. */
  heard(): Heartbeat[];
}

export async function listen({ redis, keyPrefix, database, now }: Place): Promise<Listening> {
  const beats = new Map<string, Heartbeat>();
  const events = `${keyPrefix}/${database}.celeryev/`;
  const channel = `${events}worker.heartbeat`;
  const hear = (on: string, message: string): void => {
    const beat = on === channel ? readHeartbeat(message, now()) : null;
    if (beat !== null && (beats.has(beat.name) || beats.size < MOST)) beats.set(beat.name, beat);
  };
  // Redis compares a pattern with a user's rights as text: one with a right to all events may ask for all only.
  await redis.psubscribe(channel, hear).catch(async (error: unknown) => {
    if (!isForbidden(error)) throw error;
    await redis.psubscribe(`${events}*`, hear);
  });
  return {
    heard: () =>
      [...beats.values()]
        .filter(({ heardAt }) => now() - heardAt <= STALE_MS)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** By our own clock, since a worker's may be wrong. */
export function readHeartbeat(message: string, heardAt: number): Heartbeat | null {
  try {
    const body = text(record(JSON.parse(message))?.["body"]) ?? "";
    const beat = record(JSON.parse(Buffer.from(body, "base64").toString("utf8")));
    const name = text(beat?.["hostname"]);
    if (beat === null || name === null) return null;
    return {
      name,
      pid: number(beat["pid"]),
      active: number(beat["active"]),
      processed: number(beat["processed"]),
      heardAt,
    };
  } catch {
    return null;
  }
}
