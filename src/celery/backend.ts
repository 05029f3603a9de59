import { Secret } from "../redact.js";

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
    return { unreadable: "CELERY_RESULT_BACKEND is no redis:// or rediss:// URL" };
  }
  if (broker === null) return { unreadable: "neither CELERY_RESULT_BACKEND nor a broker is configured" };
  if (!isRedis(broker)) return { unreadable: "the broker is no Redis, and CELERY_RESULT_BACKEND is not set" };
  const url = new URL(broker.reveal());
  url.pathname = "/1";
  return { url: new Secret(url.href) };
}

function isRedis(secret: Secret): boolean {
  return /^rediss?:\/\//.test(secret.reveal()) && URL.canParse(secret.reveal());
}
