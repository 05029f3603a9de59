import type { Secret } from "../redact.js";
import { isPlainlyHealthy } from "../sales/workers-judge.js";
import type { CeleryPort, CelerySnapshot } from "../sales/workers.js";
import { listen, ONE_BEAT_MS, TWO_BEATS_MS, type Listening } from "./heartbeats.js";
import { look, type Looking } from "./look.js";
import type { Place } from "./place.js";
import { openRedis, type Redis } from "./redis.js";
import { readRedisUrl } from "./redis-url.js";

/** How to ask natively. */
export interface NativeSettings extends Pick<Place, "keyPrefix" | "now" | "uuid" | "sleep" | "signal"> {
  readonly url: Secret;
  /** Asks nobody and publishes nothing. */
  readonly passive: boolean;
  readonly queues: readonly string[];
  readonly sendTask: string;
  /** For `client list`. */
  readonly name: string;
}

/** A way of asking, and its end: `close` waits until what it put into Redis is taken out again. */
export interface OpenedCelery extends CeleryPort {
  close(): Promise<void>;
}

/** Workers that are well answer within some milliseconds; who has not by then gets the rest of the time in the second look. */
const FIRST_WAIT_MS = 1_000;
const LEAST_WAIT_MS = 500;

/** Asks over the Redis broker: no Python, no code of the application's. */
export function nativeCelery(settings: NativeSettings): OpenedCelery {
  return new NativeCelery(settings);
}

class NativeCelery implements OpenedCelery {
  readonly #settings: NativeSettings;
  readonly #asking = new Set<Promise<unknown>>();
  #redis: Promise<Redis> | null = null;
  #listening: Promise<Listening> | null = null;
  #last: CelerySnapshot | null = null;

  constructor(settings: NativeSettings) {
    this.#settings = settings;
  }

  async inspect({
    timeoutMs,
    watching = false,
  }: Parameters<CeleryPort["inspect"]>[0]): Promise<CelerySnapshot> {
    const asking = this.#inspect(timeoutMs, watching);
    this.#asking.add(asking);
    try {
      return await asking;
    } catch (error) {
      // The next look, if there is one, connects anew.
      await this.#hangUp();
      throw error;
    } finally {
      this.#asking.delete(asking);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#asking);
    await this.#hangUp();
  }

  async #hangUp(): Promise<void> {
    const redis = this.#redis;
    [this.#redis, this.#listening] = [null, null];
    await redis?.then((opened) => opened.close()).catch(() => undefined);
  }

  async #inspect(timeoutMs: number, watching: boolean): Promise<CelerySnapshot> {
    const place = await this.#place(timeoutMs);
    const last = watching ? this.#last : null;
    if (watching) this.#listening ??= listen(place);
    const first = await this.#look(place, Math.min(FIRST_WAIT_MS, timeoutMs), {
      heartbeats: last === null ? null : await this.#heard(),
      earlier: last && { ...last, earlier: null },
    });
    const snapshot =
      last !== null || isPlainlyHealthy(first) ? first : await this.#again(place, first, timeoutMs);
    this.#last = snapshot;
    return { ...snapshot, timeoutMs };
  }

  /** Not plainly healthy: what beats, and what moves between two looks, tells why. */
  async #again(place: Place, first: CelerySnapshot, timeoutMs: number): Promise<CelerySnapshot> {
    const { now, sleep, signal } = place;
    const from = now();
    this.#listening ??= listen(place);
    const listening = await this.#listening;
    await sleep(ONE_BEAT_MS, signal);
    const once = listening.heard();
    // Of those whom nobody can ask, only a second beat tells whether they work.
    const asked = (first.receivers ?? 0) > 0;
    if (once.length === 0 || !asked) await sleep(Math.max(0, TWO_BEATS_MS - (now() - from)), signal);
    signal?.throwIfAborted();
    const rest = Math.max(LEAST_WAIT_MS, timeoutMs - (now() - first.askedAt));
    return this.#look(place, rest, {
      heartbeats: listening.heard(),
      earlier: { ...first, heartbeats: once },
    });
  }

  #look(
    place: Place,
    waitMs: number,
    seen: Pick<Looking, "heartbeats" | "earlier">,
  ): Promise<CelerySnapshot> {
    const { passive, queues, sendTask } = this.#settings;
    return look(place, { timeoutMs: passive ? null : waitMs, queues, sendTask, ...seen });
  }

  async #heard() {
    return (await this.#listening)?.heard() ?? null;
  }

  async #place(deadlineMs: number): Promise<Place> {
    const { url, name, signal, ...rest } = this.#settings;
    const { database } = readRedisUrl(url.reveal());
    this.#redis ??= openRedis(url, { deadlineMs, name, ...(signal && { signal }) });
    return { ...rest, signal, redis: await this.#redis, database };
  }
}
