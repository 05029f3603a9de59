import { KnownError } from "../errors.js";
import type { Secret } from "../redact.js";
import { isRedisUrl } from "./redis-url.js";

/** What decides how the workers are asked. */
export interface Wishes {
  /** `--via`; null chooses by the broker. */
  readonly via: "redis" | "cli" | null;
  readonly passive: boolean;
  readonly brokerUrl: Secret | null;
  readonly redisUrl: Secret | null;
}

/** Over Redis at this URL, or through the application's own `celery`. */
export type Way = { readonly via: "redis"; readonly url: Secret } | { readonly via: "cli" };

/**
 * Over Redis where the broker is one, else by the command, which knows the application's own broker. Celery's default
 * broker is not assumed: the wrong Redis would be asked, and everything in it would look dead.
 * @throws KnownError where that is not possible
 */
export function wayOf({ via, passive, brokerUrl, redisUrl }: Wishes): Way {
  const url = brokerUrl ?? redisUrl;
  const native = url !== null && isRedisUrl(url.reveal());
  if (via === "cli" || (via === null && !native && !passive)) {
    if (!passive) return { via: "cli" };
    const what = "--passive looks into the broker itself, which --via cli cannot";
    throw new KnownError({ what, next: "leave one of the two out" });
  }
  const asked = passive ? "--passive" : "--via redis";
  if (url === null) {
    const next = "set CELERY_BROKER_URL (or REDIS_URL), such as redis://localhost:6379/0";
    throw new KnownError({ what: `${asked} needs to know the workers' Redis`, next });
  }
  // Sentinel and wrong forms are told in their own words where the URL is read.
  if (native || /^(?:redis|sentinel)/i.test(url.reveal())) return { via: "redis", url };
  const next = passive ? "leave --passive out" : "leave --via out: other brokers are asked through celery";
  throw new KnownError({ what: `${asked} needs a Redis broker, and CELERY_BROKER_URL names another`, next });
}
