import { KnownError } from "../errors.js";
import { redact } from "../redact.js";
import { age } from "../sales/time.js";

const checkUrl = "check CELERY_BROKER_URL (or REDIS_URL) and that Redis runs there";
const checkLogin = "put the workers' own user and password into CELERY_BROKER_URL";

/** What the client library or Redis said → words. The first pattern that fits; none of them quotes a password. */
const words: readonly (readonly [RegExp, (name: string) => string, string])[] = [
  [/ECONNREFUSED|ENOENT/, (name) => `nobody listens at the Redis ${name}`, checkUrl],
  [/ENOTFOUND|EAI_AGAIN/, (name) => `the host of the Redis ${name} is not known`, checkUrl],
  [/ECONNRESET|EPIPE|closed unexpectedly|Socket closed/, (name) => `the Redis ${name} hung up`, checkUrl],
  [
    /WRONG_VERSION_NUMBER|EPROTO|packet length too long/i,
    (name) => `the Redis ${name} speaks no TLS`,
    "use redis:// instead of rediss://",
  ],
  [
    /certificate|CERT_|SELF_SIGNED|ERR_TLS/i,
    (name) => `the certificate of the Redis ${name} is not trusted`,
    "add ?ssl_ca_certs=/path/ca.pem to the URL, as for Celery (?ssl_cert_reqs=none does not check it)",
  ],
  [
    /^(?:WRONGPASS|ERR invalid password|ERR AUTH|ERR Client sent AUTH)/,
    (name) => `the Redis ${name} does not accept the user or the password`,
    checkLogin,
  ],
  [/^NOAUTH/, (name) => `the Redis ${name} wants a password`, checkLogin],
  [
    /^NOPERM/,
    (name) => `the Redis ${name} does not allow our user what we asked`,
    "see docs/operating.md for the rights that celery-status needs; --passive needs fewer",
  ],
  [/DB index is out of range/, (name) => `the Redis ${name} has no such database`, checkUrl],
  [/^DENIED/, (name) => `the Redis ${name} takes connections of its own host only`, checkUrl],
  [
    /^(?:LOADING|MASTERDOWN)/,
    (name) => `the Redis ${name} is still loading its data`,
    "ask again in a moment",
  ],
  [/Unknown RESP type|Expected/, (name) => `what answers at ${name} is no Redis`, checkUrl],
];

/** A failure as a KnownError; one that is such already passes. */
export function redisTrouble(error: unknown, name: string): KnownError {
  if (error instanceof KnownError) return error;
  const text = textOf(error);
  const [, what, next] = words.find(([pattern]) => pattern.test(text)) ?? [];
  const why = redact(text.replace(/\s+/g, " ")).slice(0, 200);
  return new KnownError({
    what: what === undefined ? `the Redis ${name} could not do what we asked` : what(name),
    why,
    next: next ?? checkUrl,
  });
}

/** A refused connection to several addresses of one name has no message of its own. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return textOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return code !== "" && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}

/** Our own deadline, the only one that holds against a broker that accepts and never answers. */
export function silentRedis(name: string, timeoutMs: number): KnownError {
  return new KnownError({
    what: `the Redis ${name} did not answer within ${timeoutMs < 1_000 ? `${timeoutMs} ms` : age(timeoutMs)}`,
    why: "it accepts connections and never answers, or the network drops what we send",
    next: "check the broker: `redis-cli ping` on its host should answer PONG at once",
  });
}

/** What it sends is longer than anything that we ask for. */
export function endlessRedis(name: string): KnownError {
  return new KnownError({
    what: `the Redis ${name} sends more than fits into our memory`,
    why: "one answer went beyond 512 MB: a message of the queue is far too long, or what answers is no Redis",
    next: "look at the longest messages on its host: `redis-cli --bigkeys`; --no-broker does without the broker",
  });
}
