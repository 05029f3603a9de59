/** A moment, in milliseconds since 1970-01-01 UTC. */
export type Instant = number;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A row of `redirect_pools`, as far as it may be shown: whether it has a token, never the token. */
export interface Pool {
  readonly id: number;
  readonly name: string | null;
  readonly slug: string | null;
  readonly pixelId: string | null;
  readonly hasToken: boolean;
  /** `meta_tracking_enabled`; a missing column counts as on, as the application then has no such switch. */
  readonly trackingEnabled: boolean;
  /** `meta_events_purchase`; likewise. */
  readonly purchaseEnabled: boolean;
  /** Where set, Meta counts the event as a test event: never in place of a dry run. */
  readonly testEventCode: string | null;
}

/**
 * A row of `payments`, without anything about the customer. Columns that the shop does not have are null.
 * Personal data travels in `Customer` (src/meta), so that nothing that prints a sale can print a person.
 */
export interface Sale {
  readonly id: number;
  readonly paymentId: string;
  readonly botId: number;
  readonly botName: string;
  readonly botUsername: string | null;
  readonly status: string;
  /** Decimal text such as `97.00`; null where the row has none, `NaN` where the row says so. */
  readonly amount: string | null;
  readonly createdAt: Instant | null;
  readonly paidAt: Instant | null;
  readonly updatedAt: Instant | null;
  /** `meta_purchase_sent`. */
  readonly flagged: boolean;
  /** `meta_purchase_sent_at`. */
  readonly flaggedAt: Instant | null;
  /** The same and `amount`, to the last digit and as PostgreSQL prints them: what guarded writes compare. */
  readonly mark: { readonly flaggedAt: string | null; readonly amount: string | null };
  readonly metaEventId: string | null;
  readonly pageviewEventId: string | null;
  /** `purchase_sent_from_delivery`: the browser's pixel may have fired. Null where the shop does not say. */
  readonly sentFromDelivery: boolean | null;
  /**
   * The row names its customer by a Telegram id (which is not read here): enough for Meta, whatever else is known. To read
   * 100,000 customers and forget them again was half of the time of a find.
   */
  readonly namesCustomer?: boolean;
  /**
   * The pools that could take the event, the chosen one first: the payment's own, or the enabled pools of its
   * bot by id. Null where the shop has no pools at all (then the configured pixel takes it).
   */
  readonly pools: readonly Pool[] | null;
}

/** Stuck is what the incident report's query finds: paid, flagged as sent, and without Meta's confirmation. */
export function isStuck(sale: Sale): boolean {
  return sale.status === "paid" && sale.flagged && sale.metaEventId === null;
}

/** When the customer paid: the `event_time` of the Purchase. */
export function paidMoment(sale: Sale): Instant | null {
  return sale.paidAt ?? sale.createdAt;
}
