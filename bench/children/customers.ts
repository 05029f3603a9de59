import { createHash } from "node:crypto";
import type { Customer } from "../../src/sales/customer.js";
import type { Sale } from "../../src/sales/sale.js";

/** What both senders are given about the n-th sale: plain columns, as they stand in the shop. */
export interface Raw {
  readonly eventId: string;
  readonly seconds: number;
  readonly value: number;
  readonly email: string;
  readonly phone: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly telegramId: string;
  readonly ip: string;
  readonly browser: string;
  readonly product: string;
}

const paid = Math.floor(Date.now() / 1000) - 5 * 3_600;

const common = [
  "Maria",
  "José",
  "Ana",
  "João",
  "Antônio",
  "Francisca",
  "Carlos",
  "Paulo",
  "Luíza",
  "Lucas",
  "Pedro",
];

export function rawOf(n: number): Raw {
  return {
    eventId: `pageview_${createHash("md5").update(String(n)).digest("hex")}`,
    seconds: paid - (n % 3_600),
    value: (1990 + (n % 20_000)) / 100,
    email: `cliente${n}@example.com`,
    phone: `+5511${900_000_000 + (n % 99_999_999)}`,
    // Three customers in four bear one of a few names, as in life: the product remembers the digests of such names.
    firstName: n % 4 === 0 ? `Cliente${n}` : (common[n % common.length] ?? ""),
    lastName: `Número${n}`,
    telegramId: String(7_000_000_000 + n),
    ip: "203.0.113.7",
    browser: "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
    product: "Curso de música",
  };
}

/** The same as the product reads it. Written out, since spreading the empty fields took a fifth of the time of sending. */
export function customerOf(raw: Raw): Customer {
  return {
    payment: {
      utmSource: null,
      utmMedium: null,
      utmCampaign: null,
      utmContent: null,
      utmTerm: null,
      campaignCode: null,
      fbp: null,
      fbc: null,
      fbclid: null,
      customerCity: null,
      customerState: null,
      customerCountry: null,
      customerGender: null,
      customerUserId: `user_${raw.telegramId}`,
      customerName: `${raw.firstName} ${raw.lastName}`,
      customerEmail: raw.email,
      customerPhone: raw.phone,
      productName: raw.product,
      isUpsell: null,
      isDownsell: null,
      isRemarketing: null,
      trackingToken: null,
    },
    botUser: {
      utmSource: null,
      utmMedium: null,
      utmCampaign: null,
      utmContent: null,
      utmTerm: null,
      campaignCode: null,
      fbp: null,
      fbc: null,
      fbclid: null,
      customerCity: null,
      customerState: null,
      customerCountry: null,
      customerGender: null,
      telegramUserId: raw.telegramId,
      ipAddress: raw.ip,
      userAgent: raw.browser,
      externalId: null,
      trackingSessionId: null,
    },
    tracking: null,
  };
}

export function saleOf(raw: Raw, id: number): Sale {
  const at = raw.seconds * 1000;
  return {
    id,
    paymentId: `BOT1_${id}`,
    botId: 1,
    botName: "Bot 1",
    botUsername: "bot_1",
    status: "paid",
    amount: raw.value.toFixed(2),
    createdAt: at - 180_000,
    paidAt: at,
    updatedAt: at + 120_000,
    flagged: true,
    flaggedAt: at + 120_000,
    mark: { flaggedAt: null, amount: null },
    metaEventId: null,
    pageviewEventId: raw.eventId,
    sentFromDelivery: false,
    pools: [pool],
  };
}

export const pool = {
  id: 1,
  name: "Pool 1",
  slug: "pool-1",
  pixelId: "410000000000001",
  hasToken: true,
  trackingEnabled: true,
  purchaseEnabled: true,
  testEventCode: null,
};
