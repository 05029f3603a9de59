import type { EvidenceReader, Runs, SalesReader, Span, StuckSales, Witness } from "../../../src/ports.js";
import type { JournalRow } from "../../../src/queries/attempt-rows.js";
import { evidenceOf } from "../../../src/queries/evidence.js";
import type { SiblingRow } from "../../../src/queries/siblings.js";
import { siblingOf } from "../../../src/queries/siblings.js";
import { mayShareEvent } from "../../../src/sales/click.js";
import type { Instant, Sale } from "../../../src/sales/sale.js";
import { isStuck } from "../../../src/sales/sale.js";
import { restrained } from "../../../src/queries/restraints.js";
import type { Attempt, ShopDouble } from "./shop.js";
import { markOf } from "./shop.js";

/** Few, so that most worlds have several. */
const PAGE = 3;

export function inPages(newest: readonly Sale[]): StuckSales {
  return {
    count: newest.length,
    async *pages(order = "newest first") {
      const sorted = order === "newest first" ? newest : newest.toReversed();
      for (let at = 0; at < sorted.length; at += PAGE) yield sorted.slice(at, at + PAGE);
    },
  };
}

export function salesOver(shop: ShopDouble): SalesReader {
  const all = () => [...shop.rows.keys()].map((id) => shop.read(id));
  const isReverted = ({ id, status, flagged, metaEventId }: Sale) =>
    status === "paid" && !flagged && metaEventId === null && shop.entriesOf(id).at(-1)?.effect === "reverted";
  const openIn = ({ since, until }: Span) => {
    const inSpan = ({ createdAt }: Sale) =>
      createdAt !== null && createdAt >= since && (until === null || createdAt < until);
    return all().filter((sale) => inSpan(sale) && (isStuck(sale) || isReverted(sale)));
  };
  return {
    now: () => Promise.resolve(shop.clock.now()),
    stuck: (span) => {
      const newest = openIn(span).toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0) || b.id - a.id);
      return Promise.resolve(inPages(newest));
    },
    clicks: (span) =>
      Promise.resolve(new Set(openIn(span).flatMap(({ pageviewEventId }) => pageviewEventId ?? []))),
    sharedClicks: (span) => {
      const bearers = (click: string | null) => all().filter((sale) => sale.pageviewEventId === click).length;
      const clicks = openIn(span).flatMap(({ pageviewEventId }) => pageviewEventId ?? []);
      const newest = all().reduce((most, { id }) => Math.max(most, id), 0);
      return Promise.resolve({ clicks: new Set(clicks.filter((click) => bearers(click) > 1)), newest });
    },
    clicksAfter: (id) =>
      Promise.resolve(new Set(all().flatMap((sale) => (sale.id > id ? (sale.pageviewEventId ?? []) : [])))),
    named: (names) => {
      const found = all().flatMap((sale) =>
        [String(sale.id), sale.paymentId]
          .filter((name) => names.includes(name))
          .map((name) => [name, sale] as const),
      );
      return Promise.resolve(new Map(found));
    },
    outside: () => Promise.resolve({ count: 0, amount: "0.00", expiringSoon: 0 }),
    statement: () => Promise.resolve("select 1;"),
  };
}

/** As src/queries/evidence.ts tells it, and by its own functions: only the reading of rows is ours. */
export function evidenceOver(shop: ShopDouble): EvidenceReader {
  return {
    about: (sales, now) => {
      const byClick = new Map<string, number[]>();
      for (const { id, pageviewEventId: click } of shop.rows.values())
        if (click !== null) byClick.set(click, [...(byClick.get(click) ?? []), id]);
      const siblingsOf = (sale: Sale) =>
        (byClick.get(sale.pageviewEventId ?? "") ?? [])
          .filter((id) => id !== sale.id)
          .map((id) => shop.read(id))
          .map((other) => siblingOf(siblingRow(other), journalOf(shop, other.id), other.pools, now))
          .filter(({ pixels }) => mayShareEvent(sale, pixels ?? null));
      const { released, acknowledged } = shop;
      const words = { released, acknowledged };
      return Promise.resolve(
        new Map(
          sales.map((sale) => {
            const rows = journalOf(shop, sale.id);
            return [sale.id, restrained(evidenceOf(rows, siblingsOf(sale)), rows, sale.id, words)];
          }),
        ),
      );
    },
  };
}

const asText = (at: Instant | null) => (at === null ? null : String(at));

function journalOf(shop: ShopDouble, id: number): JournalRow[] {
  return shop.entriesOf(id).map((entry) => ({
    id: entry.id,
    sale_id: String(entry.saleId),
    command: commandOf(entry),
    run_id: entry.run,
    event_id: entry.eventId,
    event_id_origin: entry.origin,
    meta_event_id_before: entry.metaEventIdBefore,
    pixel_id: entry.pixelId,
    answer: entry.answer,
    effect: entry.effect,
    code: null,
    subcode: null,
    because: entry.because,
    attempted: String(entry.at),
    flagged_at_before: asText(entry.flaggedAtBefore),
    blame: entry.blame,
    events: entry.events,
    ...besideOf(shop, entry),
  }));
}

/** A run that reconciles has entries of all kinds. */
function commandOf({ command, answer, effect }: Attempt): string {
  if (command !== "reconcile") return command;
  if (answer !== null || (effect !== "confirmed" && effect !== "reverted")) return "resend";
  return effect === "confirmed" ? "confirm" : "revert";
}

/** Asked only of attempts that count against their sale, as in the statement. */
function besideOf({ journal }: ShopDouble, { run, pixelId, saleId, blame, answer, events }: Attempt) {
  const counts = blame === "sale" || (answer === "unconfirmed" && events === 1);
  const beside = counts ? journal.filter((other) => other.run === run && other.pixelId === pixelId) : [];
  return {
    pixel_took: beside.some((other) => other.answer === "accepted"),
    others_refused: beside.some(
      (other) => other.saleId !== saleId && (other.blame === "sale" || other.blame === "pixel"),
    ),
  };
}

const siblingRow = (sale: Sale): SiblingRow => ({
  id: String(sale.id),
  payment_id: sale.paymentId,
  bot_id: String(sale.botId),
  pool_id: null,
  pageview_event_id: sale.pageviewEventId ?? "",
  status: sale.status,
  flagged: sale.flagged,
  meta_event_id: sale.metaEventId,
  created: asText(sale.createdAt),
  paid: asText(sale.paidAt),
  flagged_at: asText(sale.flaggedAt),
});

export function runsOver(shop: ShopDouble): Runs {
  return {
    prepare: () => Promise.resolve(),
    acquire: (run, ttlMs) => {
      const now = shop.clock.now();
      const held = shop.lease;
      if (held !== null && held.expiresAt > now) {
        const { host, user, pid } = run;
        const since = now - 1_000;
        const who = { run: held.run, command: shop.commandOf(held.run), host, user, pid };
        return Promise.resolve({ holder: { ...who, since, expiresAt: held.expiresAt } });
      }
      shop.lease = { run: run.id, token: (held?.token ?? 0) + 1, expiresAt: now + ttlMs };
      shop.runs.push({ id: run.id, command: run.command, summary: null });
      // What a dead run had an answer for that moves no row.
      for (const entry of [...shop.rows.keys()].flatMap((id) => shop.entriesOf(id)))
        if (entry.settledAt === null && entry.answer !== null && entry.answer !== "accepted")
          Object.assign(entry, { effect: "kept", settledAt: now });
      return Promise.resolve({ lease: { run: run.id, token: String(shop.lease.token) } });
    },
    renew: ({ token }, ttlMs) => {
      const ours = shop.lease !== null && String(shop.lease.token) === token;
      if (!ours || shop.lease === null || shop.lease.expiresAt <= shop.clock.now())
        return Promise.resolve(false);
      shop.lease.expiresAt = shop.clock.now() + ttlMs;
      return Promise.resolve(true);
    },
    release: ({ run, token }, summary) => {
      for (const one of shop.runs) if (one.id === run) one.summary = summary;
      if (shop.lease !== null && String(shop.lease.token) === token) shop.lease.expiresAt = shop.clock.now();
      return Promise.resolve();
    },
  };
}

/** As src/queries/witness.ts judges: a younger writer explains a difference. */
export function witnessOver(shop: ShopDouble): Witness {
  return {
    check: (written) => {
      const doubts = written.flatMap((ours) => {
        const row = shop.rows.get(ours.saleId);
        if (ours.xid === null || !row || row.xmin > Number(ours.xid)) return [];
        const same = row.flagged === ours.flagged && row.metaEventId === ours.metaEventId;
        const read = `the witness reads ${row.flagged} ${row.metaEventId} ${markOf(row.flaggedAt)}`;
        return same ? [] : [`sale ${ours.saleId}: we wrote ${ours.flagged} ${ours.metaEventId}, ${read}`];
      });
      return Promise.resolve(doubts);
    },
  };
}
