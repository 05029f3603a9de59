import { KnownError } from "../errors.js";
import { redact, type Secret } from "../redact.js";
import type { QueueSnapshot } from "../sales/broker.js";
import type { CeleryPort } from "../sales/workers.js";
import { number, record } from "./json.js";

/** RabbitMQ's management, and which queues to look at beside those that the workers name. */
export interface Rabbit {
  /** `http://user:password@host:15672/vhost`; no path is the virtual host `/`. */
  readonly api: Secret;
  readonly queues: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The workers as another way tells them, with the depth of the queues as RabbitMQ counts it: 15 ms a queue (measured). */
export function withRabbit(celery: CeleryPort, rabbit: Rabbit): CeleryPort {
  return {
    async inspect(options) {
      const [snapshot, queues] = await Promise.all([
        celery.inspect(options),
        Promise.all(rabbit.queues.map((name) => readQueue(rabbit, name, options.timeoutMs))),
      ]);
      return { ...snapshot, queues: queues.filter((queue) => queue !== null) };
    },
  };
}

/** Null for a queue that does not exist (yet). Messages are not read: that would take them out of their order. */
async function readQueue(rabbit: Rabbit, name: string, timeoutMs: number): Promise<QueueSnapshot | null> {
  const { url, headers, host } = addressOf(rabbit.api, name);
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = rabbit.signal === undefined ? deadline : AbortSignal.any([deadline, rabbit.signal]);
  try {
    const answer = await fetch(url, { headers, signal, redirect: "error" });
    if (answer.status === 404) return null;
    if (!answer.ok) throw refused(answer.status, host);
    return queueOf(name, await answer.json());
  } catch (error) {
    rabbit.signal?.throwIfAborted();
    if (error instanceof KnownError) throw error;
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new KnownError({
      what: `RabbitMQ's management at ${host} cannot be asked`,
      why: redact(cause).slice(0, 200),
      next: "check PURCHASE_FIX_RABBITMQ_API, and that the plugin rabbitmq_management is on",
    });
  }
}

function addressOf(api: Secret, queue: string): { url: URL; headers: Record<string, string>; host: string } {
  const next = "give it the form http://user:password@host:15672/vhost";
  if (!URL.canParse(api.reveal()))
    throw new KnownError({ what: "PURCHASE_FIX_RABBITMQ_API is no URL", next });
  const given = new URL(api.reveal());
  if (!/^https?:$/.test(given.protocol))
    throw new KnownError({ what: "PURCHASE_FIX_RABBITMQ_API is no web address", next });
  const vhost = decodeURIComponent(given.pathname.slice(1)) || "/";
  const url = new URL(`/api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`, given.origin);
  const login = `${decodeURIComponent(given.username)}:${decodeURIComponent(given.password)}`;
  const headers = { authorization: `Basic ${Buffer.from(login, "utf8").toString("base64")}` };
  return { url, headers, host: given.host };
}

function refused(status: number, host: string): KnownError {
  const what = `RabbitMQ's management at ${host} answers ${status}`;
  const next = "the user of PURCHASE_FIX_RABBITMQ_API needs the tag monitoring, and the right virtual host";
  return new KnownError({ what, next });
}

/** Null where it has not been counted yet, as just after a start: that is no zero. */
function queueOf(name: string, answer: unknown): QueueSnapshot | null {
  const queue = record(answer);
  const depth = number(queue?.["messages_ready"]);
  if (depth === null) return null;
  const stats = record(queue?.["message_stats"]);
  const rate = (of: string) => number(record(stats?.[`${of}_details`])?.["rate"]) ?? 0;
  return {
    name,
    depth,
    lists: [],
    sample: null,
    consumers: number(queue?.["consumers"]),
    unacknowledged: number(queue?.["messages_unacknowledged"]),
    rates: stats === null ? null : { published: rate("publish"), acknowledged: rate("ack") },
  };
}
