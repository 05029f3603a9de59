import { randomUUID } from "node:crypto";
import { wayOf, type Wishes } from "./celery/way.js";
import type { Config } from "./config.js";
import type { Output, Signals } from "./context.js";
import type { Clock } from "./ports.js";
import type { CeleryPort } from "./sales/workers.js";

/** What the process is, as far as asking workers needs it. */
export interface CelerySurroundings {
  readonly output: Output;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
}

const nothing = async (): Promise<void> => undefined;

/** The way to ask the workers that the wishes and the broker leave. Connections are made by the first question. */
export async function openCelery(
  config: Config,
  around: CelerySurroundings,
  wishes: Pick<Wishes, "via" | "passive">,
): Promise<CeleryPort & { close(): Promise<void> }> {
  const { brokerUrl, redisUrl } = config;
  const way = wayOf({ ...wishes, brokerUrl, redisUrl });
  if (way.via === "cli") return { ...(await byCommand(config, around)), close: nothing };
  const { nativeCelery } = await import("./celery/native.js");
  const { SEND_TASK } = await import("./celery/inspect.js");
  const native = nativeCelery({
    url: way.url,
    passive: wishes.passive,
    queues: config.celery.queues,
    keyPrefix: config.celery.keyPrefix,
    sendTask: SEND_TASK,
    now: around.clock.now,
    sleep: around.clock.sleep,
    uuid: randomUUID,
    signal: around.signals.stop,
    name: `purchase-fix/${around.version}:celery-status`,
  });
  if (wishes.passive) return native;
  const { confirmedIn } = await import("./open/confirmed.js");
  const port = await confirmedIn(config, around, way.url, native);
  return { inspect: (options) => port.inspect(options), close: () => native.close() };
}

async function byCommand(
  config: Config,
  { env, cwd: here, clock, signals }: CelerySurroundings,
): Promise<CeleryPort> {
  const { celeryCommand, SEND_TASK } = await import("./celery/inspect.js");
  const { app, binary, cwd, queues } = config.celery;
  const command = celeryCommand({
    binary,
    app,
    cwd: cwd ?? here,
    env,
    brokerUrl: config.brokerUrl,
    sendTask: SEND_TASK,
    now: clock.now,
    signal: signals.stop,
    abandon: signals.abandon,
  });
  if (config.rabbitmqApi === null) return command;
  const { withRabbit } = await import("./celery/rabbitmq.js");
  return withRabbit(command, { api: config.rabbitmqApi, queues, signal: signals.stop });
}
