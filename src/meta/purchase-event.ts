import type { Campaign, Customer } from "../sales/customer.js";
import type { Instant, Pool, Sale } from "../sales/sale.js";
import { present } from "./present.js";
import { eventMoment, faultOf, money } from "./purchase-fault.js";
import { buildUserData, enoughCustomerData, type UserData } from "./user-data.js";

/** `custom_data` of the Purchase: keys without a value are missing, never null. */
export interface CustomData {
  readonly currency: string;
  readonly value: number;
  readonly content_type: "product";
  readonly content_ids?: readonly string[];
  readonly content_name?: string;
  readonly content_category: "initial" | "upsell" | "downsell" | "remarketing";
  readonly num_items: 1;
  readonly utm_source?: string;
  readonly utm_medium?: string;
  readonly utm_campaign?: string;
  readonly utm_content?: string;
  readonly utm_term?: string;
  readonly campaign_code?: string;
}

/** The event as it goes over the wire. It holds the customer's address and browser: never printed. */
export interface PurchaseEvent {
  readonly event_name: "Purchase";
  /** Unix seconds. */
  readonly event_time: number;
  readonly event_id: string;
  readonly action_source: "website";
  readonly event_source_url?: string;
  readonly user_data: UserData;
  readonly custom_data: CustomData;
}

export interface PurchaseInput {
  readonly sale: Sale;
  readonly customer: Customer;
  /** The pool that takes the event; null where the shop has none and the configured pixel takes it. */
  readonly pool: Pool | null;
  readonly eventId: string;
  /** ISO 4217, as `BRL`. */
  readonly currency: string;
  /** Public address of the shop, whose `/go/<slug>` pages sell. Without it the bot's own address stands in. */
  readonly siteUrl?: string | null;
  readonly now: Instant;
}

function category({
  isUpsell,
  isDownsell,
  isRemarketing,
}: Customer["payment"]): CustomData["content_category"] {
  if (isUpsell === true) return "upsell";
  if (isDownsell === true) return "downsell";
  return isRemarketing === true ? "remarketing" : "initial";
}

const filled = (text: string | null | undefined): text is string =>
  text !== null && text !== undefined && text.trim() !== "";

function isWebAddress(text: string | null | undefined): text is string {
  return filled(text) && /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** Where the sale was made: the page of the click, the pool's page, or (the application's last resort) the bot. */
function sourceUrl({ sale, customer: { tracking }, pool, siteUrl }: PurchaseInput): string | undefined {
  const page = [tracking?.eventSourceUrl, tracking?.firstPage, tracking?.landingUrl].find(isWebAddress);
  if (page !== undefined) return page;
  if (filled(siteUrl) && filled(pool?.slug)) {
    return `${siteUrl.replace(/\/+$/, "")}/go/${encodeURIComponent(pool.slug)}`;
  }
  return filled(sale.botUsername) ? `https://t.me/${sale.botUsername.replace(/^@/, "")}` : undefined;
}

function customData(input: PurchaseInput, value: number): CustomData {
  const { payment, tracking, botUser } = input.customer;
  const from = (key: keyof Campaign) => {
    if (filled(tracking?.[key])) return tracking[key];
    return filled(payment[key]) ? payment[key] : botUser?.[key];
  };
  return {
    currency: input.currency,
    value,
    content_type: "product",
    content_category: category(payment),
    num_items: 1,
    ...present({
      content_ids: input.pool === null ? [] : [String(input.pool.id)],
      content_name: payment.productName,
      utm_source: from("utmSource"),
      utm_medium: from("utmMedium"),
      utm_campaign: from("utmCampaign"),
      utm_content: from("utmContent"),
      utm_term: from("utmTerm"),
      campaign_code: [tracking?.campaignCode, tracking?.grim].find(filled) ?? from("campaignCode"),
    }),
  };
}

/**
 * The Purchase of a sale, as the application would send it, or what has to be mended in the shop's rows first.
 * Whether the sale may be sent at all (expired, in flight, delivered) is the verdict's business.
 */
export function buildPurchase(input: PurchaseInput): { event: PurchaseEvent } | { fault: string } {
  const moment = eventMoment(input.sale, input.now);
  const value = money(input.sale.amount);
  const userData = buildUserData(input.customer);
  const isEnough = enoughCustomerData(userData);
  if (typeof moment === "object" || typeof value === "object" || !isEnough) {
    return { fault: faultOf(moment, value, isEnough) };
  }
  return {
    event: {
      event_name: "Purchase",
      event_time: Math.floor(moment / 1000),
      event_id: input.eventId,
      action_source: "website",
      ...present({ event_source_url: sourceUrl(input) }),
      user_data: userData,
      custom_data: customData(input, value),
    },
  };
}
