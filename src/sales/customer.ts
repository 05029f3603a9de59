/*
 * Everything personal about one sale that its Purchase event needs, as raw text of the shop's own columns. Never
 * printed, journalled or put into an error: `Sale` is what may be shown. `customer_document` (CPF or CNPJ) is
 * missing on purpose: it never leaves the database.
 */

/** The advertisement that the customer came from: told by payments, bot_users and tracking data alike. */
export interface Campaign {
  readonly utmSource: string | null;
  readonly utmMedium: string | null;
  readonly utmCampaign: string | null;
  readonly utmContent: string | null;
  readonly utmTerm: string | null;
  readonly campaignCode: string | null;
}

/** The click, as the browser and Meta's pixel named it. */
export interface Click {
  readonly fbp: string | null;
  readonly fbc: string | null;
  readonly fbclid: string | null;
}

/** Columns that both payments and bot_users may have; mostly empty. */
export interface Whereabouts {
  readonly customerCity: string | null;
  readonly customerState: string | null;
  readonly customerCountry: string | null;
  readonly customerGender: string | null;
}

/** The personal columns of the row of `payments`. */
export interface PaymentCustomer extends Campaign, Click, Whereabouts {
  /** The Telegram user id, sometimes with the prefix `user_`. */
  readonly customerUserId: string | null;
  readonly customerName: string | null;
  readonly customerEmail: string | null;
  readonly customerPhone: string | null;
  readonly productName: string | null;
  readonly isUpsell: boolean | null;
  readonly isDownsell: boolean | null;
  readonly isRemarketing: boolean | null;
  /** Key of the tracking data in Redis, where bot_users has none. */
  readonly trackingToken: string | null;
}

/** The row of `bot_users` of the same bot and Telegram user. */
export interface BotUser extends Campaign, Click, Whereabouts {
  readonly telegramUserId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** The click id in the form that the redirect stored. */
  readonly externalId: string | null;
  /** Key of the tracking data in Redis. */
  readonly trackingSessionId: string | null;
}

/** What the redirect page put into Redis for 24 hours. */
export interface Tracking extends Campaign, Click {
  /** `cookie`, `generated_from_fbclid` or `synthetic`. */
  readonly fbcOrigin: string | null;
  readonly clientIp: string | null;
  readonly clientUserAgent: string | null;
  readonly pageviewEventId: string | null;
  readonly eventSourceUrl: string | null;
  readonly firstPage: string | null;
  readonly landingUrl: string | null;
  /** The redirect's own name for the campaign code. */
  readonly grim: string | null;
}

/** The customer of one sale, by the three places that may know something. Columns the shop does not have are null. */
export interface Customer {
  readonly payment: PaymentCustomer;
  readonly botUser: BotUser | null;
  readonly tracking: Tracking | null;
}
