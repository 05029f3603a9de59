import { appendFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { coverage, type Coverage } from "../../../src/evidence/logs/coverage.js";
import type { ReadLogs } from "../../../src/evidence/logs/read-logs.js";
import { readAll } from "../../cast/reading.js";
import {
  ana,
  anasEvent,
  betosEvent,
  data,
  ended,
  folderOf,
  none,
  queueing,
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

/* Only where a log is known to be whole does "no attempt was seen" mean something. */

const minute = (n: number): string =>
  `${String(10 + Math.floor(n / 60)).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}`;
/** A line every five minutes from 10:00 on. */
const beat = (from: number, to: number): string[] =>
  Array.from({ length: Math.floor((to - from) / 5) + 1 }, (_, n) =>
    web(`${minute(from + n * 5)}:00.000`, "GET /"),
  );

const clock = (at: number): string => new Date(at - 3 * 3_600_000).toISOString().slice(11, 19);
const shown = ({ application, worker: workers }: Coverage): string[][] =>
  [application, workers].map((spans) => spans.map(({ from, to }) => `${clock(from)}-${clock(to)}`));
const covered = (...reads: readonly ReadLogs[]): string[][] =>
  shown(
    coverage(
      reads.flatMap((read) => read.stats),
      reads.flatMap((read) => read.events),
    ),
  );

const speaking = (at: string): string => queueing(at, ana);

test("a log that speaks every few minutes is whole from its first line to its last", async () => {
  const files = write(folderOf(), { "gunicorn.log": [speaking("10:00:00.000"), ...beat(5, 60)] });
  expect(covered(await readAll(files))).toEqual([["10:00:00-11:00:00"], []]);
});

test("a silence is a hole", async () => {
  const files = write(folderOf(), {
    "gunicorn.log": [speaking("10:00:00.000"), ...beat(5, 20), ...beat(40, 60)],
  });
  expect(covered(await readAll(files))).toEqual([["10:00:00-10:20:00", "10:40:00-11:00:00"], []]);
});

test("a silence of an hour to the minute is noticed with the next minute", async () => {
  const lines = [
    speaking("10:00:00.000"),
    web("10:03:00.000", "a"),
    web("11:03:30.000", "b"),
    ...beat(64, 84),
  ];
  const files = write(folderOf(), { "gunicorn.log": lines });
  expect(covered(await readAll(files))).toEqual([["10:00:00-10:03:00", "11:04:00-11:24:00"], []]);
});

test("a log that never tells of a Purchase, perhaps for its level, covers nothing", async () => {
  const files = write(folderOf(), { "gunicorn.log": beat(0, 60) });
  expect(covered(await readAll(files))).toEqual([[], []]);
});

test("rotated parts are one log; without the one between them there is a hole", async () => {
  const folder = folderOf();
  const [new_ = "", middle = "", old = ""] = write(folder, {
    "gunicorn.log": beat(42, 60),
    "gunicorn.log.1": [...beat(21, 36), speaking("10:40:00.000")],
    "gunicorn.log.2": [speaking("10:00:00.000"), ...beat(5, 20)],
  });
  expect(covered(await readAll([new_, middle, old]))).toEqual([["10:00:00-10:57:00"], []]);
  expect(covered(await readAll([new_, old]))).toEqual([["10:00:00-10:20:00", "10:42:00-10:57:00"], []]);
});

test("parts in a row whose names do not tell so are not taken for whole", async () => {
  const files = write(folderOf(), {
    "gunicorn.log-20251119": [speaking("10:00:00.000"), ...beat(5, 20)],
    "gunicorn.log": [speaking("10:21:00.000"), ...beat(25, 40)],
  });
  expect(covered(await readAll(files))).toEqual([["10:00:00-10:20:00", "10:21:00-10:40:00"], []]);
});

test("a half-written end of an older part is a hole", async () => {
  const folder = folderOf();
  const files = write(folder, {
    "gunicorn.log.1": [speaking("10:00:00.000"), ...beat(5, 20)],
    "gunicorn.log": beat(21, 41),
  });
  appendFileSync(join(folder, "gunicorn.log.1"), "2025-11-20 10:20:3");
  expect(covered(await readAll(files))).toEqual([["10:00:00-10:20:00", "10:21:00-10:41:00"], []]);
});

test("a damaged archive is read as far as it goes, and the rest is a hole", async () => {
  const folder = folderOf();
  const text = [
    speaking("10:00:00.000"),
    ...Array.from({ length: 4000 }, (_, n) => web(`10:0${n % 8}:00.000`, `GET /${Math.sin(n)}`)),
  ].join("\n");
  writeFileSync(join(folder, "gunicorn.log.1"), gzipSync(`${text}\n`));
  truncateSync(join(folder, "gunicorn.log.1"), 20_000);
  const [current = ""] = write(folder, { "gunicorn.log": [speaking("10:08:00.000"), ...beat(10, 20)] });
  const read = await readAll([join(folder, "gunicorn.log.1"), current]);
  expect(read.warnings).toEqual([
    expect.stringContaining("gunicorn.log.1: reading ended before the file did (unexpected end of file)"),
  ]);
  expect(covered(read)[0]?.at(-1)).toBe("10:08:00-10:20:00");
});

test("a line of ours that cannot be read is a hole", async () => {
  const broken = data("10:12:00.000", "pageview_\u00001");
  const files = write(folderOf(), {
    "gunicorn.log": [speaking("10:00:00.000"), ...beat(5, 10), broken, ...beat(15, 30)],
  });
  const read = await readAll(files);
  expect(covered(read)).toEqual([["10:00:00-10:12:00", "10:12:00-10:30:00"], []]);
  expect(read.warnings).toEqual([expect.stringContaining("1 lines about Purchases could not be read")]);
});

test("of two hosts, both must be whole", async () => {
  const files = write(folderOf(), {
    "web-1.log": [speaking("10:00:00.000"), ...beat(5, 40)],
    "web-2.log": [speaking("10:10:00.000"), ...beat(15, 60)],
  });
  expect(covered(await readAll(files))).toEqual([["10:10:00-10:40:00"], []]);
});

test("what later runs read goes on where the earlier ended, across a rotation too", async () => {
  const folder = folderOf();
  const [path = ""] = write(folder, { "gunicorn.log": [speaking("10:00:00.000"), ...beat(5, 20)] });
  const first = await readAll([path]);
  appendFileSync(path, `${beat(25, 30).join("\n")}\n`);
  renameSync(path, `${path}.1`);
  write(folder, { "gunicorn.log": beat(35, 50) });
  const second = await readAll([path, `${path}.1`], { positions: first.positions });
  expect(second.stats.map(({ from }) => from > 0)).toEqual([true, false]);
  expect(covered(first, second)).toEqual([["10:00:00-10:50:00"], []]);
});

test("what was rotated away between two runs is a hole, and the person is told", async () => {
  const folder = folderOf();
  const [path = ""] = write(folder, { "gunicorn.log": [speaking("10:00:00.000"), ...beat(5, 20)] });
  const first = await readAll([path]);
  write(folder, { "gunicorn.log": [speaking("10:24:00.000"), ...beat(25, 50)] });
  const second = await readAll([path], { positions: first.positions });
  expect(second.warnings).toEqual([
    `${path}: rotated since it was read; give the file before it too, or its last lines stay unseen`,
  ]);
  expect(covered(first, second)).toEqual([["10:00:00-10:20:00", "10:24:00-10:50:00"], []]);
});

test("an answer from a worker whose log is not among them uncovers the workers", async () => {
  const workers = [
    ...beat(0, 60).map((line) => worker(`${line.slice(11, 19)}.000`, "MainProcess", "beat")),
    received("10:59:00.000", task(1)),
    ended("10:59:00.200", "ForkPoolWorker-1", task(1), none),
  ];
  const application = [...beat(0, 25), ...request("10:30:00", ana, anasEvent, task(2)), ...beat(35, 60)];
  const files = (answer: readonly string[]): string[] =>
    write(folderOf(), { "gunicorn.log": [...application, ...answer], "celery.log": workers });
  expect(covered(await readAll(files([])))[1]).toEqual(["10:00:00-11:00:00"]);
  expect(covered(await readAll(files([sent("10:30:01.000", ana, anasEvent)])))[1]).toEqual([]);
});

test("an acceptance whose event no web process built tells of a log that is missing, but for tasks from before it began", async () => {
  const web1 = [speaking("10:00:00.000"), ...request("10:30:00", ana, anasEvent, task(1)), ...beat(35, 60)];
  const between = beat(5, 25);
  const run = (at: string, event: string, id: string) => [
    received(`${at}.000`, id),
    success(`${at}.100`, "ForkPoolWorker-1", event),
    ended(`${at}.110`, "ForkPoolWorker-1", id, succeeded),
  ];
  const of = async (workers: readonly string[]) => {
    const files = write(folderOf(), {
      "gunicorn.log": [web1[0] as string, ...between, ...web1.slice(1)],
      "celery.log": [received("10:00:00.000", task(7)), ...workers],
    });
    return covered(await readAll(files))[0];
  };
  expect(await of(run("10:30:01", anasEvent, task(1)))).toEqual(["10:00:00-11:00:00"]);
  expect(await of(run("10:10:01", betosEvent, task(2))), "queued before ten, perhaps").toEqual([
    "10:00:00-11:00:00",
  ]);
  expect(await of(run("10:40:01", betosEvent, task(2)))).toEqual([]);
});
