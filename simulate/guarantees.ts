import { HOUR } from "../src/sales/sale.js";
import { ACCEPTED_FOR } from "../src/sales/verdict.js";
import type { Copy } from "./ledger.js";
import { countedOf, grouped } from "./ledger.js";
import type { Played } from "./play.js";
import type { Schedule } from "./schedule.js";

/** What a played schedule must not show, in words; empty where all guarantees hold. */
export function violations(schedule: Schedule, played: Played): string[] {
  return [
    ...countsTwice(schedule, played),
    ...lostWithoutProof(played),
    ...unrecorded(played),
    ...untrueRows(played),
    ...unfinished(schedule, played),
  ];
}

/** A task or a page's pixel that comes so long after our copy counts again, whoever was first: risk R3, which is stated. */
const LATE = 48 * HOUR;
const nameOf = ({ saleId, eventId, at }: Copy) => `${saleId}|${eventId}|${at}`;

/** I1, where Meta folds: no more are counted than there are sales, or than the application alone had made of them. */
function countsTwice({ world: { sales } }: Schedule, { world }: Played): string[] {
  const theirs = new Set(world.app.copies.map(nameOf));
  const ours = world.graph.ledger.filter((copy) => !theirs.has(nameOf(copy)));
  const groups = grouped(sales, ({ id, click, pixelId }) => `${pixelId}|${click ?? id}`);
  return [...groups.values()].flatMap((group) => {
    const ids = new Set(group.map(({ id }) => id));
    const of = (copies: readonly Copy[]) => copies.filter(({ saleId }) => ids.has(saleId));
    const sent = ours.filter(({ saleId }) => ids.has(saleId));
    const since = Math.min(...sent.map(({ at }) => at));
    const first = Math.min(...of(world.graph.ledger).map(({ at }) => at));
    // A page that is opened days later doubles even what went well: that is the application's own, with us or without.
    const isInTime = ({ at, browser }: Copy) => at < (browser === true ? first : since) + LATE;
    const inTime = of(world.app.copies).filter(isInTime);
    const alone = countedOf(inTime.filter(({ afterRevert }) => afterRevert !== true)).length;
    const count = countedOf([...inTime, ...sent]).length;
    if (count <= Math.max(group.length, alone)) return [];
    return [`sale ${[...ids].join(" and ")}: counted ${count} times, ${alone} without us (I1)`];
  });
}

/** I1, where Meta folds no server copies: what was sent or given back as proven lost had not arrived by any task, and never did. */
function lostWithoutProof({ world, provenLost }: Played): string[] {
  const arrived = world.app.copies.filter(
    ({ saleId, afterRevert, browser }) => provenLost.has(saleId) && !afterRevert && !browser,
  );
  return [...new Set(arrived.map(({ saleId }) => saleId))].map(
    (id) => `sale ${id}: called lost, and the application's own copy reached Meta (I1 without folding)`,
  );
}

/** I4: every event that left was on record, and a sale has one attempt without an end at most, whoever ran. */
function unrecorded({ world: { graph, shop } }: Played): string[] {
  const open = grouped(
    shop.journal.filter(({ settledAt }) => settledAt === null),
    ({ saleId }) => saleId,
  );
  const several = [...open].filter(([, attempts]) => attempts.length > 1);
  return [
    ...graph.unclaimed.map((event) => `sent without an attempt on record: ${event} (I4)`),
    ...several.map(([id]) => `sale ${id}: two attempts without an end (I4)`),
  ];
}

/** No id stands in a row that Meta does not have, and nothing too old was sent (I6). */
function untrueRows({ world: { graph, shop } }: Played): string[] {
  const known = new Set(graph.ledger.map(({ eventId }) => eventId));
  const untrue = [...shop.rows.values()].filter(
    ({ metaEventId }) => metaEventId !== null && !known.has(metaEventId),
  );
  const old = graph.requests.flatMap(({ sales, at }) =>
    sales.filter((id) => at - (shop.read(id).paidAt ?? 0) >= ACCEPTED_FOR),
  );
  return [
    ...untrue.map(({ id, metaEventId }) => `sale ${id}: confirmed as ${metaEventId}, which Meta never had`),
    ...old.map((id) => `sale ${id}: sent when it was too old (I6)`),
  ];
}

/** I2: the clean run brings what it tries to its end, and tells of every sale that it leaves. */
function unfinished(schedule: Schedule, { last, world }: Played): string[] {
  const unfit = new Set(schedule.world.sales.filter((sale) => sale.unfit).map(({ id }) => id));
  const failed = last.outcomes.filter(({ id, effect }) => effect !== "confirmed" && !unfit.has(id));
  const told = new Set([...last.outcomes, ...last.left].map(({ id }) => id));
  const isStuck = (id: number) => {
    const row = world.shop.read(id);
    return row.status === "paid" && row.flagged && row.metaEventId === null;
  };
  const before = schedule.world.sales.filter(({ id }) => world.shop.rows.has(id) && isStuck(id));
  // A visit after the last run may flag a sale that was none of its business.
  const forgotten = before.filter(
    ({ id }) => !told.has(id) && (world.shop.read(id).flaggedAt ?? 0) < world.lastRun,
  );
  return [
    ...failed.map(
      ({ id, answer, effect }) => `sale ${id}: ${answer}, ${effect} in a run that met no trouble (I2)`,
    ),
    ...forgotten.map(({ id }) => `sale ${id}: stuck, and no word of it (I2)`),
  ];
}
