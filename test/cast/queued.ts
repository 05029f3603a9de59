import { randomUUID } from "node:crypto";

/** What is special about a queued task; the rest is as Celery writes it. */
export interface MessageWishes {
  readonly id?: string;
  readonly event?: string;
  /** Seconds since 1970. */
  readonly eventTime?: number;
  /** A page view names its event data, a Purchase gives it third. */
  readonly named?: boolean;
  readonly task?: string;
  readonly eta?: string;
  readonly redelivered?: boolean;
}

export const secretToken = "token-of-pixel-1";
export const secretMail = "maria.silva@shop.test";

/** A message of the application's task as it lies in Redis, with everything in it that must not get out. */
export function message(wishes: MessageWishes = {}): string {
  const {
    id = randomUUID(),
    event = "Purchase",
    named = false,
    task = "celery_app.send_meta_event",
  } = wishes;
  const data = {
    event_name: event,
    event_id: `purchase_${id}`,
    event_time: wishes.eventTime ?? 1_763_640_000,
    user_data: { em: [secretMail] },
  };
  const given = ["1234567890", secretToken];
  const args = named ? given : [...given, data, null];
  const body = [args, named ? { event_data: data } : {}, { callbacks: null }];
  return JSON.stringify({
    body: Buffer.from(JSON.stringify(body)).toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers: {
      lang: "py",
      task,
      id,
      eta: wishes.eta ?? null,
      retries: 0,
      argsrepr: `['1234567890', '${secretToken}']`,
      ...(wishes.redelivered === undefined ? {} : { redelivered: wishes.redelivered }),
    },
    properties: { delivery_tag: randomUUID(), body_encoding: "base64" },
  });
}

/** The same as a delivery that nobody has acknowledged. */
export function delivery(wishes: MessageWishes = {}): string {
  return JSON.stringify([JSON.parse(message(wishes)), "", "celery"]);
}
