import type { Sale } from "../../../src/sales/sale.js";
import { attemptsOver } from "../../cast/doubles/attempts.js";
import { LeapingClock } from "../../cast/doubles/clock.js";
import { evidenceOver, runsOver, salesOver } from "../../cast/doubles/reading.js";
import type { Row } from "../../cast/doubles/shop.js";
import { markOf, ShopDouble } from "../../cast/doubles/shop.js";
import { pool } from "../../cast/sales.js";
import type { Side } from "./side.js";
import { at, start } from "./side.js";
import type { Change, RowDraft } from "./story.js";

/** The doubles that simulation and schedules drive. Each call takes a second of their clock. */
export function inMemory(): Side {
  let shop = new ShopDouble(new LeapingClock(start));
  const fresh = () => {
    const clock = new LeapingClock(start);
    shop = new ShopDouble(clock);
    return clock;
  };
  let clock = fresh();
  const later = <Arguments extends unknown[], T>(call: (...given: Arguments) => T) => {
    return (...given: Arguments): T => {
      clock.pass(1_000);
      return call(...given);
    };
  };
  return {
    attempts: {
      claim: later((...given) => attemptsOver(shop).claim(...given)),
      answer: later((...given) => attemptsOver(shop).answer(...given)),
      settle: later((...given) => attemptsOver(shop).settle(...given)),
      close: later((...given) => attemptsOver(shop).close(...given)),
      revert: later((...given) => attemptsOver(shop).revert(...given)),
      confirm: later((...given) => attemptsOver(shop).confirm(...given)),
      undo: later((...given) => attemptsOver(shop).undo(...given)),
      states: later((...given) => attemptsOver(shop).states(...given)),
    },
    evidence: { about: (...given) => evidenceOver(shop).about(...given) },
    sales: {
      now: () => salesOver(shop).now(),
      stuck: (...given) => salesOver(shop).stuck(...given),
      clicks: (...given) => salesOver(shop).clicks(...given),
      sharedClicks: (...given) => salesOver(shop).sharedClicks(...given),
      clicksAfter: (...given) => salesOver(shop).clicksAfter(...given),
      named: (...given) => salesOver(shop).named(...given),
      outside: (...given) => salesOver(shop).outside(...given),
      statement: (...given) => salesOver(shop).statement(...given),
    },
    runs: {
      prepare: () => Promise.resolve(),
      acquire: later((...given) => runsOver(shop).acquire(...given)),
      renew: later((...given) => runsOver(shop).renew(...given)),
      release: later((...given) => runsOver(shop).release(...given)),
    },
    now: () => clock.now(),
    reset: (rows) => {
      clock = fresh();
      for (const row of rows) shop.insert(saleOf(row));
      return Promise.resolve();
    },
    write: (id, change) => Promise.resolve(shop.write(id, columnsOf(change))),
    expire: () => {
      if (shop.lease !== null) shop.lease.expiresAt = clock.now();
      return Promise.resolve();
    },
    during: async (locked, refusing, work) => {
      for (const id of locked) shop.locked.add(id);
      for (const id of refusing) shop.refusing.add(id);
      try {
        return await work();
      } finally {
        shop.locked.clear();
        shop.refusing.clear();
      }
    },
    moment: (mark) => Date.parse(mark),
    journal: () =>
      Promise.resolve(
        shop.journal.map((entry) => ({
          ...entry,
          at: markOf(entry.at),
          settledAt: markOf(entry.settledAt),
          flaggedAtBefore: markOf(entry.flaggedAtBefore),
          flaggedAtClaimed: markOf(entry.flaggedAtClaimed),
          flaggedAtAfter: markOf(entry.flaggedAtAfter),
        })),
      ),
  };
}

function saleOf(row: RowDraft): Partial<Sale> {
  const { id, status, amount, flagged, metaEventId, click } = row;
  return {
    id,
    status,
    amount,
    flagged,
    metaEventId,
    createdAt: at(row.created),
    paidAt: at(row.paid),
    flaggedAt: at(row.flaggedAt),
    pageviewEventId: click,
    pools: [pool({ id: row.pool, pixelId: `pixel_${row.pool}` })],
  };
}

function columnsOf(change: Change): Partial<Row> {
  switch (change.kind) {
    case "refunded":
      return { status: "refunded" };
    case "paid again":
      return { status: "paid" };
    case "flagged anew":
      return { flagged: true, flaggedAt: at(change.at) };
    case "given back":
      return { flagged: false, flaggedAt: null };
    case "confirmed":
      return { metaEventId: change.eventId };
    case "amount":
      return { amount: change.amount };
  }
}
