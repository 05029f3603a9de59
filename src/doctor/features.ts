/** What a column must be able to hold, by PostgreSQL's own names of types. */
export type Kind = "id" | "text" | "truth" | "moment" | "money";

const types: Readonly<Record<Kind, RegExp>> = {
  id: /^(integer|bigint|smallint)$/,
  text: /^(character varying|character|text|citext)\b/,
  truth: /^boolean$/,
  moment: /^timestamp\b/,
  money: /^(double precision|real|numeric|integer|bigint|smallint)\b/,
};

/** A column, and what is lost without it. */
export interface Need {
  readonly table: string;
  readonly column: string;
  readonly kind: Kind;
  /** Which commands or parts of them need it. */
  readonly feature: string;
  /** `must`: nothing works without; `should`: sales are left for want of it; `may`: something stands in for it. */
  readonly need: "must" | "should" | "may";
  readonly without: string;
}

const every = "every command that reads sales";
const nothing = "no sale can be found";

function must(table: string, column: string, kind: Kind): Need {
  return { table, column, kind, feature: every, need: "must", without: nothing };
}

function need(where: string, kind: Kind, level: "should" | "may", feature: string, without: string): Need {
  const [table = "", column = ""] = where.split(".");
  return { table, column, kind, need: level, feature, without };
}

/** The columns of docs/schema.md whose absence or type changes what is done, each with the feature that needs it. */
export const needs: readonly Need[] = [
  must("payments", "id", "id"),
  must("payments", "payment_id", "text"),
  must("payments", "status", "text"),
  must("payments", "bot_id", "id"),
  must("payments", "meta_purchase_sent", "truth"),
  must("payments", "meta_purchase_sent_at", "moment"),
  must("payments", "meta_event_id", "text"),
  must("payments", "created_at", "moment"),
  must("bots", "id", "id"),
  must("bots", "name", "text"),
  need("payments.amount", "money", "should", "resend", "every sale is unsendable, and its money counts as 0"),
  need("payments.pageview_event_id", "text", "should", "resend", "no earlier event id is known: untraceable"),
  need("payments.paid_at", "moment", "may", "deadlines, event_time", "created_at stands in"),
  need("payments.updated_at", "moment", "may", "the age of a flag without time", "paid_at stands in"),
  need(
    "payments.purchase_sent_from_delivery",
    "truth",
    "may",
    "resend, revert",
    "every sale is treated as if the browser's pixel may have reported it",
  ),
  need("payments.customer_email", "text", "may", "resend", "events match less"),
  need("payments.customer_phone", "text", "may", "resend", "events match less"),
  need("redirect_pools.meta_access_token", "text", "should", "resend", "every sale of a pool is unsendable"),
  need("redirect_pools.meta_tracking_enabled", "truth", "may", "resend", "every pool counts as switched on"),
  need("redirect_pools.meta_events_purchase", "truth", "may", "resend", "every pool counts as switched on"),
  need("pool_bots.is_enabled", "truth", "may", "resend", "every pool of a bot counts"),
];

/** Does a type hold what the column is for? An enumeration serves as text; its name is the shop's own. */
export function fits(kind: Kind, type: string, isStatus: boolean): boolean {
  return types[kind].test(type) || (isStatus && !Object.values(types).some((one) => one.test(type)));
}

/** Columns that are used where they exist, beside those above: each must then be readable. */
export const used: Readonly<Record<string, readonly string[]>> = {
  payments: [
    "pool_id",
    "product_name",
    "customer_user_id",
    "customer_name",
    "customer_city",
    "customer_state",
    "customer_country",
    "customer_gender",
    "is_upsell",
    "is_downsell",
    "is_remarketing",
    "fbp",
    "fbc",
    "fbclid",
    "tracking_token",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "campaign_code",
  ],
  bots: ["username"],
  redirect_pools: ["id", "name", "slug", "meta_pixel_id", "meta_test_event_code"],
  pool_bots: ["pool_id", "bot_id"],
  bot_users: ["bot_id", "telegram_user_id", "ip_address", "user_agent", "external_id", "tracking_session_id"],
};

/** The three columns of the shop that are ever written. */
export const written = ["meta_purchase_sent", "meta_purchase_sent_at", "meta_event_id"] as const;
