import type { BotUser, Customer, PaymentCustomer, Tracking } from "../../src/sales/customer.js";
import type { Pool, Sale } from "../../src/sales/sale.js";

const noCampaign = {
  utmSource: null,
  utmMedium: null,
  utmCampaign: null,
  utmContent: null,
  utmTerm: null,
  campaignCode: null,
};
const noClick = { fbp: null, fbc: null, fbclid: null };
const nowhere = { customerCity: null, customerState: null, customerCountry: null, customerGender: null };

/** A customer about whom nothing is known but what is given. */
export function customer(
  payment: Partial<PaymentCustomer> = {},
  botUser: Partial<BotUser> | null = null,
  tracking: Partial<Tracking> | null = null,
): Customer {
  return {
    payment: {
      customerUserId: null,
      customerName: null,
      customerEmail: null,
      customerPhone: null,
      productName: null,
      isUpsell: null,
      isDownsell: null,
      isRemarketing: null,
      trackingToken: null,
      ...noCampaign,
      ...noClick,
      ...nowhere,
      ...payment,
    },
    botUser: botUser && {
      telegramUserId: null,
      ipAddress: null,
      userAgent: null,
      externalId: null,
      trackingSessionId: null,
      ...noCampaign,
      ...noClick,
      ...nowhere,
      ...botUser,
    },
    tracking: tracking && {
      fbcOrigin: null,
      clientIp: null,
      clientUserAgent: null,
      pageviewEventId: null,
      eventSourceUrl: null,
      firstPage: null,
      landingUrl: null,
      grim: null,
      ...noCampaign,
      ...noClick,
      ...tracking,
    },
  };
}

export const pool: Pool = {
  id: 7,
  name: "Pool A",
  slug: "red1",
  pixelId: "1234567890",
  hasToken: true,
  trackingEnabled: true,
  purchaseEnabled: true,
  testEventCode: null,
};

/** Sale 9445: R$ 97.00, paid on 20 November 2025 at 13:31:15.900 UTC. */
export const PAID_AT = Date.UTC(2025, 10, 20, 13, 31, 15, 900);

export const sale: Sale = {
  id: 9445,
  paymentId: "BOT19_1763607031_ab12cd",
  botId: 19,
  botName: "Loja da Ana",
  botUsername: "lojadaana_bot",
  status: "paid",
  amount: "97.00",
  createdAt: PAID_AT - 60_000,
  paidAt: PAID_AT,
  updatedAt: PAID_AT,
  flagged: true,
  flaggedAt: PAID_AT + 1000,
  mark: { flaggedAt: "2025-11-20 10:31:16.9", amount: "97" },
  metaEventId: null,
  pageviewEventId: "pageview_3f",
  sentFromDelivery: false,
  pools: [pool],
};
