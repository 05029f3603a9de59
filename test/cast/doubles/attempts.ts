import type { Attempts, Claim, Lease, Settlement, Written } from "../../../src/ports.js";
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
      ...entry,
    };
    shop.enter(made);
    return made;
  };
  const fits = (row: Row | undefined, { mark, takeBack, before }: Claim): row is Row =>
    row !== undefined &&
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
        return claims
          .filter((claim) => fits(rows.get(claim.saleId), claim))
          .toSorted((a, b) => a.saleId - b.saleId)
          .map(({ saleId, eventId, pixelId, takeBack }) => {
            const row = rows.get(saleId) as Row;
            for (const open of shop.entriesOf(saleId).filter((entry) => entry.settledAt === null))
              Object.assign(open, {
                answer: "unconfirmed",
                effect: "kept",
                settledAt: clock.now(),
                because: "its run ended",
              });
            const flaggedAtBefore = row.flaggedAt;
            if (takeBack) Object.assign(row, { flagged: true, flaggedAt: clock.now(), xmin: xid });
            const flaggedAtClaimed = row.flaggedAt;
            const { id } = enter(lease, { saleId, eventId, pixelId, flaggedAtBefore, flaggedAtClaimed });
            return { saleId, attempt: id, flaggedAt: markOf(row.flaggedAt) };
          });
      }),
    settle: (lease, settlements) =>
      later(() => {
        shop.hold(lease);
        const open = settlements.map((settlement) => {
          const entry = journal[Number(settlement.attempt) - 1];
          if (!entry || entry.run !== lease.run || entry.settledAt !== null)
            throw new LeaseLost(`run ${lease.run}: settled by another run`);
          return [entry, settlement] as const;
        });
        const xid = shop.begin();
        return open.map(([entry, settlement]) => {
          const effect = settleRow(rows.get(entry.saleId), entry, settlement, xid);
          const { answer, because } = settlement;
          Object.assign(entry, { answer, because, effect, settledAt: clock.now() });
          return written(
            entry,
            rows.get(entry.saleId),
            effect === "confirmed" || effect === "reverted" ? xid : null,
          );
        });
      }),
    revert: (lease, sales) =>
      later(() => {
        shop.hold(lease);
        const xid = shop.begin();
        return sales.flatMap(({ saleId, mark }) => {
          const row = rows.get(saleId);
          const entries = shop.entriesOf(saleId);
          const open = entries.some(
            ({ settledAt, answer, eventId }, at) =>
              (settledAt === null || answer === "unconfirmed") &&
              !entries
                .slice(at + 1)
                .some((later) => later.answer === "accepted" && later.eventId === eventId),
          );
          if (!row || !isStuck(row) || markOf(row.flaggedAt) !== mark.flaggedAt || open) return [];
          const entry = enter(lease, {
            saleId,
            flaggedAtBefore: row.flaggedAt,
            effect: "reverted",
            settledAt: clock.now(),
          });
          Object.assign(row, { flagged: false, flaggedAt: null, xmin: xid });
          return [written(entry, row, xid)];
        });
      }),
    confirm: (lease, sales) =>
      later(() => {
        shop.hold(lease);
        const xid = shop.begin();
        return sales.flatMap(({ saleId, mark, eventId, pixelId }) => {
          const row = rows.get(saleId);
          if (
            !row ||
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
      }),
    states: (ids) =>
      later(() => {
        const found = ids.flatMap((id) => rows.get(id) ?? []);
        return new Map(
          found.map(({ id, status, flagged, metaEventId, flaggedAt, amount }) => [
            id,
            { status, flagged, metaEventId, mark: { flaggedAt: markOf(flaggedAt), amount } },
          ]),
        );
      }),
  };
}

const isStuck = (row: Row) => row.status === "paid" && row.flagged && row.metaEventId === null;

/** What an answer does to the row; see src/queries/settle.ts. */
function settleRow(
  row: Row | undefined,
  entry: Attempt,
  { answer, revert }: Settlement,
  xmin: number,
): Attempt["effect"] {
  const same = row !== undefined && row.flaggedAt === entry.flaggedAtClaimed;
  if (answer === "accepted") {
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
