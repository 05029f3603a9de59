import type { Instant } from "../sales/sale.js";
import { list, number, record, text } from "./json.js";

/** What is kept of a queued task. Its arguments hold the access token and the customer: the border is here. */
export interface QueuedTask {
  readonly id: string;
  /** The event's name where it is a task that sends one, else the task's. */
  readonly kind: string;
  /** Unix time of the event, as the task carries it. */
  readonly eventAt: Instant | null;
  /** It waited for a retry, or was delivered before, and was handed back. */
  readonly handedBack: boolean;
}

/** Reads one message of a queue; null where it is no task of Celery's. */
export function readTask(raw: Buffer | string): QueuedTask | null {
  try {
    return taskOf(JSON.parse(raw.toString()));
  } catch {
    return null;
  }
}

/** The same of a delivery, which holds the message, its exchange and its routing key. */
export function readDelivery(raw: Buffer | string): QueuedTask | null {
  try {
    return taskOf(list(JSON.parse(raw.toString()))?.[0]);
  } catch {
    return null;
  }
}

function taskOf(value: unknown): QueuedTask | null {
  const message = record(value);
  const headers = record(message?.["headers"]);
  const id = text(headers?.["id"]);
  if (message === null || headers === null || id === null) return null;
  const event = eventOf(text(message["body"]) ?? "");
  const at = number(event?.["event_time"]);
  return {
    id: short(id) ?? "another id",
    kind: short(text(event?.["event_name"])) ?? short(text(headers["task"])) ?? "another task",
    eventAt: at === null ? null : Math.round(at * 1000),
    handedBack: headers["redelivered"] === true || text(headers["eta"]) !== null,
  };
}

/** The event data: the third argument of a Purchase, a named one of a page view. */
function eventOf(body: string): Readonly<Record<string, unknown>> | null {
  const [args, kwargs] = list(JSON.parse(Buffer.from(body, "base64").toString("utf8"))) ?? [];
  return record(record(kwargs)?.["event_data"]) ?? record(list(args)?.[2]);
}

/** A name or an id as such; anything longer or stranger may be a customer's text in the wrong place. */
function short(name: string | null): string | null {
  return name !== null && /^[\w.:-]{1,100}$/.test(name) ? name : null;
}
