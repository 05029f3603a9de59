import type { Attempts, Guard, Lease, Written } from "../../../src/ports.js";
import type { Attempt, Row, ShopDouble } from "./shop.js";
import { markOf } from "./shop.js";
import { afterOf, refuse, writtenOf } from "./written.js";

type Sales<Verb extends "revert" | "confirm" | "undo"> = Parameters<Attempts[Verb]>[1];
type Answer = Awaited<ReturnType<Attempts["revert"]>>;
type Becoming = Pick<Row, "flagged" | "flaggedAt" | "metaEventId">;

/** A row as it shall be, and what the journal says of that. */
interface Write {
  readonly row: Row;
  readonly to: Becoming;
  readonly entry: Partial<Attempt> & Pick<Attempt, "effect" | "because">;
}

/** See src/queries/direct.ts. */
export function revertOver(shop: ShopDouble, lease: Lease, sales: Sales<"revert">): Answer {
  shop.hold(lease);
  const writes = sales.flatMap((guard): Write[] => {
    const row = heldRow(shop, guard);
    if (!row?.flagged || mayHaveArrived(shop, row.id)) return [];
    const entry = { effect: "reverted", because: "given back to the application" } as const;
    return [{ row, to: { flagged: false, flaggedAt: null, metaEventId: null }, entry }];
  });
  return { written: write(shop, lease, writes), locked: shop.lockedAmong(sales) };
}

/** See src/queries/direct.ts. */
export function confirmOver(shop: ShopDouble, lease: Lease, sales: Sales<"confirm">): Answer {
  shop.hold(lease);
  const isBorne = ({ id, pageviewEventId: click }: Row, eventId: string) =>
    [...shop.rows.values()].some(
      (other) =>
        other.id !== id &&
        other.metaEventId === eventId &&
        (click === null || other.pageviewEventId !== click),
    );
  const writes = sales.flatMap((guard): Write[] => {
    const row = heldRow(shop, guard);
    const { eventId, origin, pixelId, because = null } = guard;
    if (!row || (because !== null && isBorne(row, eventId))) return [];
    const to = { flagged: true, flaggedAt: row.flaggedAt ?? shop.clock.now(), metaEventId: eventId };
    const words = because ?? "Meta had it already";
    return [{ row, to, entry: { eventId, origin, pixelId, effect: "confirmed", because: words } }];
  });
  return { written: write(shop, lease, writes), locked: shop.lockedAmong(sales) };
}

/** See src/queries/undo.ts. */
export function undoOver(shop: ShopDouble, lease: Lease, sales: Sales<"undo">): Answer {
  shop.hold(lease);
  const writes = sales.flatMap(({ saleId, lastAttempt, from, to: was, because }): Write[] => {
    const row = shop.rows.get(saleId);
    if (row?.status !== "paid" || shop.locked.has(saleId) || shop.lastOf(saleId) !== lastAttempt) return [];
    if (row.flagged !== from.flagged || markOf(row.flaggedAt) !== from.flaggedAt) return [];
    if (row.metaEventId !== from.metaEventId) return [];
    const to = { ...was, flaggedAt: was.flaggedAt === null ? null : Date.parse(was.flaggedAt) };
    const effect = to.metaEventId !== null ? "confirmed" : to.flagged ? "restored" : "reverted";
    return [{ row, to, entry: { metaEventIdBefore: row.metaEventId, effect, because } }];
  });
  return { written: write(shop, lease, writes), locked: shop.lockedAmong(sales) };
}

/** The row, where it still is what was judged. */
function heldRow(shop: ShopDouble, { saleId, mark, lastAttempt }: Guard): Row | null {
  const row = shop.rows.get(saleId);
  const isSame =
    row?.status === "paid" && row.metaEventId === null && markOf(row.flaggedAt) === mark.flaggedAt;
  return isSame && !shop.locked.has(saleId) && shop.lastOf(saleId) === lastAttempt ? row : null;
}

/** An attempt of ours has no answer, and no later acceptance of the same event id settles it. */
function mayHaveArrived(shop: ShopDouble, id: number): boolean {
  const entries = shop.entriesOf(id);
  return entries.some(
    ({ answer, settledAt, eventId }, at) =>
      (answer === "unconfirmed" || (answer === null && settledAt === null)) &&
      !entries.slice(at + 1).some((later) => later.answer === "accepted" && later.eventId === eventId),
  );
}

/** All of them in one statement: where the shop refuses one, none is written. */
function write(shop: ShopDouble, lease: Lease, writes: readonly Write[]): Written[] {
  refuse(
    shop,
    writes.map(({ row }) => row.id),
  );
  const xid = shop.begin();
  return writes
    .toSorted((a, b) => a.row.id - b.row.id)
    .map(({ row, to, entry }) => {
      const before = { flaggedBefore: row.flagged, flaggedAtBefore: row.flaggedAt };
      Object.assign(row, to, { xmin: xid });
      const settledAt = shop.clock.now();
      const made = shop.record(lease, { saleId: row.id, ...before, ...entry, ...afterOf(row), settledAt });
      shop.closeAbandoned(row.id);
      return writtenOf(made, xid);
    });
}
