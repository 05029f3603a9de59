import { KnownError } from "../errors.js";

/** Where a Redis is, taken out of its URL. Holds the password: never printed, and `name` is what errors say instead. */
export interface RedisAddress {
  /** `127.0.0.1:6379/0`, without user and password. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** A socket file instead of host and port. */
  readonly path: string | null;
  readonly tls: { readonly verify: boolean; readonly caFile: string | null } | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
}

const next =
  "give CELERY_BROKER_URL the form redis://user:password@host:6379/0; signs in a password are percent-encoded";

/** Whether we can talk to this broker ourselves. */
export function isRedisUrl(url: string): boolean {
  return /^(?:rediss?|unix|redis\+socket):\/\//i.test(url) && !url.includes(";");
}

/** Reads the URL as Celery does. @throws KnownError, without the URL: it may hold a password */
export function readRedisUrl(url: string): RedisAddress {
  if (/^sentinel:/i.test(url) || url.includes(";")) {
    const what = "a broker behind Redis Sentinel (or of several URLs) is not asked natively";
    throw new KnownError({ what, next: "use --via cli, which asks through the application's own celery" });
  }
  // A URL parser wants a host, which a socket file has not.
  const onFile = /^(?:unix|redis\+socket):\/\//i.test(url);
  const text = onFile
    ? url.replace(/^[^:]+:\/\//, "redis://").replace(/^(redis:\/\/(?:[^/@]*@)?)\//, "$1_/")
    : url;
  if (!isRedisUrl(url) || !URL.canParse(text))
    throw new KnownError({ what: "the broker's URL is no Redis URL", next });
  const parsed = new URL(text);
  const path = onFile ? decoded(parsed.pathname) : null;
  const host = decoded(parsed.hostname).replace(/^\[|\]$/g, "") || "localhost";
  const port = Number(parsed.port || 6379);
  const database = databaseOf(parsed, onFile);
  return {
    name: `${path ?? `${parsed.hostname || "localhost"}:${port}`}/${database}`,
    host,
    port,
    path,
    tls: parsed.protocol === "rediss:" ? tlsOf(parsed.searchParams) : null,
    username: decoded(parsed.username) || null,
    password: decoded(parsed.password) || null,
    database,
  };
}

/** In the path; behind a socket file in `virtual_host` (Celery) or `db` (redis-py). None is 0, as for Celery. */
function databaseOf({ pathname, searchParams }: URL, onFile: boolean): number {
  const inQuery = searchParams.get("virtual_host") ?? searchParams.get("db");
  const text = (onFile ? inQuery : pathname.replace(/^\/+/, "") || inQuery) ?? "";
  if (!/^\d{0,5}$/.test(text)) {
    throw new KnownError({ what: "the database in the broker's URL is not a number", next });
  }
  return Number(text);
}

/** The options that Celery itself demands of a `rediss://` URL. */
function tlsOf(options: URLSearchParams): NonNullable<RedisAddress["tls"]> {
  const asked = options.get("ssl_cert_reqs") ?? "required";
  return { verify: !/^(?:cert_)?none$/i.test(asked), caFile: options.get("ssl_ca_certs") };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
