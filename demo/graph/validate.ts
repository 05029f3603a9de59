import { customerDataOffence } from "./customer-data.js";
import { atPath, eventError, invalidParameter } from "./errors.js";
import type { GraphError } from "./errors.js";
import type { JsonObject } from "./types.js";
import { isObject } from "./types.js";

/** Meta, Using the API: one request carries 1 to 1000 events. */
export const maxEvents = 1000;

const day = 86_400;
const maxAgeDays = 7;
/** From here on a number can only be milliseconds: as seconds it is the year 5138. */
const milliseconds = 100_000_000_000;

const eventKeys = new Set(
  `event_name event_time event_id event_source_url action_source user_data custom_data app_data opt_out
   referrer_url data_processing_options data_processing_options_country data_processing_options_state
   original_event_data attribution_data customer_segmentation messaging_channel
   advanced_measurement_table`.split(/\s+/),
);

const actionSources = new Set(
  `email website app phone_call chat physical_store system_generated business_messaging other`.split(/\s+/),
);

/** What the rules need besides the event: the time in seconds, and refusals that a test ordered. */
export interface Rules {
  readonly now: number;
  readonly ordered: (eventId: string | null) => GraphError | null;
}

/** `data` as a list of the allowed length, or why not. */
export function eventsOf(body: JsonObject | null): readonly unknown[] | GraphError {
  if (body === null)
    return invalidParameter("The request body is not valid JSON: expected an object with the key data");
  const data = body["data"];
  if (data === undefined) return invalidParameter("The parameter data is required");
  if (!Array.isArray(data)) return invalidParameter("Param data must be an array.");
  if (data.length === 0) return invalidParameter("Param data must be a non-empty array.");
  if (data.length > maxEvents) {
    return invalidParameter(`Param data must have at most ${maxEvents} elements: ${data.length} were sent.`);
  }
  return data;
}

/** The first offender's error: the whole request stands or falls with it (Meta, Using the API). */
export function firstOffence(events: readonly unknown[], rules: Rules): GraphError | null {
  for (const [index, event] of events.entries()) {
    const offence = isObject(event)
      ? offenceOf(event, index, rules)
      : atPath(index, [], "must be an object.");
    if (offence !== null) return offence;
  }
  return null;
}

function offenceOf(event: JsonObject, index: number, rules: Rules): GraphError | null {
  const eventId = event["event_id"];
  return (
    shapeOffence(event, index) ??
    rules.ordered(typeof eventId === "string" ? eventId : null) ??
    (Number(event["event_time"]) < rules.now - maxAgeDays * day ? eventError(2804003) : null) ??
    purchaseOffence(event, index) ??
    customerDataOffence(event["user_data"], index)
  );
}

function shapeOffence(event: JsonObject, index: number): GraphError | null {
  for (const key of Object.keys(event)) {
    if (!eventKeys.has(key))
      return invalidParameter(`Unexpected key "${key}" on param "$['data'][${index}]".`);
  }
  if (!isText(event["event_name"])) return atPath(index, ["event_name"], "must be a non-empty string.");
  const time = event["event_time"];
  if (typeof time !== "number" || !Number.isInteger(time) || time < 0 || time >= milliseconds) {
    return atPath(index, ["event_time"], "must be an integer: a Unix timestamp in seconds.");
  }
  if (typeof event["action_source"] !== "string" || !actionSources.has(event["action_source"])) {
    return atPath(index, ["action_source"], `must be one of {${[...actionSources].join(", ")}}.`);
  }
  for (const key of ["event_id", "event_source_url"]) {
    if (key in event && !isText(event[key])) return atPath(index, [key], "must be a non-empty string.");
  }
  if ("custom_data" in event && !isObject(event["custom_data"])) {
    return atPath(index, ["custom_data"], "must be an object.");
  }
  return null;
}

function purchaseOffence(event: JsonObject, index: number): GraphError | null {
  const custom = isObject(event["custom_data"]) ? event["custom_data"] : {};
  const value = custom["value"] ?? null;
  const currency = custom["currency"] ?? null;
  if (event["event_name"] === "Purchase") {
    if (value === null) return eventError(2804009);
    if (currency === null) return eventError(2804010);
  }
  if (value !== null && typeof value !== "number") {
    return atPath(index, ["custom_data", "value"], "must be a number.");
  }
  if (currency !== null && !(typeof currency === "string" && /^[A-Za-z]{3}$/.test(currency))) {
    return atPath(index, ["custom_data", "currency"], "must be an ISO 4217 code of three letters.");
  }
  return null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
