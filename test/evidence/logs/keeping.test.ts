import { appendFileSync, copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coverage } from "../../../src/evidence/logs/coverage.js";
import type { AllLogs } from "../../../src/evidence/logs/together.js";
import { tie } from "../../../src/evidence/logs/attempts.js";
import { corpus } from "../../cast/corpus.js";
import { Shelf } from "../../cast/keeping.js";
import { logPerson, logSecret } from "../../cast/logs.js";
import { judgeByLogs, mistakes, readAll } from "../../cast/reading.js";
import {
  ana,
  anasEvent,
  beto,
  betosEvent,
  data,
  ended,
  failed,
  folderOf,
  moment,
  none,
  queued,
  queueing,
  quietWeb,
  received,
  request,
  sent,
  succeeded,
  success,
  task,
  web,
  worker,
  write,
} from "./lines.js";

const boot = quietWeb;
const paymentsOf = ({ events }: Pick<AllLogs, "events">) =>
  tie(events).attempts.map(({ paymentId, result }) => `${paymentId} ${result}`);

/** Writes a log bit by bit, and lets an observer look after each; now and then the log is rotated. */
async function watched(texts: { web: string[]; worker: string[] }, cuts: readonly number[], turn: number) {
  const folder = folderOf();
  const shelf = new Shelf();
  const files = () =>
    ["gunicorn.log.1", "gunicorn.log", "celery.log.1", "celery.log"]
      .map((name) => join(folder, name))
      .filter((file) => existsSync(file));
  const ends = [...cuts.toSorted((a, b) => a - b), 1];
  let from = 0;
  for (const [step, to] of ends.entries()) {
    for (const [name, lines] of [
      ["gunicorn.log", texts.web] as const,
      ["celery.log", texts.worker] as const,
    ]) {
      const part = lines.slice(Math.floor(lines.length * from), Math.floor(lines.length * to));
      const file = join(folder, name);
      if (step === turn && existsSync(file)) renameSync(file, `${file}.1`);
      if (part.length > 0) appendFileSync(file, part.map((line) => `${line}\n`).join(""));
    }
    // The last part is left to whoever asks.
    if (step < ends.length - 1) await shelf.observe(files());
    from = to;
  }
  return { shelf, files: files() };
}

describe("logs that an observer kept bit by bit", { timeout: 120_000 }, () => {
  test("tell of every sale what one reading of all tells, and are as whole", async () => {
    const { book, sales } = corpus(3);
    const texts = book.texts();
    const whole = await readAll(book.write(folderOf()));
    const said = (events: AllLogs["events"]) =>
      judgeByLogs(sales, events).map(({ paymentId, said }) => `${paymentId} ${said}`);
    const cuts = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.nat({ max: 6 }), async (places, turn) => {
        const { shelf, files } = await watched(
          texts,
          [...new Set(places)].map((n) => n / 100),
          turn,
        );
        const all = await shelf.all(files);
        expect(mistakes(judgeByLogs(sales, all.events))).toEqual([]);
        expect(said(all.events)).toEqual(said(whole.events));
        expect(coverage(all.stats, all.events)).toEqual(coverage(whole.stats, whole.events));
      }),
      { numRuns: 12 },
    );
  });

  test("take little room: page views are forgotten, and one log is one row however often it was looked at", async () => {
    const { book, sales } = corpus(4);
    const cuts = Array.from({ length: 40 }, (_, n) => (n + 1) / 41);
    const { shelf } = await watched(book.texts(), cuts, -1);
    expect(shelf.logs.map(({ stats }) => stats.length)).toEqual([1, 1]);
    expect(shelf.events.length).toBeLessThan(sales.length * 16);
    expect(JSON.stringify([shelf.events, shelf.logs])).not.toMatch(
      new RegExp(`${logSecret}|${logPerson}|forged`),
    );
  });

  test("say nothing of what came before the moment from which they are asked for: it counts as never read", async () => {
    const folder = folderOf();
    const files = write(folder, {
      "gunicorn.log": [
        boot,
        ...request("10:00:00", ana, anasEvent, task(1)),
        ...request("10:05:00", beto, betosEvent, task(2)),
      ],
      "celery.log": [received("10:00:00.300", task(1)), received("10:05:00.300", task(2))],
    });
    const shelf = new Shelf();
    await shelf.observe(files);
    const all = await shelf.all([], moment("10:04:00.000"));
    expect(paymentsOf(all)).toEqual([`${beto} unknown`]);
    const spans = coverage(all.stats, all.events);
    expect([...spans.application, ...spans.worker].every(({ from }) => from >= moment("10:04:00.000"))).toBe(
      true,
    );
    expect(all.events.filter(({ kind }) => kind === "unseen").map((one) => one.at)).toContain(
      moment("10:04:00.000"),
    );
  });
});

describe("two hosts that keep in one place", () => {
  test("are one shop: what the worker's host saw first is tied once the web host tells whose it is", async () => {
    const files = write(folderOf(), {
      "gunicorn.log": [boot, ...request("10:00:00", ana, anasEvent, task(1))],
      "celery.log": [
        worker("09:00:00.000", "MainProcess", "Connected to redis"),
        received("10:00:00.300", task(1)),
        failed("10:00:00.400", "ForkPoolWorker-1"),
        ended("10:00:00.500", "ForkPoolWorker-1", task(1), none),
        received("10:00:00.600", task(2)),
        ended("10:00:00.700", "ForkPoolWorker-1", task(2), succeeded),
      ],
    });
    const [gunicorn = "", celery = ""] = files;
    expect(paymentsOf(await readAll(files))).toEqual([`${ana} refused`]);
    const shelf = new Shelf();
    await shelf.observe([celery], "worker-1", 0);
    expect(shelf.events.some(({ unclaimed }) => unclaimed)).toBe(true);
    await shelf.observe([gunicorn], "web-1", 0);
    expect(paymentsOf(await shelf.all([], 0, "laptop"))).toEqual([`${ana} refused`]);
  });

  const log = (payment: string, event: string, id: string) => [
    boot,
    ...request("10:00:00", payment, event, id),
  ];

  test("have two logs, though both call them the same", async () => {
    const files = write(folderOf(), { "gunicorn.log": log(ana, anasEvent, task(1)) });
    const shelf = new Shelf();
    await shelf.observe(files, "web-1");
    write(join(files[0] as string, ".."), {
      "gunicorn.log": [web("09:00:00.001", "boot"), ...log(beto, betosEvent, task(2)).slice(1)],
    });
    expect(await shelf.observe(files, "web-2")).toEqual([]);
    const all = await shelf.all([], 0, "web-2");
    expect(paymentsOf(all)).toEqual([`${ana} unknown`, `${beto} unknown`]);
    expect(new Set(all.stats.map(({ lineage }) => lineage))).toEqual(
      new Set([`web-1:${files[0]}`, `web-2:${files[0]}`]),
    );
    const own = tie(all.events).attempts.find(({ paymentId }) => paymentId === beto);
    expect(own?.facts[0]?.file).toBe(files[0]);
  });

  test("know a log that was carried over: its lines are told once, and go on in the same log", async () => {
    const folder = folderOf();
    const [file = ""] = write(folder, {
      "gunicorn.log": [boot, queueing("10:00:00.100", ana), data("10:00:00.110", anasEvent)],
    });
    const shelf = new Shelf();
    await shelf.observe([file], "web-1");
    const elsewhere = join(folder, "copies", "web-1.log");
    mkdirSync(join(folder, "copies"));
    copyFileSync(file, elsewhere);
    appendFileSync(elsewhere, `${queued("10:00:00.190", anasEvent, task(1))}\n`);
    const all = await shelf.all([elsewhere], 0, "laptop");
    expect(paymentsOf(all)).toEqual([`${ana} unknown`]);
    expect(new Set(all.events.map(({ lineage }) => lineage))).toEqual(new Set([`web-1:${file}`]));
  });
});

test("a worker's lines that came before the web process's are kept until that one tells whose task it is", async () => {
  const folder = folderOf();
  const [celery = ""] = write(folder, {
    "celery.log": [
      received("10:00:00.300", task(1)),
      ended("10:00:00.500", "ForkPoolWorker-1", task(1), succeeded),
    ],
  });
  const web1 = join(folder, "gunicorn.log");
  writeFileSync(web1, `${boot}\n${queueing("10:00:00.100", ana)}\n${data("10:00:00.110", anasEvent)}\n`);
  const shelf = new Shelf();
  await shelf.observe([web1, celery]);
  expect(shelf.events.filter(({ unclaimed }) => unclaimed)).toHaveLength(2);
  appendFileSync(
    web1,
    `${queued("10:00:00.190", anasEvent, task(1))}\n${sent("10:00:01.000", ana, anasEvent)}\n`,
  );
  await shelf.observe([web1, celery]);
  expect(paymentsOf(await shelf.all([]))).toEqual([`${ana} accepted`]);
});

test("a worker's own words make its task a Purchase's, whatever the web process says", async () => {
  const files = write(folderOf(), {
    "celery.log": [
      received("10:00:00.300", task(1)),
      success("10:00:00.400", "ForkPoolWorker-1", anasEvent),
      ended("10:00:00.500", "ForkPoolWorker-1", task(1), succeeded),
      received("10:00:00.600", task(2)),
      ended("10:00:00.700", "ForkPoolWorker-2", task(2), succeeded),
    ],
  });
  const shelf = new Shelf();
  await shelf.observe(files);
  const claimed = shelf.events.filter(({ taskId, unclaimed }) => taskId !== null && !unclaimed);
  expect(new Set(claimed.map(({ taskId }) => taskId))).toEqual(new Set([task(1)]));
});
