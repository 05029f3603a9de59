import type { Pool } from "../sales/sale.js";
import type { Catalogue } from "./catalogue.js";
import type { Tx } from "./database.js";

interface PoolRow {
  bot_id: string | null;
  id: string;
  name: string | null;
  slug: string | null;
  meta_pixel_id: string | null;
  has_token: boolean;
  meta_tracking_enabled: boolean | null;
  meta_events_purchase: boolean | null;
  meta_test_event_code: string | null;
}

const none: readonly Pool[] = [];

/** Where a sale's event may go: its bot, and its own pool where `payments.pool_id` names one. */
export interface Place {
  readonly botId: number;
  readonly poolId: number | null;
}

/** Which pools could take a sale's event: its own (`payments.pool_id`), else the enabled ones of its bot by id. */
export interface Pools {
  of(sale: Place): readonly Pool[] | null;
}

/** Reads the pools of these sales, whether they have a token, never the token. Null for all in a shop without pools. */
export async function readPools(tx: Tx, catalogue: Catalogue, sales: readonly Place[]): Promise<Pools> {
  if (!hasPools(catalogue)) return { of: () => null };
  const bots = [...new Set(sales.map((sale) => sale.botId))];
  const own = [...new Set(sales.map((sale) => sale.poolId).filter((id) => id !== null))];
  const column = (name: string) => (catalogue.has("redirect_pools", name) ? tx`r.${tx(name)}` : tx`null`);
  const rows = await tx<PoolRow[]>`
    select l.bot_id, r.id, ${column("name")} as name, ${column("slug")} as slug, r.meta_pixel_id,
           coalesce(${column("meta_access_token")}, '') <> '' as has_token,
           ${column("meta_tracking_enabled")}::boolean as meta_tracking_enabled,
           ${column("meta_events_purchase")}::boolean as meta_events_purchase,
           ${column("meta_test_event_code")}::text as meta_test_event_code
    from redirect_pools r
    left join (
      select pb.bot_id, pb.pool_id from pool_bots pb
      where ${catalogue.has("pool_bots", "is_enabled") ? tx`coalesce(pb.is_enabled, true)` : tx`true`}
        and pb.bot_id in (select value::bigint from jsonb_array_elements_text(${tx.json(bots)}::jsonb))
    ) l on l.pool_id = r.id
    where l.bot_id is not null
       or r.id in (select value::bigint from jsonb_array_elements_text(${tx.json(own)}::jsonb))
    order by r.id`;
  const byBot = new Map<number, Pool[]>();
  const byId = new Map<number, readonly Pool[]>();
  for (const row of rows) {
    const pool = poolOf(row, catalogue);
    // A list for all its sales, instead of one for each.
    byId.set(pool.id, [pool]);
    if (row.bot_id === null) continue;
    const bot = Number(row.bot_id);
    byBot.set(bot, [...(byBot.get(bot) ?? []), pool]);
  }
  return {
    of: ({ botId, poolId }) => {
      const own = poolId === null ? undefined : byId.get(poolId);
      return own ?? byBot.get(botId) ?? none;
    },
  };
}

export function hasPools(catalogue: Catalogue): boolean {
  const needed = ["id", "meta_pixel_id"].every((column) => catalogue.has("redirect_pools", column));
  return needed && catalogue.has("pool_bots", "pool_id") && catalogue.has("pool_bots", "bot_id");
}

function poolOf(row: PoolRow, catalogue: Catalogue): Pool {
  // A shop without the switch sends always; a switch that is null is off, as it is to the application.
  const isOn = (column: "meta_tracking_enabled" | "meta_events_purchase") =>
    catalogue.has("redirect_pools", column) ? row[column] === true : true;
  return {
    id: Number(row.id),
    name: row.name,
    slug: row.slug,
    pixelId: row.meta_pixel_id === null || row.meta_pixel_id.trim() === "" ? null : row.meta_pixel_id.trim(),
    hasToken: row.has_token,
    trackingEnabled: isOn("meta_tracking_enabled"),
    purchaseEnabled: isOn("meta_events_purchase"),
    testEventCode: row.meta_test_event_code || null,
  };
}

/** The encrypted access tokens of pools, as the shop stores them. They go to the credentials and nowhere else. */
export async function encryptedTokens(
  tx: Tx,
  pools: readonly number[],
): Promise<ReadonlyMap<number, string | null>> {
  const rows = await tx<{ id: string; token: string | null }[]>`
    select id, meta_access_token as token from redirect_pools
    where id in (select value::bigint from jsonb_array_elements_text(${tx.json(pools)}::jsonb))`;
  return new Map(rows.map(({ id, token }) => [Number(id), token]));
}
