import type { Tracking } from "../sales/customer.js";

/** Whatever the application writes is far below; what is longer is not read, lest a stranger's value fill our memory. */
export const LONGEST_ENTRY = 65_536;
/** No field that Meta takes is longer than a page's address. */
const LONGEST_FIELD = 2_048;

const fields = {
  fbclid: "fbclid",
  fbp: "fbp",
  fbc: "fbc",
  fbcOrigin: "fbc_origin",
  clientIp: "client_ip",
  clientUserAgent: "client_user_agent",
  pageviewEventId: "pageview_event_id",
  eventSourceUrl: "event_source_url",
  firstPage: "first_page",
  landingUrl: "landing_url",
  utmSource: "utm_source",
  utmMedium: "utm_medium",
  utmCampaign: "utm_campaign",
  utmContent: "utm_content",
  utmTerm: "utm_term",
  campaignCode: "campaign_code",
  grim: "grim",
} as const satisfies Record<keyof Tracking, string>;

/** The border for tracking data: texts under known names, and nothing else. Null where the entry has none of them. */
export function readEntry(raw: string): Tracking | null {
  const data = raw.length > LONGEST_ENTRY ? null : objectOf(raw);
  if (data === null) return null;
  const texts = Object.entries(fields).map(([name, field]) => [name, textOf(data[field])] as const);
  if (texts.every(([, text]) => text === null)) return null;
  return Object.fromEntries(texts) as Record<keyof Tracking, string | null>;
}

/** The token that `tracking:fbclid:<fbclid>` holds, bare or as a JSON string. */
export function readPointer(raw: string): string | null {
  const [, token] = /^"?([\w.-]{1,200})"?$/.exec(raw.trim()) ?? [];
  return token ?? null;
}

function objectOf(raw: string): Readonly<Record<string, unknown>> | null {
  try {
    const data: unknown = JSON.parse(raw);
    return typeof data === "object" && data !== null && !Array.isArray(data)
      ? (data as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

/** A text, or a number as one (`utm_term` may look like one). Control characters are no part of any of these fields. */
function textOf(value: unknown): string | null {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || text.trim() === "" || text.length > LONGEST_FIELD) return null;
  return /\p{Cc}/u.test(text) ? null : text;
}
