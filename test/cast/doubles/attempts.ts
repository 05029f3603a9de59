import type { Attempts, Claim, Lease, Settlement, Written } from "../../../src/ports.js";
import { LeaseLost } from "../../../src/ports.js";
import type { Attempt, Row, ShopDouble } from "./shop.js";
import { markOf } from "./shop.js";
import { afterOf, refuse, writtenOf } from "./written.js";
import { confirmOver, revertOver, undoOver } from "./direct.js";

/**
 * The writes of src/queries over the rows in memory: the same guards, the same answers. test/queries/doubles.test.ts
 * plays both side by side.
 */
export function attemptsOver(shop: ShopDouble): Attempts {
  return {
    claim: (lease, claims) => later(() => claim(shop, lease, claims)),
    answer: (lease, settlements) => later(() => answer(shop, lease, settlements)),
    settle: (lease, settlements) => later(() => settle(shop, lease, settlements)),
    close: (lease, attempts, because) => later(() => close(shop, lease, attempts, because)),
    revert: (lease, sales) => later(() => revertOver(shop, lease, sales)),
    confirm: (lease, sales) => later(() => confirmOver(shop, lease, sales)),
    undo: (lease, sales) => later(() => undoOver(shop, lease, sales)),
    states: (ids) =>
      later(() => {
        const found = ids.flatMap((id) => shop.rows.get(id) ?? []);
        return new Map(
          found.map(({ id, status, flagged, metaEventId, flaggedAt, amount }) => {
            const mark = { flaggedAt: markOf(flaggedAt), amount };
            return [id, { status, flagged, metaEventId, mark, lastAttempt: shop.lastOf(id) }];
          }),
        );
      }),
  };
}

async function later<T>(work: () => T): Promise<T> {
  await Promise.resolve();
  return work();
}

function claim(
  shop: ShopDouble,
  lease: Lease,
  claims: readonly Claim[],
): Awaited<ReturnType<Attempts["claim"]>> {
  const { rows, clock } = shop;
  shop.hold(lease);
  const xid = shop.begin();
  const hasRival = ({ siblings, eventId }: Claim) =>
    siblings.some((id) => rows.get(id)?.metaEventId === eventId);
  const fit = claims.filter((one) => fits(shop, one) && !hasRival(one));
  refuse(
    shop,
    fit.filter(({ takeBack }) => takeBack).map(({ saleId }) => saleId),
  );
  const missed = claims.filter((one) => !fit.includes(one));
  const claimed = fit
    .toSorted((a, b) => a.saleId - b.saleId)
    .map(({ saleId, eventId, origin, pixelId, takeBack, metaEventId }) => {
      const row = rows.get(saleId) as Row;
      shop.closeAbandoned(saleId);
      const before = {
        flaggedBefore: !takeBack,
        flaggedAtBefore: row.flaggedAt,
        metaEventIdBefore: metaEventId,
      };
      if (takeBack) Object.assign(row, { flagged: true, flaggedAt: clock.now(), xmin: xid });
      const flaggedAtClaimed = row.flaggedAt;
      const { id } = shop.record(lease, { saleId, eventId, origin, pixelId, ...before, flaggedAtClaimed });
      return { saleId, attempt: id, flaggedAt: markOf(row.flaggedAt) };
    });
  const locks = shop.lockedAmong(missed).map((saleId) => ({ saleId, by: "lock" as const }));
  const rivals = missed.filter(hasRival).map(({ saleId }) => ({ saleId, by: "sibling" as const }));
  return { claimed, hindered: [...locks, ...rivals] };
}

function fits(
  shop: ShopDouble,
  { saleId, mark, metaEventId, takeBack, before, lastAttempt }: Claim,
): boolean {
  const row = shop.rows.get(saleId);
  return (
    row !== undefined &&
    !shop.locked.has(saleId) &&
    row.status === "paid" &&
    row.metaEventId === metaEventId &&
    row.flagged !== takeBack &&
    markOf(row.flaggedAt) === mark.flaggedAt &&
    row.amount === mark.amount &&
    shop.clock.now() < before &&
    shop.lastOf(saleId) === lastAttempt
  );
}

function answer(shop: ShopDouble, { run }: Lease, settlements: readonly Settlement[]): void {
  let open = 0;
  for (const one of settlements) {
    const entry = shop.journal[Number(one.attempt) - 1];
    if (entry?.run !== run) continue;
    const isOpen = entry.settledAt === null;
    if (!isOpen && (entry.answer !== "unconfirmed" || one.answer !== "accepted")) continue;
    const { answer: given, because, blame } = one;
    Object.assign(entry, { answer: given, because, blame, events: settlements.length });
    open += Number(isOpen);
  }
  if (open < settlements.length) throw new LeaseLost(`run ${run}: settled by another run`);
}

function settle(
  shop: ShopDouble,
  lease: Lease,
  settlements: readonly Settlement[],
): Awaited<ReturnType<Attempts["settle"]>> {
  const { rows, clock } = shop;
  shop.hold(lease);
  const xid = shop.begin();
  const open = settlements.map(({ attempt, revert }) => {
    const entry = openEntry(shop, lease, attempt);
    const row = rows.get(entry.saleId);
    const moves = entry.answer === "accepted" || revert;
    // Nothing follows from an answer that is not on record.
    const isHeld = moves ? row !== undefined && shop.locked.has(row.id) : entry.answer === null;
    return { entry, row, moves, isHeld };
  });
  const able = open.filter(({ isHeld }) => !isHeld);
  refuse(
    shop,
    able.filter(({ entry, row, moves }) => moves && becomes(row, entry)).map(({ entry }) => entry.saleId),
  );
  const written = able.map(({ entry, row, moves }) => {
    const becoming = moves ? becomes(row, entry) : null;
    if (row && becoming) Object.assign(row, becoming, { xmin: xid });
    const left = moves && !isKept(row, entry) ? "overtaken" : "kept";
    const effect = becoming === null ? left : becoming.metaEventId === null ? "reverted" : "confirmed";
    // A sale that was taken back and kept stays flagged, by our claim.
    const kept = entry.flaggedBefore ? {} : { flaggedAfter: true, flaggedAtAfter: entry.flaggedAtClaimed };
    Object.assign(entry, { effect, settledAt: clock.now() }, becoming ? afterOf(row) : kept);
    return writtenOf(entry, becoming ? xid : null);
  });
  return { written, locked: open.filter(({ isHeld }) => isHeld).map(({ entry }) => entry.saleId) };
}

/** What an answer makes of the row; null where the row is no longer what was claimed. See src/queries/settle.ts. */
function becomes(
  row: Row | undefined,
  { answer: given, eventId, flaggedAtClaimed }: Attempt,
): Pick<Row, "flagged" | "flaggedAt" | "metaEventId"> | null {
  if (row?.status !== "paid") return null;
  const same = row.flaggedAt === flaggedAtClaimed;
  if (given === "accepted") {
    const fit = row.metaEventId === eventId || (row.metaEventId === null && (!row.flagged || same));
    return fit ? { flagged: true, flaggedAt: row.flaggedAt ?? flaggedAtClaimed, metaEventId: eventId } : null;
  }
  const isStuck = row.flagged && row.metaEventId === null;
  return isStuck && same ? { flagged: false, flaggedAt: null, metaEventId: null } : null;
}

/** It bears the id that it had when it was claimed. */
function isKept(row: Row | undefined, { metaEventIdBefore }: Attempt): boolean {
  return metaEventIdBefore !== null && row?.status === "paid" && row.metaEventId === metaEventIdBefore;
}

function close(shop: ShopDouble, lease: Lease, attempts: readonly string[], because: string): Written[] {
  shop.hold(lease);
  return attempts.flatMap((attempt) => {
    const entry = shop.journal[Number(attempt) - 1];
    if (entry?.run !== lease.run || entry.settledAt !== null) return [];
    const told = [entry.because, because].filter((words) => words !== null).join("; ");
    Object.assign(entry, { effect: "overtaken", settledAt: shop.clock.now(), because: told });
    return [{ ...writtenOf(entry, null), because }];
  });
}

/** @throws LeaseLost for one that another run has settled */
function openEntry({ journal }: ShopDouble, { run }: Lease, attempt: string): Attempt {
  const entry = journal[Number(attempt) - 1];
  if (!entry || entry.run !== run || entry.settledAt !== null)
    throw new LeaseLost(`run ${run}: settled by another run`);
  return entry;
}
