import type { Attempts, Lease } from "../ports.js";
import { LeaseLost } from "../ports.js";
import { answer } from "./answer.js";
import type { Catalogue } from "./catalogue.js";
import { ownTables, readCatalogue } from "./catalogue.js";
import type { Fragment } from "./columns.js";
import { columnsOf, isZoned } from "./columns.js";
import { claim } from "./claim.js";
import type { Database, Tx } from "./database.js";
import { confirm, revert } from "./direct.js";
import { list } from "./list.js";
import { byKey } from "./plans.js";
import { close, settle } from "./settle.js";
import { undo } from "./undo.js";

/** How this shop's columns are written and compared. */
export interface Shape {
  /** `p.amount` as text, or null where there is no such column. */
  readonly amount: Fragment;
  /** The present moment, in the kind of time that `meta_purchase_sent_at` holds. */
  readonly now: Fragment;
  /** Reads a flag time's text back as the column's own type. */
  flagTime(text: Fragment): Fragment;
  /** The same as a moment. */
  flagInstant(text: Fragment): Fragment;
  /** Fits an event id into the column: `pageview_event_id` may be longer than `meta_event_id`; the journal keeps all of it. */
  eventId(text: Fragment): Fragment;
  /** The shop keeps page views' ids. */
  readonly clicks: boolean;
  /** The journal has a place for what kept a sale from being confirmed. */
  readonly causes: boolean;
}

/**
 * The shop's rows and our journal, changed together: the only writes of the product. Each call is one short transaction
 * that holds a share of the lease row, so that a run which lost its lease writes nothing.
 * Of the shop's columns, only meta_purchase_sent, meta_purchase_sent_at and meta_event_id are ever set.
 */
export function openAttempts(database: Database, timeZone: string): Attempts {
  const held = <T>(lease: Lease, work: (tx: Tx, shape: Shape) => Promise<T>) =>
    database.write(async (tx) => {
      // Sent together: what needs no parameters goes without another turn.
      const [catalogue] = await Promise.all([readCatalogue(tx), byKey(tx), hold(tx, lease)]);
      return await work(tx, shapeOf(tx, catalogue, timeZone));
    });
  return {
    claim: (lease, claims) => held(lease, (tx, shape) => claim(tx, shape, lease, claims)),
    answer: async (lease, settlements) => {
      const open = await database.write(async (tx) => {
        const [own] = await Promise.all([ownTables(tx), byKey(tx)]);
        return await answer(tx, lease, settlements, { blames: own.has("acknowledgement") });
      });
      // Only after the commit: what was written stays.
      if (open < settlements.length)
        throw new LeaseLost(`run ${lease.run}: its attempts were settled by another run`);
    },
    close: (lease, attempts, because) =>
      database.write(async (tx) => {
        await hold(tx, lease);
        return await close(tx, lease, attempts, because);
      }),
    settle: (lease, settlements) => held(lease, (tx, shape) => settle(tx, shape, lease, settlements)),
    revert: (lease, sales) => held(lease, (tx, shape) => revert(tx, shape, lease, sales)),
    confirm: (lease, sales) => held(lease, (tx, shape) => confirm(tx, shape, lease, sales)),
    undo: (lease, sales) => held(lease, (tx, shape) => undo(tx, shape, lease, sales)),
    states: (ids) =>
      database.read(async (tx) => {
        const catalogue = await readCatalogue(tx);
        const { amount } = shapeOf(tx, catalogue, timeZone);
        const last = catalogue.journal
          ? tx`(select max(a.id) from purchase_fix.attempt a where a.sale_id = p.id)`
          : tx`null::text`;
        const rows = await tx<
          {
            id: string;
            status: string | null;
            flagged: boolean | null;
            meta_event_id: string | null;
            at: string | null;
            amount: string | null;
            last: string | null;
          }[]
        >`
          select p.id, p.status::text as status, p.meta_purchase_sent as flagged, p.meta_event_id,
                 p.meta_purchase_sent_at::text as at, ${amount} as amount,
                 ${last} as last
          from payments p
          where p.id = any(${list(tx, "bigint", ids)})`;
        return new Map(
          rows.map(({ id, status, flagged, meta_event_id: metaEventId, at, amount: sum, last }) => {
            return [
              Number(id),
              {
                status: status ?? "null",
                flagged: flagged === true,
                metaEventId,
                mark: { flaggedAt: at, amount: sum },
                lastAttempt: last,
              },
            ];
          }),
        );
      }),
  };
}

/**
 * The fencing: a key share of the lease row is held until commit, so that a successor's take-over (which locks the row
 * for update) waits for it or comes first. No more than a key share: shares that overlap without a gap would keep the
 * run's own renewal waiting until the lease is gone.
 */
export async function hold(tx: Tx, lease: Lease): Promise<void> {
  const rows = await tx`
    select token from purchase_fix.lease
    where name = 'run' and token = ${lease.token}::bigint and expires_at > clock_timestamp()
    for key share`;
  if (rows.length === 0) throw new LeaseLost(`run ${lease.run} lost its lease`);
}

function shapeOf(tx: Tx, catalogue: Catalogue, timeZone: string): Shape {
  const zoned = isZoned(catalogue, "payments", "meta_purchase_sent_at");
  const flagType = tx.unsafe(zoned ? "timestamptz" : "timestamp");
  const idType = tx.unsafe(catalogue.type("payments", "meta_event_id") ?? "text");
  return {
    amount: columnsOf(tx, catalogue, "payments", "p", timeZone).text("amount"),
    now: zoned ? tx`clock_timestamp()` : tx`(clock_timestamp() at time zone ${timeZone})`,
    flagTime: (text) => tx`(${text})::${flagType}`,
    flagInstant: (text) =>
      zoned ? tx`(${text})::timestamptz` : tx`((${text})::timestamp at time zone ${timeZone})`,
    eventId: (text) => tx`(${text})::${idType}`,
    clicks: catalogue.has("payments", "pageview_event_id"),
    causes: catalogue.unattended,
  };
}
