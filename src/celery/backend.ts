import { Secret } from "../redact.js";
import { isRedisUrl } from "./redis-url.js";

/** Where results lie: a Redis that can be asked, or why none can. */
export type Backend =
  | { readonly url: Secret }
  | {
      /** For people; names no URL. */
      readonly unreadable: string;
    };

/**
 * CELERY_RESULT_BACKEND where it is set, and database 1 of the broker's Redis where it is not, which is the
 * application's own rule: with a broker that is no Redis nothing can be concluded about the backend.
 */
export function resultBackend(broker: Secret | null, backend: Secret | null): Backend {
  if (backend !== null) {
    if (isRedis(backend)) return { url: backend };
    return { unreadable: "CELERY_RESULT_BACKEND is no URL of a Redis" };
  }
  if (broker === null) return { unreadable: "neither CELERY_RESULT_BACKEND nor a broker is configured" };
  if (!isRedis(broker)) return { unreadable: "the broker is no Redis, and CELERY_RESULT_BACKEND is not set" };
  const url = new URL(broker.reveal());
  if (/^rediss?:$/.test(url.protocol)) url.pathname = "/1";
  // Behind a socket file the path is the file's, and the database a parameter.
  else url.searchParams.set("virtual_host", "1");
  return { url: new Secret(url.href) };
}

function isRedis(secret: Secret): boolean {
  return isRedisUrl(secret.reveal()) && URL.canParse(secret.reveal());
}
