import type { Lack, Sender, Shipping } from "../ports.js";
import type { Customer, Tracking } from "../sales/customer.js";
import type { Pool, Sale } from "../sales/sale.js";
import type { GraphClient } from "./client.js";
import type { Credentials } from "./credentials.js";
import { buildPurchase, purchaseFault } from "./purchase-event.js";
import { shippingFault } from "./shipping.js";

/** The application's tracking data of sales. Empty until the application's Redis is read. */
export interface TrackingReader {
  of(sales: readonly Sale[], customers: ReadonlyMap<number, Customer>): Promise<Map<number, Tracking>>;
}

export const noTracking: TrackingReader = { of: async () => new Map() };

export interface PurchaseSources {
  readonly customers: (sales: readonly number[]) => Promise<Map<number, Customer>>;
  readonly tracking: TrackingReader;
  readonly credentials: Credentials;
  /** Opened by the first request: a command that sends nothing loads no HTTP client. */
  readonly graph: () => Promise<GraphClient>;
  readonly pixelId: string | null;
  readonly currency: string;
}

/** Builds the Purchase of sales, says what keeps one from being sent, and sends. It alone sees customers and tokens. */
export function openPurchases(sources: PurchaseSources): { shipping: Shipping; sender: Sender } {
  const { credentials, currency } = sources;

  /** Something of each sale, made with all that is known of its customer. */
  async function withCustomers<Parcel extends { readonly sale: Sale }, Made>(
    parcels: readonly Parcel[],
    make: (parcel: Parcel, customer: Customer) => Made,
  ): Promise<Map<number, Made | { fault: string }>> {
    const customers = await sources.customers(parcels.map(({ sale }) => sale.id));
    const tracking = await sources.tracking.of(
      parcels.map(({ sale }) => sale),
      customers,
    );
    return new Map<number, Made | { fault: string }>(
      parcels.map((parcel) => {
        const { id } = parcel.sale;
        const customer = customers.get(id);
        if (!customer) return [id, { fault: "its row is gone" }];
        return [id, make(parcel, { ...customer, tracking: tracking.get(id) ?? null })];
      }),
    );
  }

  /** All pools at once, so that their tokens are read together. */
  async function tokenFaults(pools: readonly (Pool | null)[]) {
    const ids = [...new Set(pools.flatMap((pool) => (pool?.hasToken ? pool.id : [])))];
    return new Map(await Promise.all(ids.map(async (id) => [id, await credentials.fault(id)] as const)));
  }

  return {
    shipping: {
      faults: async (parcels, now) => {
        const found = await withCustomers(parcels, (parcel, customer) => ({
          fault: purchaseFault({ ...parcel, customer, currency, now }),
        }));
        const tokens = await tokenFaults(parcels.map(({ pool }) => pool));
        const faults = new Map<number, string>();
        for (const { sale, pool } of parcels) {
          const token = pool === null ? null : (tokens.get(pool.id) ?? null);
          const list = [shippingFault(sale, pool), token, found.get(sale.id)?.fault ?? null];
          const told = list.filter((fault) => fault !== null);
          if (told.length > 0) faults.set(sale.id, told.join("; "));
        }
        return faults;
      },
      lacking: (sales) => lack(sales, sources),
    },
    sender: {
      build: (planned, now) =>
        withCustomers(
          planned.map(({ judged }) => judged),
          ({ identity: { pool, eventId }, sale }, customer) =>
            buildPurchase({ sale, customer, pool, eventId, currency, now }),
        ),
      post: async ({ pixelId, pool, testEventCode }, events, once) => {
        const token = await credentials.token(pool);
        return await (await sources.graph()).send({ pixelId, token, events, testEventCode, ...once });
      },
    },
  };
}

/** What this invocation lacks is no fault of the shop's rows: it is told once, and no verdict. */
function lack(sales: readonly Sale[], { credentials, pixelId }: PurchaseSources): Lack | null {
  if (sales.some((sale) => sale.pools === null) && pixelId === null) {
    return {
      what: "this shop has no pools (redirect_pools, pool_bots), and no pixel is configured",
      next: "set META_PIXEL_ID and META_ACCESS_TOKEN (or META_ACCESS_TOKEN_FILE)",
    };
  }
  return sales.some((sale) => sale.pools?.some((pool) => pool.hasToken)) ? credentials.lack : null;
}
