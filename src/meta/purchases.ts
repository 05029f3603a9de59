import type { Lack, Sender, Shipping } from "../ports.js";
import type { Customer, Tracking } from "../sales/customer.js";
import type { Instant, Pool, Sale } from "../sales/sale.js";
import type { GraphClient } from "./client.js";
import type { Credentials } from "./credentials.js";
import { buildPurchase } from "./purchase-event.js";
import { purchaseText } from "./purchase-text.js";
import { purchaseFault, rowFault } from "./purchase-fault.js";
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

/** Sales whose customers are in memory at once while faults are looked for: of 100,000 they were a third of the peak. */
const PART = 5_000;

const GONE = "its row is gone";

/** Builds the Purchase of sales, says what keeps one from being sent, and sends. It alone sees customers and tokens. */
export function openPurchases(sources: PurchaseSources): { shipping: Shipping; sender: Sender } {
  const { credentials, currency } = sources;

  async function readCustomers(sales: readonly Sale[]): Promise<(sale: Sale) => Customer | null> {
    if (sales.length === 0) return () => null;
    const customers = await sources.customers(sales.map(({ id }) => id));
    const tracking = await sources.tracking.of(sales, customers);
    return ({ id }) => {
      const customer = customers.get(id);
      return customer ? { ...customer, tracking: tracking.get(id) ?? null } : null;
    };
  }

  async function build(sales: readonly { sale: Sale; pool: Pool | null; eventId: string }[], now: Instant) {
    const customerOf = await readCustomers(sales.map(({ sale }) => sale));
    return new Map(
      sales.map(({ sale, pool, eventId }) => {
        const customer = customerOf(sale);
        if (!customer) return [sale.id, { fault: GONE }];
        const built = buildPurchase({ sale, customer, pool, eventId, currency, now });
        return [sale.id, "fault" in built ? built : { event: purchaseText(built.event) }];
      }),
    );
  }

  /** All pools at once, so that their tokens are read together. */
  async function tokenFaults(pools: readonly (Pool | null)[]) {
    const ids = [...new Set(pools.flatMap((pool) => (pool?.hasToken ? pool.id : [])))];
    return new Map(await Promise.all(ids.map(async (id) => [id, await credentials.fault(id)] as const)));
  }

  let isReadable = false;

  async function faultsOf(parcels: readonly { sale: Sale; pool: Pool | null }[], now: Instant) {
    const tokens = await tokenFaults(parcels.map(({ pool }) => pool));
    // One at least is read, once: a role that may not is told so before anything is done.
    const unread = parcels.filter(({ sale }, at) => !sale.namesCustomer || (!isReadable && at === 0));
    const customerOf = await readCustomers(unread.map(({ sale }) => sale));
    isReadable ||= unread.length > 0;
    const faults: [number, string][] = [];
    for (const { sale, pool } of parcels) {
      const token = pool === null ? null : (tokens.get(pool.id) ?? null);
      const row = rowFaultOf(sale, customerOf(sale), now);
      const told = [shippingFault(sale, pool), token, row].filter((fault) => fault !== null);
      if (told.length > 0) faults.push([sale.id, told.join("; ")]);
    }
    return faults;
  }

  return {
    shipping: {
      faults: async (parcels, now) => {
        const faults = new Map<number, string>();
        for (let at = 0; at < parcels.length; at += PART) {
          for (const [id, fault] of await faultsOf(parcels.slice(at, at + PART), now)) faults.set(id, fault);
        }
        return faults;
      },
      lacking: (sales) => lack(sales, sources),
    },
    sender: {
      build: (planned, now) =>
        build(
          planned.map(({ judged: { sale, identity } }) => ({
            sale,
            pool: identity.pool,
            eventId: identity.eventId,
          })),
          now,
        ),
      post: async ({ pixelId, pool, testEventCode }, events, once) => {
        const token = await credentials.token(pool);
        const graph = await sources.graph();
        // Nothing but what `build` gave comes back. Not awaited here, where the events would stay until the answer.
        return graph.send({ pixelId, token, events: events as readonly string[], testEventCode, ...once });
      },
    },
  };
}

function rowFaultOf(sale: Sale, customer: Customer | null, now: Instant): string | null {
  if (sale.namesCustomer) return rowFault(sale, now);
  return customer ? purchaseFault({ sale, customer, now }) : GONE;
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
