import { randomUUID } from "node:crypto";
import { resultBackend } from "../celery/backend.js";
import type { Config } from "../config.js";
import type { Signals } from "../context.js";
import { told } from "../errors.js";
import type { CeleryFacts, Clock, Told } from "../ports.js";
import type { Secret } from "../redact.js";
import type { CeleryPort } from "../sales/workers.js";
import type { Redis } from "../celery/redis.js";
import { isRedisUrl, readRedisUrl } from "../celery/redis-url.js";

export interface HealthSurroundings {
  readonly clock: Clock;
  readonly signals: Signals;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
}

/** How long broker and workers may take to answer. */
const DEADLINE_MS = 5_000;
/** Celery needs 6.6 s to give a broker up (measured). */
const COMMAND_MS = 9_000;

/** Everything that the doctor asks of Celery. With `passive` nothing is published. */
export async function examineCelery(
  config: Config,
  around: HealthSurroundings,
  open: () => Promise<CeleryPort>,
  passive: boolean,
): Promise<CeleryFacts> {
  const broker = config.brokerUrl ?? config.redisUrl;
  const [workers, registered, results, tracking] = await Promise.all([
    told(async () => await (await open()).inspect({ timeoutMs: DEADLINE_MS })),
    passive
      ? { trouble: { what: "workers were not asked for their tasks: --passive publishes nothing" } }
      : told(() => registeredOf(config, around, broker)),
    ofBackend(config, around, broker),
    config.redisUrl === null || config.brokerUrl === null
      ? null
      : answers(config.redisUrl, around, "tracking"),
  ]);
  return { workers, registered, results, tracking };
}

async function registeredOf(config: Config, around: HealthSurroundings, url: Secret | null) {
  const { askRegistered, commandRegistered } = await import("../celery/registered.js");
  const { clock, signals, env, cwd: here } = around;
  if (url === null || !isRedisUrl(url.reveal())) {
    const { app, binary, cwd } = config.celery;
    const { brokerUrl } = config;
    const bounds = { deadlineMs: COMMAND_MS, signal: signals.stop };
    return await commandRegistered({ binary, app, cwd: cwd ?? here, env, brokerUrl, ...bounds });
  }
  return await withRedis(url, around, "doctor", async (redis) => {
    const { now, sleep } = clock;
    const { database } = readRedisUrl(url.reveal());
    const { keyPrefix } = config.celery;
    const place = { redis, keyPrefix, database, now, sleep, uuid: randomUUID, signal: signals.stop };
    return await askRegistered(place, DEADLINE_MS);
  });
}

/** Null where the backend is none that we can ask, or the broker's own, which was asked already. */
async function ofBackend(
  config: Config,
  around: HealthSurroundings,
  broker: Secret | null,
): Promise<Told<true> | null> {
  const backend = resultBackend(broker, config.resultBackendUrl);
  return "url" in backend ? await answers(backend.url, around, "results") : null;
}

function answers(url: Secret, around: HealthSurroundings, what: string): Promise<Told<true>> {
  return told(() =>
    withRedis(url, around, what, async (redis) => {
      await redis.send(["PING"]);
      return true as const;
    }),
  );
}

async function withRedis<T>(
  url: Secret,
  around: HealthSurroundings,
  what: string,
  work: (redis: Redis) => Promise<T>,
) {
  const { openRedis } = await import("../celery/redis.js");
  const name = `purchase-fix/${around.version}:doctor-${what}`;
  const redis = await openRedis(url, { deadlineMs: DEADLINE_MS, signal: around.signals.stop, name });
  try {
    return await work(redis);
  } finally {
    await redis.close();
  }
}
