import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tasksTold } from "../../src/celery/told.js";
import { toldBy } from "../../src/evidence/logs/told.js";
import type { Sibling } from "../../src/sales/evidence.js";
import { noEvidence } from "../../src/sales/evidence.js";
import { withFindings } from "../../src/sales/findings.js";
import type { Told } from "../../src/sales/found.js";
import { findingsOf } from "../../src/sales/found.js";
import { readingOf } from "../../src/sales/broker-reading.js";
import type { Sale } from "../../src/sales/sale.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import type { BrokerReading, TaskResult, TaskTie } from "../../src/sales/tasks.js";
import type { Judged } from "../../src/sales/verdict.js";
import { FOLDING, judge } from "../../src/sales/verdict.js";
import type { Corpus, LabelledSale, LivingTask } from "./corpus.js";
import type { Run } from "./logs.js";
import type { Look } from "./looks.js";
import { look, queued, report, result } from "./looks.js";
import { readAll } from "./reading.js";
import { policy, pool, sale as row } from "./sales.js";

/*
 * A shop of which everything is known: the corpus, as the database, the logs, the broker and the result backend show it
 * at one moment, put through the whole path of the product.
 */

export interface Shop {
  readonly corpus: Corpus;
  readonly now: number;
  readonly rows: readonly Sale[];
  /** What is stuck: one that went well has its event id. */
  readonly stuck: readonly { readonly label: LabelledSale; readonly sale: Sale }[];
}

export function shopOf(corpus: Corpus): Shop {
  const last = Math.max(...corpus.book.runs.map(({ end }) => end), ...corpus.sales.map(({ at }) => at));
  const now = last + 25 * MINUTE;
  const rows = corpus.sales.map((label) => rowOf(corpus, label));
  const stuck = corpus.sales
    .map((label, at) => ({ label, sale: rows[at] as Sale }))
    .filter(({ sale }) => sale.metaEventId === null);
  return { corpus, now, rows, stuck };
}

function rowOf({ book }: Corpus, { saleId, paymentId, eventId, pixelId, route, at }: LabelledSale): Sale {
  const paidAt = at - 1_000 - (saleId % 50) * 1_000;
  const byScript = route === "delivery script alone" || saleId % 10 === 0;
  return row({
    id: saleId,
    paymentId,
    paidAt,
    createdAt: paidAt - 3 * MINUTE,
    flaggedAt: Math.max(at, ...(book.flags.get(paymentId) ?? [])),
    metaEventId: route === "all went well" ? eventId : null,
    pageviewEventId: eventId.startsWith("pageview_") ? eventId : null,
    sentFromDelivery: byScript ? true : saleId % 10 === 1 ? null : false,
    pools: [pool({ pixelId })],
  });
}

/** As src/queries/siblings.ts reads them. */
function siblingsOf({ rows, now }: Shop, sale: Sale): Sibling[] {
  if (sale.pageviewEventId === null) return [];
  return rows
    .filter(({ id, pageviewEventId }) => id !== sale.id && pageviewEventId === sale.pageviewEventId)
    .map((other) => ({
      id: other.id,
      paymentId: other.paymentId,
      pixels: (other.pools ?? []).flatMap(({ pixelId }) => pixelId ?? []),
      status: other.status,
      flagged: other.flagged,
      metaEventId: other.metaEventId,
      createdAt: other.createdAt,
      firstAttempt: other.paidAt,
      lastAttempt: other.flaggedAt,
      acceptedAt: other.metaEventId === other.pageviewEventId ? other.flaggedAt : null,
      journalled: false,
      open: other.metaEventId === null && now - (other.paidAt ?? 0) < FOLDING,
    }));
}

/** What the sources show. Logs of both kinds, unless some are left out. */
export interface Seen {
  readonly logs?: boolean;
  /** Parts of the logs that are not given. */
  readonly without?: RegExp;
  readonly broker?: boolean;
  /** How far back task results go: Celery keeps them for an hour, an observer for longer. */
  readonly results?: number;
  /** An observer has kept which task bears which event. */
  readonly observed?: boolean;
  readonly workers?: string | null;
}

export async function judgeShop(shop: Shop, folder: string, seen: Seen): Promise<Judged[]> {
  return judgeBy(shop, await toldOf(shop, folder, seen));
}

export function judgeBy(shop: Shop, told: Told): Judged[] {
  return shop.stuck.map(({ sale }) => {
    const base = { ...noEvidence, siblings: siblingsOf(shop, sale) };
    const evidence = withFindings(sale, base, findingsOf(sale, base, told));
    return judge(sale, evidence, { fault: null }, policy, shop.now);
  });
}

export async function toldOf(shop: Shop, folder: string, seen: Seen): Promise<Told> {
  const { corpus, now, stuck } = shop;
  const logs = seen.logs === true ? await readLogsOf(shop, folder, seen.without) : null;
  const known = new Set(stuck.flatMap(({ sale }) => sale.pageviewEventId ?? []));
  const results = resultsOf(corpus.book.runs, now - (seen.results ?? HOUR));
  const tasks = {
    reading: seen.broker === true ? readingOfLiving(corpus.living, now) : null,
    results: async (ids: Iterable<string>) =>
      new Map([...ids].flatMap((id) => (results.has(id) ? [[id, results.get(id) as TaskResult]] : []))),
    workers: seen.workers ?? null,
  };
  return {
    logs: logs?.told ?? null,
    tasks:
      seen.broker === true || seen.results !== undefined
        ? await tasksTold(tasks, known, {
            ties: [...(logs?.ties ?? []), ...(seen.observed === true ? tiesOf(corpus.book.runs) : [])],
            results: new Map(),
          })
        : null,
    tracked: new Map(
      stuck.flatMap(({ sale: { id, pageviewEventId } }) =>
        pageviewEventId !== null && id % 3 === 0 ? [[id, pageviewEventId] as const] : [],
      ),
    ),
    attestations: [],
  };
}

async function readLogsOf({ corpus, now }: Shop, folder: string, without = /$^/) {
  const files = corpus.book.write(mkdtempSync(join(folder, "logs-")), now);
  const { events, stats } = await readAll(files.filter((file) => !without.test(file)));
  return toldBy(events, stats);
}

function tiesOf(runs: readonly Run[]): TaskTie[] {
  return runs.map(({ task, sale: { eventId, pixelId } }) => ({ taskId: task, eventId, pixelId }));
}

/** Two looks at a broker, clean and with one worker that answers, unless told otherwise. */
export function readingOfLiving(
  living: readonly LivingTask[],
  now: number,
  workers: Look["workers"] = {},
): BrokerReading {
  const seen = living.map((task, at) => shown(task, at, now));
  const parts = {
    workers,
    messages: seen.flatMap(({ messages }) => messages),
    reports: seen.flatMap(({ reports }) => reports),
  };
  const broker = { run: "a", startedAt: now - 30 * 24 * HOUR };
  return readingOf(look({ ...parts, broker, at: now - 4_000 }), look({ ...parts, broker, at: now - 1_000 }));
}

/** A retry waits at its worker, or was put back into the list by a deploy; a fresh task lies in the list. */
function shown({ task, sale, copies, orphan, retries }: LivingTask, at: number, now: number) {
  const all = Array.from({ length: copies }, (_, copy) => copy);
  const base = { taskId: task, eventId: sale.eventId, pixelId: sale.pixelId, retries };
  const unacked = { place: "unacked", deliveredAt: now - 10 * MINUTE } as const;
  const tag = (copy: number) => `${task}-${copy}`;
  if (orphan)
    return { messages: all.map((copy) => queued({ ...base, ...unacked, tag: tag(copy) })), reports: [] };
  if (retries === 0) return { messages: all.map((copy) => queued({ ...base, tag: tag(copy) })), reports: [] };
  const eta = at % 2 === 0 ? now + HOUR : now - MINUTE;
  if (at % 2 === 0) {
    const purchase = { eventId: sale.eventId, pixelId: sale.pixelId };
    return {
      messages: all.map((copy) => queued({ ...base, ...unacked, eta, tag: tag(copy) })),
      reports: all.map(() => report({ taskId: task, place: "scheduled", eta, purchase })),
    };
  }
  return {
    messages: all.map((copy) => queued({ ...base, eta, redelivered: true, tag: tag(copy) })),
    reports: [],
  };
}

/** What the backend has: the last word of each task, but never anything over a success. */
export function resultsOf(runs: readonly Run[], since: number): Map<string, TaskResult> {
  const results = new Map<string, TaskResult>();
  for (const run of runs.toSorted((a, b) => a.end - b.end)) {
    if (run.dies || results.get(run.task)?.status === "SUCCESS") continue;
    results.set(run.task, resultOf(run));
  }
  return new Map([...results].filter(([, { doneAt }]) => doneAt !== null && doneAt >= since));
}

function resultOf({ task: taskId, end: doneAt, outcome }: Run): TaskResult {
  const base = { taskId, doneAt, because: `the result of ${outcome}` };
  if (outcome === "success") return result({ ...base });
  // The application returns None after a refusal.
  if (outcome === "refused" || outcome === "expired-token") return result({ ...base, outcome: "unknown" });
  if (outcome === "invalid") return result({ ...base, status: "FAILURE", outcome: "not-sent", final: false });
  if (outcome === "limit") return result({ ...base, status: "FAILURE", outcome: "unknown", final: false });
  return result({ ...base, status: "RETRY", outcome: "unknown", final: false });
}
