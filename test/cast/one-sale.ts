import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tasksTold } from "../../src/celery/told.js";
import { toldBy } from "../../src/evidence/logs/told.js";
import { readingOf } from "../../src/sales/broker-reading.js";
import { noEvidence } from "../../src/sales/evidence.js";
import { withFindings } from "../../src/sales/findings.js";
import { findingsOf } from "../../src/sales/found.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import type { TaskResult } from "../../src/sales/tasks.js";
import type { Judged } from "../../src/sales/verdict.js";
import { judge } from "../../src/sales/verdict.js";
import { LogBook, seeded } from "./logs.js";
import type { Sending } from "./logs.js";
import { look, queued, report, result, unacked } from "./looks.js";
import type { Look } from "./looks.js";
import { readAll } from "./reading.js";
import { policy, pool, sale } from "./sales.js";

/*
 * One sale, Ana's, in a shop whose logs are whole; Beto's went well shortly before. What broker and results show is said
 * by each test.
 */

export const paidAt = Date.UTC(2025, 10, 20, 12);
/** Ana's delivery page is opened. */
export const opened = paidAt + 10_000;
export const now = paidAt + 2 * HOUR;
export const task = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa";

export const ana: Sending = {
  saleId: 7,
  paymentId: "BOT19_7",
  eventId: `pageview_${"a".repeat(32)}`,
  pixelId: "1234567890123401",
};
const beto: Sending = { ...ana, saleId: 8, paymentId: "BOT19_8", eventId: `pageview_${"b".repeat(32)}` };

/** A message or a report of Ana's task. */
const names = { taskId: task, eventId: ana.eventId, pixelId: ana.pixelId };
export const inQueue = (more: Parameters<typeof queued>[0] = {}) => queued({ ...names, ...more });
export const inHand = (more: Parameters<typeof unacked>[0] = {}) => unacked({ ...names, ...more });
export const atWorker = (more: Parameters<typeof report>[0] = {}) =>
  report({ taskId: task, purchase: { eventId: ana.eventId, pixelId: ana.pixelId }, ...more });
export const resultOf = (more: Partial<TaskResult> = {}) =>
  result({ taskId: task, doneAt: now - 30 * MINUTE, ...more });

export interface Story {
  /** What the application and its workers do. The task is queued at `ready`; whoever waits for it gives up. */
  readonly told?: (book: LogBook, ready: number) => void;
  /** Null: no logs are given. */
  readonly logs?: null;
  /** Both looks at the broker, or null where it was not read. */
  readonly looks?: readonly [Look, Look] | Look | null;
  readonly results?: readonly TaskResult[];
  readonly workers?: string | null;
}

/** Through the whole path: lines and looks to facts, facts to evidence, evidence to the verdict. */
export async function judgedAs(folder: string, story: Story): Promise<Judged> {
  const logs = story.logs === null ? null : await logsOf(folder, story);
  const results = new Map((story.results ?? []).map((each) => [each.taskId, each]));
  const [one, other] = Array.isArray(story.looks) ? story.looks : [story.looks, story.looks];
  const reading =
    story.looks === null
      ? null
      : readingOf(look({ ...one, at: now - 4_000 }), look({ ...other, at: now - 1_000 }));
  const tasks = await tasksTold(
    { reading, results: async () => results, workers: story.workers ?? null },
    new Set([ana.eventId]),
    { ties: logs?.ties ?? [{ ...names }], results: new Map() },
  );
  const row = sale({
    id: ana.saleId,
    paymentId: ana.paymentId,
    paidAt,
    flaggedAt: opened,
    pageviewEventId: ana.eventId,
    sentFromDelivery: false,
    pools: [pool({ pixelId: ana.pixelId })],
  });
  const told = { logs: logs?.told ?? null, tasks, tracked: new Map<number, string>(), attestations: [] };
  const evidence = withFindings(row, noEvidence, findingsOf(row, noEvidence, told));
  return judge(row, evidence, { fault: null }, policy, now);
}

async function logsOf(folder: string, { told }: Story) {
  const book = new LogBook(seeded(5));
  for (let at = paidAt - HOUR; at <= now; at += 2 * MINUTE) {
    book.say(at, '127.0.0.1 - - "GET /go/x HTTP/1.1" 200');
    book.tell(
      at,
      "MainProcess",
      "Task celery_app.send_telegram[cccccccc-1111-4111-8111-cccccccccccc] received",
    );
  }
  const his = "bbbbbbbb-1111-4111-8111-bbbbbbbbbbbb";
  const before = book.prepare(paidAt - 30 * MINUTE, beto);
  book.queued(before + 10, beto, his);
  book.received(before + 20, his);
  book.confirmed(book.run(before + 200, his, beto, "success") + 15, beto);
  const ready = book.prepare(opened, ana);
  book.queued(ready + 10, ana, task);
  told?.(book, ready + 20);
  book.waitedInVain(ready + 10_000, task);
  const { events, stats } = await readAll(book.write(mkdtempSync(join(folder, "one-")), now));
  return toldBy(events, stats);
}
