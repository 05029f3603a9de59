import { KnownError } from "../errors.js";
import { LONGEST_ENTRY } from "./entry.js";

/** The part of a connection to the application's Redis that is needed. Nothing is ever written. */
export interface TrackingConnection {
  send(args: readonly string[]): Promise<unknown>;
}

/** Entries of a kB: one call is a fraction of a millisecond for Redis. */
const CHUNK = 100;

/** The values of keys that are there. Sizes are asked first: a stranger's value of megabytes is left where it is. */
export async function fetch(
  redis: TrackingConnection,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const all = [...new Set(keys)];
  for (let at = 0; at < all.length; at += CHUNK) {
    const chunk = all.slice(at, at + CHUNK);
    const sizes = await Promise.all(chunk.map((key) => sizeOf(redis, key)));
    const fit = chunk.filter((_, index) => (sizes[index] ?? 0) > 0 && (sizes[index] ?? 0) <= LONGEST_ENTRY);
    const reply = fit.length === 0 ? [] : await redis.send(["MGET", ...fit]);
    if (!Array.isArray(reply)) throw new TypeError("what answers is no Redis");
    fit.forEach((key, index) => {
      const value: unknown = reply[index];
      if (typeof value === "string") values.set(key, value);
    });
  }
  return values;
}

/** A key of another type has no entry for us. */
async function sizeOf(redis: TrackingConnection, key: string): Promise<number> {
  try {
    const size = await redis.send(["STRLEN", key]);
    if (typeof size !== "number") throw new TypeError("what answers is no Redis");
    return size;
  } catch (error) {
    const why = error instanceof KnownError ? error.problem.why : String(error);
    if (why?.includes("WRONGTYPE")) return 0;
    throw error;
  }
}
