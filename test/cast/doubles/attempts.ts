import type { Attempts, Claim, Guard, Lease, Settlement, Written } from "../../../src/ports.js";
import { WriteRefused } from "../../../src/errors.js";
import { LeaseLost } from "../../../src/ports.js";
import type { Attempt, Row, ShopDouble } from "./shop.js";
import { markOf } from "./shop.js";

/** The writes of src/queries over the rows in memory: the same guards, the same answers. */
export function attemptsOver(shop: ShopDouble): Attempts {
  const { rows, journal, clock } = shop;
  const later = async <T>(work: () => T): Promise<T> => {
    await Promise.resolve();
    return work();
  };
  const enter = (lease: Lease, entry: Partial<Attempt> & Pick<Attempt, "saleId">): Attempt => {
    const made: Attempt = {
      id: String(journal.length + 1),
      run: lease.run,
      command: shop.commandOf(lease.run),
      eventId: null,
      pixelId: null,
      at: clock.now(),
      flaggedAtBefore: null,
      flaggedAtClaimed: null,
      answer: null,
      effect: null,
      because: null,
      settledAt: null,
      blame: null,
      events: null,
      ...entry,
    };
    shop.enter(made);
    return made;
  };
  const isLast = ({ saleId, lastAttempt }: Guard) =>
    (shop.entriesOf(saleId).at(-1)?.id ?? null) === lastAttempt;
  const isFree = ({ saleId }: Pick<Guard, "saleId">) => !shop.locked.has(saleId);
  const lockedOf = (guards: readonly Guard[]) =>
    guards.filter((guard) => rows.has(guard.saleId) && !isFree(guard)).map(({ saleId }) => saleId);
  const hasRival = ({ siblings, eventId }: Claim) =>
    siblings.some((id) => rows.get(id)?.metaEventId === eventId);
  const fits = (row: Row | undefined, claim: Claim): row is Row =>
    isSame(row, claim) && isLast(claim) && !hasRival(claim);
  const isSame = (row: Row | undefined, { mark, takeBack, before }: Claim): boolean =>
    row !== undefined &&
    !shop.locked.has(row.id) &&
    row.status === "paid" &&
    row.metaEventId === null &&
    row.flagged !== takeBack &&
    markOf(row.flaggedAt) === mark.flaggedAt &&
    row.amount === mark.amount &&
    clock.now() < before;

  return {
    claim: (lease, claims) =>
      later(() => {
        shop.hold(lease);
        const xid = shop.begin();
        const fit = claims.filter((claim) => fits(rows.get(claim.saleId), claim));
        refuse(
          shop,
          fit.filter(({ takeBack }) => takeBack).map(({ saleId }) => saleId),
        );
        const missed = claims.filter((claim) => !fit.includes(claim));
        const claimed = fit
          .toSorted((a, b) => a.saleId - b.saleId)
          .map(({ saleId, eventId, pixelId, takeBack }) => {
            const row = rows.get(saleId) as Row;
            for (const open of shop.entriesOf(saleId).filter((entry) => entry.settledAt === null))
              Object.assign(open, {
                answer: open.answer ?? "unconfirmed",
                effect: "kept",
                settledAt: clock.now(),
                because: open.because ?? "its run ended",
              });
            const flaggedAtBefore = row.flaggedAt;
            if (takeBack) Object.assign(row, { flagged: true, flaggedAt: clock.now(), xmin: xid });
            const flaggedAtClaimed = row.flaggedAt;
            const { id } = enter(lease, { saleId, eventId, pixelId, flaggedAtBefore, flaggedAtClaimed });
            return { saleId, attempt: id, flaggedAt: markOf(row.flaggedAt) };
          });
        const locks = lockedOf(missed).map((saleId) => ({ saleId, by: "lock" as const }));
        const rivals = missed.filter(hasRival).map(({ saleId }) => ({ saleId, by: "sibling" as const }));
        return { claimed, hindered: [...locks, ...rivals] };
      }),
    answer: (lease, settlements) =>
      later(() => {
        for (const { attempt, answer, because, blame } of settlements) {
          const entry = shop.journal[Number(attempt) - 1];
          if (entry?.run !== lease.run) continue;
          if (entry.settledAt === null || (entry.answer === "unconfirmed" && answer === "accepted"))
            Object.assign(entry, { answer, because, blame, events: settlements.length });
        }
        for (const { attempt } of settlements) openEntry(shop, lease, attempt);
      }),
    settle: (lease, settlements) =>
      later(() => {
        shop.hold(lease);
        const xid = shop.begin();
        const open = settlements.map((one) => [openEntry(shop, lease, one.attempt), one] as const);
        refuse(
          shop,
          open
            .filter(([entry, { revert }]) => entry.answer === "accepted" || revert)
            .map(([entry]) => entry.saleId),
        );
        const isHeld = ([entry, { revert }]: (typeof open)[number]) =>
          shop.locked.has(entry.saleId) && rows.has(entry.saleId) && (entry.answer === "accepted" || revert);
        const done = open
          .filter((one) => !isHeld(one))
          .map(([entry, settlement]) => {
            const effect = settleRow(rows.get(entry.saleId), entry, settlement, xid);
            Object.assign(entry, { effect, settledAt: clock.now() });
            return written(
              entry,
              rows.get(entry.saleId),
              effect === "confirmed" || effect === "reverted" ? xid : null,
            );
          });
        return { written: done, locked: open.filter(isHeld).map(([entry]) => entry.saleId) };
      }),
    close: (lease, attempts, because) =>
      later(() => {
        shop.hold(lease);
        return attempts.map((attempt) => {
          const entry = openEntry(shop, lease, attempt);
          const told = `${entry.because}; ${because}`;
          Object.assign(entry, { effect: "overtaken", settledAt: clock.now(), because: told });
          return { ...written(entry, undefined, null), because };
        });
      }),
    revert: (lease, sales) =>
      later(() => {
        shop.hold(lease);
        const xid = shop.begin();
        refuse(
          shop,
          sales.map(({ saleId }) => saleId),
        );
        const done = sales.flatMap((guard) => {
          const row = rows.get(guard.saleId);
          if (!row || !isFree(guard) || !isStuck(row) || !isLast(guard)) return [];
          if (markOf(row.flaggedAt) !== guard.mark.flaggedAt) return [];
          const entry = enter(lease, {
            saleId: guard.saleId,
            flaggedAtBefore: row.flaggedAt,
            effect: "reverted",
            settledAt: clock.now(),
          });
          Object.assign(row, { flagged: false, flaggedAt: null, xmin: xid });
          return [written(entry, row, xid)];
        });
        return { written: done, locked: lockedOf(sales) };
      }),
    confirm: (lease, sales) =>
      later(() => {
        shop.hold(lease);
        const xid = shop.begin();
        const done = sales.flatMap((guard) => {
          const { saleId, mark, eventId, pixelId } = guard;
          const row = rows.get(saleId);
          if (
            !row ||
            !isFree(guard) ||
            !isLast(guard) ||
            row.status !== "paid" ||
            row.metaEventId !== null ||
            markOf(row.flaggedAt) !== mark.flaggedAt
          )
            return [];
          const flaggedAtBefore = row.flaggedAt;
          const entry = enter(lease, {
            saleId,
            eventId,
            pixelId,
            flaggedAtBefore,
            effect: "confirmed",
            settledAt: clock.now(),
          });
          Object.assign(row, {
            flagged: true,
            flaggedAt: row.flaggedAt ?? clock.now(),
            metaEventId: eventId,
            xmin: xid,
          });
          return [written(entry, row, xid)];
        });
        return { written: done, locked: lockedOf(sales) };
      }),
    undo: (lease, sales) =>
      later(() => {
        shop.hold(lease);
        const xid = shop.begin();
        refuse(
          shop,
          sales.map(({ saleId }) => saleId),
        );
        const done = sales.flatMap(({ saleId, lastAttempt, from, to, because }) => {
          const row = rows.get(saleId);
          const last = shop.entriesOf(saleId).at(-1)?.id ?? null;
          if (row?.status !== "paid" || shop.locked.has(saleId) || last !== lastAttempt) return [];
          const is = [row.flagged, markOf(row.flaggedAt), row.metaEventId];
          const was = [from.flagged, from.flaggedAt, from.metaEventId];
          if (is.some((value, at) => value !== was[at])) return [];
          const effect = to.metaEventId !== null ? "confirmed" : to.flagged ? "restored" : "reverted";
          const settledAt = clock.now();
          const flaggedAtBefore = row.flaggedAt;
          const entry = enter(lease, { saleId, flaggedAtBefore, effect, because, settledAt });
          const flaggedAt = to.flaggedAt === null ? null : Date.parse(to.flaggedAt);
          Object.assign(row, { flagged: to.flagged, flaggedAt, metaEventId: to.metaEventId, xmin: xid });
          return [written(entry, row, xid)];
        });
        const missed = sales.map(({ saleId }) => saleId).filter((id) => shop.locked.has(id));
        return { written: done, locked: missed };
      }),
    states: (ids) =>
      later(() => {
        const found = ids.flatMap((id) => rows.get(id) ?? []);
        return new Map(
          found.map(({ id, status, flagged, metaEventId, flaggedAt, amount }) => [
            id,
            {
              status,
              flagged,
              metaEventId,
              mark: { flaggedAt: markOf(flaggedAt), amount },
              lastAttempt: shop.entriesOf(id).at(-1)?.id ?? null,
            },
          ]),
        );
      }),
  };
}

/** @throws WriteRefused as PostgreSQL refuses a statement for one of its rows */
function refuse({ refusing }: ShopDouble, ids: readonly number[]): void {
  if (ids.some((id) => refusing.has(id)))
    throw new WriteRefused({ what: "The database refused the write", why: "payments_check" });
}

/** @throws LeaseLost for one that another run has settled */
function openEntry({ journal }: ShopDouble, { run }: Lease, attempt: string): Attempt {
  const entry = journal[Number(attempt) - 1];
  if (!entry || entry.run !== run || entry.settledAt !== null)
    throw new LeaseLost(`run ${run}: settled by another run`);
  return entry;
}

const isStuck = (row: Row) => row.status === "paid" && row.flagged && row.metaEventId === null;

/** What an answer does to the row; see src/queries/settle.ts. */
function settleRow(
  row: Row | undefined,
  entry: Attempt,
  { revert }: Settlement,
  xmin: number,
): Attempt["effect"] {
  const same = row !== undefined && row.flaggedAt === entry.flaggedAtClaimed;
  if (entry.answer === "accepted") {
    const fits = row?.metaEventId === entry.eventId || (row?.metaEventId === null && (!row.flagged || same));
    if (row?.status !== "paid" || !fits) return "overtaken";
    const flaggedAt = row.flaggedAt ?? entry.flaggedAtClaimed;
    Object.assign(row, { flagged: true, flaggedAt, metaEventId: entry.eventId, xmin });
    return "confirmed";
  }
  if (!revert) return "kept";
  if (!row || !isStuck(row) || !same) return "overtaken";
  Object.assign(row, { flagged: false, flaggedAt: null, xmin });
  return "reverted";
}

function written(entry: Attempt, row: Row | undefined, xid: number | null): Written {
  const shown = xid === null ? undefined : row;
  return {
    saleId: entry.saleId,
    attempt: entry.id,
    effect: entry.effect ?? "kept",
    xid: xid === null ? null : String(xid),
    flagged: shown?.flagged ?? null,
    flaggedAt: markOf(shown?.flaggedAt ?? null),
    metaEventId: shown?.metaEventId ?? null,
  };
}
