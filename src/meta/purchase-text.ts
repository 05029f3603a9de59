import { jsonText } from "./json-text.js";
import type { CustomData, PurchaseEvent } from "./purchase-event.js";
import type { UserData } from "./user-data.js";

/**
 * A Purchase as it goes over the wire: JSON without a key that has no value, since Meta's rules know a missing key, but no
 * null. Written by hand, because digests and numbers need no escaping: JSON.stringify took 3.2 µs an event, this 1.1.
 */
export function purchaseText(event: PurchaseEvent): string {
  const json =
    `{"event_name":"${event.event_name}","action_source":"${event.action_source}","event_time":${event.event_time},` +
    '"event_id":' +
    jsonText(event.event_id) +
    text(',"event_source_url":', event.event_source_url) +
    ',"user_data":' +
    userDataText(event.user_data) +
    ',"custom_data":' +
    customDataText(event.custom_data) +
    "}";
  // What `+` makes is a tree of its parts, which the collector walks while the batch lives (a tenth of the time of
  // sending). To look into it makes one flat text of it.
  json.charCodeAt(0);
  return json;
}

/** `user_data` by itself. */
export function userDataText(user: UserData): string {
  const others =
    list(',"em":["', user.em) +
    list(',"ph":["', user.ph) +
    list(',"fn":["', user.fn) +
    list(',"ln":["', user.ln) +
    list(',"ge":["', user.ge) +
    list(',"ct":["', user.ct) +
    list(',"st":["', user.st) +
    list(',"country":["', user.country) +
    text(',"client_ip_address":', user.client_ip_address) +
    text(',"client_user_agent":', user.client_user_agent) +
    verbatim(',"fbp":"', user.fbp) +
    verbatim(',"fbc":"', user.fbc);
  // Most have an id, so that no comma has to be cut off.
  const id = list('{"external_id":["', user.external_id);
  return id === "" ? `{${others.slice(1)}}` : `${id}${others}}`;
}

function customDataText(custom: CustomData): string {
  return (
    '{"currency":' +
    jsonText(custom.currency) +
    `,"value":${custom.value},"content_type":"${custom.content_type}","content_category":"${custom.content_category}"` +
    `,"num_items":${custom.num_items}` +
    list(',"content_ids":["', custom.content_ids) +
    text(',"content_name":', custom.content_name) +
    text(',"utm_source":', custom.utm_source) +
    text(',"utm_medium":', custom.utm_medium) +
    text(',"utm_campaign":', custom.utm_campaign) +
    text(',"utm_content":', custom.utm_content) +
    text(',"utm_term":', custom.utm_term) +
    text(',"campaign_code":', custom.campaign_code) +
    "}"
  );
}

function text(key: string, value: string | undefined): string {
  return value === undefined ? "" : key + jsonText(value);
}

/** What a pattern let pass, in which there is no sign that JSON would have to escape. */
function verbatim(key: string, value: string | undefined): string {
  return value === undefined ? "" : `${key}${value}"`;
}

/** Digests, or ids that are numbers. */
function list(key: string, values: readonly string[]): string {
  if (values.length === 0) return "";
  return `${key}${values.length === 1 ? values[0] : values.join('","')}"]`;
}
