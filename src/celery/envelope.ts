/** What may be asked, in Celery's words. Each of them only looks. */
export const methods = [
  "ping",
  "active",
  "reserved",
  "scheduled",
  "stats",
  "active_queues",
  "registered",
] as const;
export type Method = (typeof methods)[number];

/** One question to all workers. */
export interface Asking {
  readonly method: Method;
  /** Where the answers go, and how they are told from those to other questions: UUIDs of our own. */
  readonly mailbox: string;
  readonly ticket: string;
  readonly tag: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The message that Celery's own `inspect` sends. A malformed one ends the worker process that reads it (an object without
 * `properties`, an empty body, a body without `method`), so this is the only place that makes one, and it refuses
 * whatever is not of its form. @throws TypeError
 */
export function envelope({ method, mailbox, ticket, tag, expiresAt }: Asking): string {
  if (!methods.includes(method)) throw new TypeError("not a question that may be asked");
  if (![mailbox, ticket, tag].every((id) => uuid.test(id))) throw new TypeError("not a UUID");
  if (!Number.isFinite(expiresAt)) throw new TypeError("not a time");
  const body = {
    method,
    arguments: {},
    destination: null,
    pattern: null,
    matcher: null,
    ticket,
    reply_to: { exchange: "reply.celery.pidbox", routing_key: mailbox },
  };
  return JSON.stringify({
    body: Buffer.from(JSON.stringify(body), "utf8").toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: { clock: 1, expires: expiresAt },
    properties: {
      delivery_mode: 2,
      delivery_info: { exchange: "celery.pidbox", routing_key: "" },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: tag,
    },
  });
}
