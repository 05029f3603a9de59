import type { Pool, Sale } from "../sales/sale.js";

/** Meta's numeric id of a pixel. It becomes part of a path, so nothing else may pass. */
export function isPixelId(text: string): boolean {
  return /^\d{1,50}$/.test(text);
}

/** Whether an access token, once decrypted, can stand in an HTTP header: the check for whoever decrypts it. */
export function isAccessToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/**
 * What keeps the pool from sending a sale, in the shop's own columns; null where nothing does. In each of these
 * cases the application sends nothing either. A shop without pools (`sale.pools` is null) uses the configured pixel.
 */
export function shippingFault(sale: Sale, pool: Pool | null | undefined): string | null {
  if (sale.pools === null) return null;
  if (!pool && sale.pools.length > 0)
    return "no enabled pool of its bot has the pixel of its earlier attempt";
  if (!pool) return `bot ${sale.botId} (${sale.botName}) is in no enabled pool: add it to pool_bots`;
  const row = `redirect_pools ${pool.id}`;
  if (!pool.trackingEnabled) return `${row}: meta_tracking_enabled is off`;
  if (!pool.purchaseEnabled) return `${row}: meta_events_purchase is off`;
  if (pool.pixelId === null || pool.pixelId === "") return `${row}: meta_pixel_id is empty`;
  if (!isPixelId(pool.pixelId)) return `${row}: meta_pixel_id is not a number`;
  return pool.hasToken ? null : `${row}: meta_access_token is empty`;
}
