import { randomUUID } from "node:crypto";

/** A message as Celery 5 with Kombu and Redis writes it; a test says only what is special. */
export interface Mail {
  readonly taskId?: string;
  readonly tag?: string;
  readonly task?: string;
  readonly name?: string;
  readonly eventId?: string | null;
  readonly pixelId?: string;
  readonly token?: string;
  readonly eta?: string | null;
  readonly retries?: number;
  readonly redelivered?: boolean;
  /** `event_data` by name, as page views are queued. */
  readonly inKwargs?: boolean;
  /** Bytes of customer data, so that a message has the size of real ones. */
  readonly padding?: number;
}

export const token = "token-of-pixel-1";
export const mailOfCustomer = "maria@example.com";

/** The text that lies in a list. */
export function message(mail: Mail = {}): string {
  const taskId = mail.taskId ?? randomUUID();
  const data = {
    event_name: mail.name ?? "Purchase",
    ...(mail.eventId === null ? {} : { event_id: mail.eventId ?? "pageview_3f" }),
    user_data: { em: mailOfCustomer, padding: "x".repeat(mail.padding ?? 0) },
  };
  const pixelId = mail.pixelId ?? "1234567890";
  const secret = mail.token ?? token;
  const inKwargs = mail.inKwargs === true;
  const args = inKwargs ? [] : [pixelId, secret, data, null];
  const kwargs = inKwargs ? { pixel_id: pixelId, access_token: secret, event_data: data } : {};
  const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
  return JSON.stringify({
    body: Buffer.from(JSON.stringify([args, kwargs, embed])).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: {
      lang: "py",
      task: mail.task ?? "celery_app.send_meta_event",
      id: taskId,
      eta: mail.eta ?? null,
      expires: null,
      retries: mail.retries ?? 0,
      timelimit: [null, null],
      argsrepr: `('${pixelId}', '${secret}', {'event_name': ...}, None)`,
      kwargsrepr: "{}",
      ...(mail.redelivered ? { redelivered: true } : {}),
    },
    properties: {
      correlation_id: taskId,
      delivery_mode: 2,
      delivery_info: { exchange: "", routing_key: "celery" },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: mail.tag ?? randomUUID(),
    },
  });
}

/** The value that lies in the hash `unacked`. */
export function unackedValue(mail: Mail = {}): string {
  return JSON.stringify([JSON.parse(message(mail)), "", "celery"]);
}
