import { redact } from "../../redact.js";
import type { Fields } from "../json.js";
import { list, record, text } from "../json.js";
import type { Instant } from "../../sales/sale.js";
import type { TaskEvent, TaskMessage } from "../../sales/tasks.js";

/** What a message is to us. Everything else that it holds (token, customer, the rest of the envelope) ends here. */
export type Read =
  | { readonly kind: "purchase"; readonly message: Omit<TaskMessage, "place" | "deliveredAt"> }
  | { readonly kind: "other event" | "other task" | "undecodable"; readonly tag: string | null };

/** `payments.pageview_event_id` has 256 characters: no longer id can be a sale's. */
const LONGEST_ID = 256;

/**
 * The border for messages of the broker, as JSON made them. `sendTask` is the last part of the name of the task that
 * sends to Meta.
 */
export function readMessage(message: unknown, sendTask: string): Read {
  const envelope = record(message);
  const headers = record(envelope?.["headers"]);
  const properties = record(envelope?.["properties"]);
  const tag = id(properties?.["delivery_tag"]);
  const task = headers?.["task"];
  if (typeof task !== "string") return { kind: "undecodable", tag };
  if (!isSendTask(task, sendTask)) return { kind: "other task", tag };
  const taskId = id(headers?.["id"]);
  if (
    envelope === null ||
    headers === null ||
    taskId === null ||
    tag === null ||
    !isPlain(envelope, headers)
  ) {
    return { kind: "undecodable", tag };
  }
  const event = bodyEvent(text(envelope["body"]) ?? "", properties?.["body_encoding"] === "base64");
  if (event === "unknown") return { kind: "undecodable", tag };
  if (event === null) return { kind: "other event", tag };
  const info = record(properties?.["delivery_info"]);
  const redelivered = headers["redelivered"] === true || info?.["redelivered"] === true;
  return {
    kind: "purchase",
    message: {
      taskId,
      tag,
      ...event,
      eta: moment(headers["eta"]),
      retries: count(headers["retries"]),
      redelivered,
    },
  };
}

export function isSendTask(name: string, sendTask: string): boolean {
  return name === sendTask || name.endsWith(`.${sendTask}`);
}

/** JSON in UTF-8, as the application writes it: a compressed or pickled body is not ours to read. */
function isPlain(envelope: Fields, headers: Fields): boolean {
  const encoding = text(envelope["content-encoding"])?.toLowerCase();
  const plain = encoding === "utf-8" || encoding === "utf8" || encoding === "us-ascii";
  return envelope["content-type"] === "application/json" && plain && !headers["compression"];
}

function bodyEvent(body: string, isBase64: boolean): TaskEvent | null | "unknown" {
  const bytes = Buffer.from(body, isBase64 ? "base64" : "utf8");
  // Most messages are page views: not parsing them halves the time of a pass. Python escapes no letter of ASCII.
  if (!bytes.includes("Purchase") && bytes.includes("event_name")) return null;
  const [args, kwargs] = list(parsed(bytes.toString("utf8"))) ?? [];
  return eventOf(args, kwargs);
}

/**
 * The Purchase among a task's arguments `[pixel_id, access_token, event_data, test_code]`, by place or by name; null
 * where they send another event. Arguments that look otherwise are unknown, never no Purchase.
 */
export function eventOf(args: unknown, kwargs: unknown): TaskEvent | null | "unknown" {
  const named = record(kwargs);
  const data = record(list(args)?.[2] ?? named?.["event_data"]);
  const name = data?.["event_name"];
  if (data === null || typeof name !== "string") return "unknown";
  if (name !== "Purchase") return null;
  const pixelId = id(list(args)?.[0] ?? named?.["pixel_id"]);
  const eventId = id(data["event_id"]);
  // Arguments in another order would put the token into its place; in an id's, a customer's address.
  return {
    eventId: eventId?.includes("@") === true ? null : eventId,
    pixelId: /^\d+$/.test(pixelId ?? "") ? pixelId : null,
  };
}

/** ISO-8601 with its offset; without one it would be read in our own zone, and is not known. */
export function moment(value: unknown): Instant | null {
  if (typeof value !== "string" || !/(?:Z|[+-]\d\d:?\d\d)$/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

/** JSON, or undefined: an error would quote what it could not read. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** An id as text; ids of pixels may be numbers. What looks like a token is none, wherever it stands. */
export function id(value: unknown): string | null {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || text === "" || text.length > LONGEST_ID) return null;
  return redact(text) === text ? text : null;
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : 0;
}
