import { mkdirSync } from "node:fs";

import { tasksTold } from "../src/celery/told.js";
import { toldBy } from "../src/evidence/logs/told.js";
import type { EvidenceReader } from "../src/ports.js";
import { noEvidence } from "../src/sales/evidence.js";
import { withFindings } from "../src/sales/findings.js";
import type { Told } from "../src/sales/found.js";
import { findingsOf } from "../src/sales/found.js";
import type { Sale } from "../src/sales/sale.js";
import { HOUR, MINUTE } from "../src/sales/sale.js";
import { readingOfLiving, resultsOf } from "../test/cast/judged.js";
import type { LogBook, Random } from "../test/cast/logs.js";
import { uuid } from "../test/cast/logs.js";
import { readAll } from "../test/cast/reading.js";
import type { Application } from "./application.js";
import type { Timeline } from "./timeline.js";

export interface Sources {
  readonly timeline: Timeline;
  readonly base: EvidenceReader;
  readonly app: Application;
  readonly book: LogBook;
  readonly folder: string;
  /** What was read is good for so long: a command after another need not read everything anew. */
  readonly freshFor: number;
}

/**
 * The evidence of a run that is given logs and broker. The logs are files of real lines, read by the product's reader;
 * broker and results are what they would show at that moment.
 */
export function withSources(sources: Sources): EvidenceReader {
  let last: { at: number; told: Told } | null = null;
  return {
    about: async (sales, now) => {
      const base = await sources.base.about(sales, now);
      if (last === null || now - last.at > sources.freshFor)
        last = { at: now, told: await sources.timeline.outside(toldAt(sources, sales, now)) };
      const { told } = last;
      const of = (sale: Sale) => base.get(sale.id) ?? noEvidence;
      return new Map(
        sales.map((sale) => [sale.id, withFindings(sale, of(sale), findingsOf(sale, of(sale), told))]),
      );
    },
  };
}

async function toldAt({ app, book, folder }: Sources, sales: readonly Sale[], now: number): Promise<Told> {
  mkdirSync(folder, { recursive: true });
  const { events, stats } = await readAll(book.write(folder, now));
  const logs = toldBy(events, stats);
  const isOut = app.isOut(now);
  const kept = resultsOf(
    book.runs.filter(({ end }) => end <= now),
    now - HOUR,
  );
  const nobody = { receivers: 0, answered: [], heard: [], queues: null };
  const tasks = {
    reading: readingOfLiving(app.living(), now, isOut ? nobody : {}),
    results: (ids: Iterable<string>) =>
      Promise.resolve(new Map([...new Set(ids)].flatMap((id) => pairOf(kept, id)))),
    workers: isOut ? "no worker listens" : null,
  };
  const known = new Set(sales.flatMap((sale) => sale.pageviewEventId ?? []));
  return {
    logs: logs.told,
    tasks: await tasksTold(tasks, known, { ties: logs.ties, results: new Map() }),
    tracked: new Map(),
    attestations: [],
  };
}

function pairOf<Value>(of: ReadonlyMap<string, Value>, id: string): [string, Value][] {
  const value = of.get(id);
  return value === undefined ? [] : [[id, value]];
}

/** Page views, from which a reader of logs knows that nothing is missing in between. No worker writes while none runs. */
export function murmur(book: LogBook, random: Random, from: number, to: number, app: Application): void {
  for (let at = from; at < to; at += 6 * MINUTE + random.below(3 * MINUTE)) {
    const task = uuid(random);
    const eventId = `pageview_${task.replaceAll("-", "")}`;
    const line = `event_name=PageView, event_id=${eventId}, event_time=1`;
    book.say(at, `[META PAGEVIEW] PageView - Event Data: ${line}`);
    if (app.isOut(at)) continue;
    book.received(at + 30, task);
    book.run(at + 40, task, { paymentId: "", saleId: 0, eventId, pixelId: "1234567890123401" }, "success", {
      name: "PageView",
    });
  }
}
