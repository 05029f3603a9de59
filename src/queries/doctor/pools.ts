import type { PoolFact } from "../../ports.js";
import type { Catalogue } from "../catalogue.js";
import { readCatalogue } from "../catalogue.js";
import type { Tx } from "../database.js";
import { hasPools } from "../pools.js";

interface Row {
  id: string;
  name: string | null;
  pixel: string | null;
  has_token: boolean;
  is_on: boolean;
  is_test: boolean;
  bots: string;
}

/** Every pool with the bots that it serves, and whether it has a token, never the token. Null in a shop without pools. */
export async function readAllPools(tx: Tx): Promise<Omit<PoolFact, "tokenFault">[] | null> {
  const catalogue = await readCatalogue(tx);
  if (!hasPools(catalogue)) return null;
  const text = (name: string) =>
    catalogue.has("redirect_pools", name) ? tx`r.${tx(name)}::text` : tx`null::text`;
  const enabled = catalogue.has("pool_bots", "is_enabled") ? tx`coalesce(pb.is_enabled, true)` : tx`true`;
  const rows = await tx<Row[]>`
    select r.id, left(${text("name")}, 60) as name, nullif(trim(r.meta_pixel_id::text), '') as pixel,
           coalesce(${text("meta_access_token")}, '') <> '' as has_token,
           ${switched(tx, catalogue, "meta_tracking_enabled")} and ${switched(tx, catalogue, "meta_events_purchase")} as is_on,
           coalesce(${text("meta_test_event_code")}, '') <> '' as is_test,
           coalesce((select jsonb_agg(pb.bot_id order by pb.bot_id) from pool_bots pb where pb.pool_id = r.id and ${enabled}), '[]')::text as bots
    from redirect_pools r
    order by r.id`;
  return rows.map((row) => ({
    id: Number(row.id),
    name: row.name,
    pixelId: row.pixel,
    hasToken: row.has_token,
    on: row.is_on,
    testEventCode: row.is_test,
    bots: JSON.parse(row.bots) as number[],
  }));
}

/** A switch that a shop has not got is on; one that is null is off, as it is to the application. */
function switched(tx: Tx, catalogue: Catalogue, column: "meta_tracking_enabled" | "meta_events_purchase") {
  return catalogue.has("redirect_pools", column) ? tx`coalesce(r.${tx(column)}, false)` : tx`true`;
}
