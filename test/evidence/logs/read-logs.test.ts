import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KnownError } from "../../../src/errors.js";
import { readLogs, type ReadLogs } from "../../../src/evidence/logs/read-logs.js";
import { corpus } from "../../cast/corpus.js";
import { readAll } from "../../cast/reading.js";
import {
  ana,
  anasEvent,
  beto,
  betosEvent,
  data,
  ended,
  failed,
  folderOf,
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

const told = (read: ReadLogs): string[] =>
  read.events
    .filter(({ kind }) => kind !== "unseen")
    .map(({ kind, paymentId, eventId, taskId, line }) =>
      [line, kind, paymentId ?? eventId ?? taskId].join(" "),
    );

const boot = quietWeb;

describe("a log that was read before", () => {
  test("is read from there on, by lines and not by bytes of half a line", async () => {
    const [path = ""] = write(folderOf(), { "gunicorn.log": [boot, queueing("10:00:00.100", ana)] });
    appendFileSync(path, data("10:00:00.200", anasEvent).slice(0, -4));
    const first = await readAll([path]);
    expect(told(first)).toEqual([`2 queueing ${ana}`]);
    expect(first.stats[0]).toMatchObject({ lines: 2, halfWritten: true });
    appendFileSync(path, `3600\n${sent("10:00:01.000", ana, anasEvent)}\n`);
    const second = await readAll([path], { positions: first.positions });
    expect(told(second)).toEqual([`3 event-data ${anasEvent}`, `4 sent ${ana}`]);
    const third = await readAll([path], { positions: second.positions });
    expect(third).toMatchObject({ events: [], warnings: [], positions: second.positions });
  });

  test("and to which lines of another program alone were added says nothing of it", async () => {
    const [path = ""] = write(folderOf(), { "gunicorn.log": [boot, queueing("10:00:00.100", ana)] });
    const first = await readAll([path]);
    appendFileSync(path, "Traceback (most recent call last):\n");
    expect((await readAll([path], { positions: first.positions })).warnings).toEqual([]);
  });

  test("is known again under another name, compressed too", async () => {
    const folder = folderOf();
    const [path = ""] = write(folder, { "gunicorn.log": [boot, queueing("10:00:00.100", ana)] });
    const first = await readAll([path]);
    appendFileSync(path, `${data("10:00:00.200", anasEvent)}\n`);
    const archive = join(folder, "gunicorn.log.1.gz");
    writeFileSync(archive, gzipSync(readFileSync(path)));
    write(folder, { "gunicorn.log": [web("10:00:01.000", "new"), sent("10:00:01.500", ana, anasEvent)] });
    const second = await readAll([path, archive], { positions: first.positions });
    expect(told(second)).toEqual([`3 event-data ${anasEvent}`, `2 sent ${ana}`]);
    expect(second.events.some(({ kind }) => kind === "unseen")).toBe(false);
    expect(second.positions.map((position) => position.path)).toEqual([archive, path]);
  });

  test("is a new one where its beginning is another", async () => {
    const folder = folderOf();
    const [path = ""] = write(folder, { "gunicorn.log": [boot, queueing("10:00:00.100", ana)] });
    const first = await readAll([path]);
    truncateSync(path);
    appendFileSync(path, `${queueing("10:00:05.000", beto)}\n`);
    expect(told(await readAll([path], { positions: first.positions }))).toEqual([`1 queueing ${beto}`]);
  });

  test("and is shorter now is read anew, and the person is told", async () => {
    const [path = ""] = write(folderOf(), {
      "gunicorn.log": [boot, ...request("10:00:00", ana, anasEvent, task(1))],
    });
    // Its first line is shorter than what is remembered of its head.
    const first = await readAll([path]);
    const position = { ...(first.positions[0] as (typeof first.positions)[number]), offset: 10_000 };
    const second = await readAll([path], { positions: [position] });
    expect(told(second)).toHaveLength(3);
    expect(second.warnings).toEqual([`${path}: shorter than it was; read from its beginning`]);
  });

  test("young, with a head that grew since, is the same log", async () => {
    const [path = ""] = write(folderOf(), { "gunicorn.log": [boot] });
    const first = await readAll([path]);
    for (let n = 0; n < 40; n++) appendFileSync(path, `${web("09:00:01.000", "GET /")}\n`);
    const second = await readAll([path], { positions: first.positions });
    appendFileSync(path, `${queueing("10:00:00.100", ana)}\n`);
    const third = await readAll([path], { positions: second.positions });
    expect(second.stats[0]?.lines).toBe(40);
    expect(told(third)).toEqual([`42 queueing ${ana}`]);
    expect(third.positions).toHaveLength(1);
    expect(third.positions[0]?.id).toBe(first.positions[0]?.id);
  });

  test("and is not given this time is remembered", async () => {
    const folder = folderOf();
    const [one = "", two = ""] = write(folder, {
      "gunicorn.log": [boot, queueing("10:00:00.100", ana)],
      "celery.log": [received("10:00:00.100", task(1))],
    });
    const first = await readAll([one, two]);
    const second = await readAll([two], { positions: first.positions });
    expect(new Set(second.positions.map(({ path }) => path))).toEqual(new Set([one, two]));
  });

  test("however it was cut into readings, the same events come out", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
        async (seed, cuts) => {
          const { book } = corpus(seed, 30);
          const texts = book.texts();
          const [webText, workerText] = [texts.web, texts.worker].map((lines) =>
            Buffer.from(`${lines.join("\n")}\n`),
          );
          const folder = folderOf();
          const files = ["gunicorn.log", "celery.log"].map((name) => join(folder, name));
          const at = (text: Buffer | undefined, cut: number): Buffer =>
            (text as Buffer).subarray(0, Math.floor((text as Buffer).length * cut));
          let read: ReadLogs | null = null;
          const events: ReadLogs["events"][number][] = [];
          for (const cut of [...cuts.toSorted((a, b) => a - b), 1]) {
            writeFileSync(files[0] as string, at(webText, cut));
            writeFileSync(files[1] as string, at(workerText, cut));
            const tasks = events.flatMap(({ kind, taskId }) => (kind === "queued" ? (taskId ?? []) : []));
            read = await readAll(files, { positions: read?.positions ?? [], tasks });
            events.push(...read.events);
          }
          const own = (list: ReadLogs["events"]): string[] =>
            list
              .filter(
                ({ kind, eventId, paymentId }) => kind !== "unseen" && (eventId ?? paymentId) !== undefined,
              )
              .map((event) => JSON.stringify(event))
              .toSorted();
          expect(own(events)).toEqual(own((await readAll(files)).events));
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("what stands in logs", () => {
  test("page views, other tasks and other programs are left out, and counted", async () => {
    const files = write(folderOf(), {
      "celery.log": [
        worker("10:00:00.000", "MainProcess", "boot"),
        received("10:00:00.100", task(1)),
        success("10:00:00.200", "ForkPoolWorker-1", anasEvent).replace("Purchase", "PageView"),
        ended("10:00:00.210", "ForkPoolWorker-1", task(1), succeeded),
        worker("10:00:00.300", "MainProcess", `Task celery_app.send_telegram[${task(2)}] received`),
        "Nov 20 10:00:01 shop kernel: Purchase",
        success("10:00:00.400", "ForkPoolWorker-1", betosEvent),
        ended("10:00:00.410", "ForkPoolWorker-1", task(3), succeeded),
      ],
    });
    const read = await readAll(files);
    expect(told(read)).toEqual([`7 accepted ${betosEvent}`, `8 succeeded ${task(3)}`]);
    expect(read.stats[0]).toMatchObject({ logs: ["worker"], lines: 8, meaningful: 2, unreadable: 0 });
  });

  test("a worker's lines that are newer than the application's are kept until these are read", async () => {
    const folder = folderOf();
    const [application = "", workers = ""] = write(folder, {
      "gunicorn.log": [boot, web("10:00:00.000", "GET /")],
      "celery.log": [
        worker("09:00:00.000", "MainProcess", "boot"),
        received("10:00:01.000", task(1)),
        ended("10:00:01.300", "ForkPoolWorker-1", task(1), succeeded),
      ],
    });
    expect(told(await readAll([application, workers]))).toEqual([
      `2 received ${task(1)}`,
      `3 succeeded ${task(1)}`,
    ]);
  });

  test.each([
    ["CRLF", (lines: string[]) => `${lines.join("\r\n")}\r\n`],
    [
      "a hole of NULs",
      (lines: string[]) => `${lines.map((line) => `${"\0".repeat(5000)}${line}`).join("\n")}\n`,
    ],
    [
      "broken UTF-8 between",
      (lines: string[]) =>
        Buffer.concat(
          lines.flatMap((line) => [Buffer.from([0xff, 0xfe, 0xe2, 0x28, 10]), Buffer.from(`${line}\n`)]),
        ),
    ],
    [
      "lines of a megabyte between",
      (lines: string[]) => `${lines.map((line) => `${"x".repeat(1_100_000)}\n${line}`).join("\n")}\n`,
    ],
    [
      "seconds without a fraction",
      (lines: string[]) => `${lines.join("\n").replaceAll(/,\d{3} - /g, " - ")}\n`,
    ],
    [
      "a logger's name",
      (lines: string[]) => `${lines.join("\n").replaceAll(" - INFO - ", " - bot.meta - INFO - ")}\n`,
    ],
  ])("%s changes nothing", async (_, write_) => {
    const path = join(folderOf(), "some.log");
    writeFileSync(path, write_([boot, ...request("10:00:00", ana, anasEvent, task(1))]));
    const read = await readAll([path]);
    expect(read.events.filter(({ kind }) => kind !== "unseen").map(({ kind }) => kind)).toEqual([
      "queueing",
      "event-data",
      "queued",
    ]);
    expect(read.stats[0]).toMatchObject({ unreadable: 0 });
  });

  test("an overlong line is cut, and its beginning is read", async () => {
    const path = join(folderOf(), "some.log");
    writeFileSync(
      path,
      `${boot}\n${data("10:00:00.100", anasEvent)}${"x".repeat(3_000_000)}\n${sent("10:00:01.000", ana, anasEvent)}\n`,
    );
    const read = await readAll([path]);
    expect(told(read)).toEqual([`2 event-data ${anasEvent}`, `3 sent ${ana}`]);
    expect(read.stats[0]).toMatchObject({ cut: 1, lines: 3 });
    expect(read.positions[0]?.offset).toBe(readFileSync(path).length);
  });

  test("a broken byte inside an id makes the line unreadable, never another id", async () => {
    const path = join(folderOf(), "some.log");
    const line = Buffer.from(queued("10:00:00.100", anasEvent, task(1)));
    line[line.indexOf("pageview_") + 12] = 0xff;
    writeFileSync(path, Buffer.concat([Buffer.from(`${boot}\n`), line, Buffer.from("\n")]));
    const read = await readAll([path]);
    expect(told(read)).toEqual([]);
    expect(read.stats[0]).toMatchObject({ unreadable: 1 });
  });

  test("one file of both logs is read as both", async () => {
    const [path = ""] = write(folderOf(), {
      "all.log": [
        boot,
        ...request("10:00:00", ana, anasEvent, task(1)),
        received("10:00:00.200", task(1)),
        failed("10:00:00.300", "ForkPoolWorker-1"),
      ],
    });
    const read = await readAll([path]);
    expect(read.stats[0]?.logs).toEqual(["application", "worker"]);
    expect(told(read).map((line) => line.split(" ")[1])).toEqual([
      "queueing",
      "event-data",
      "queued",
      "received",
      "refused",
    ]);
  });

  test("times are of the zone that is given", async () => {
    const files = write(folderOf(), { "gunicorn.log": [queueing("10:00:00.123", ana)] });
    const at = async (zone: string): Promise<number | undefined> =>
      (
        await readLogs({
          files,
          zone,
          positions: [],
          signal: new AbortController().signal,
          now: Date.UTC(2030, 0, 1),
        })
      ).events.at(-1)?.at;
    expect(await at("UTC")).toBe(Date.UTC(2025, 10, 20, 10, 0, 0, 123));
    expect(await at("America/Sao_Paulo")).toBe(Date.UTC(2025, 10, 20, 13, 0, 0, 123));
  });
});

describe("files that are not as they should be", () => {
  test("are told of, and the others are read", async () => {
    const folder = folderOf();
    const [good = "", strange = "", empty = ""] = write(folder, {
      "gunicorn.log": [boot, queueing("10:00:00.100", ana)],
      "strange.log": ["hello", "world"],
      "empty.log": [],
    });
    copyFileSync(good, join(folder, "copy.log"));
    mkdirSync(join(folder, "dir.log"));
    const read = await readAll([
      good,
      good,
      strange,
      empty,
      join(folder, "copy.log"),
      join(folder, "none.log"),
      join(folder, "dir.log"),
    ]);
    expect(told(read)).toEqual([`2 queueing ${ana}`]);
    expect(read.warnings).toEqual([
      expect.stringMatching(/none\.log: not read \(ENOENT/),
      expect.stringMatching(/dir\.log: not read \(EISDIR/),
      expect.stringMatching(/copy\.log: begins like .*gunicorn\.log; one of them was read/),
      expect.stringMatching(/strange\.log: no line looks like the application's log or a worker's/),
    ]);
  });

  test("of a log and its shorter copy the longer is read", async () => {
    const folder = folderOf();
    const head = Array.from({ length: 40 }, () => web("09:00:01.000", "GET /"));
    const [copy = "", whole = ""] = write(folder, {
      "copy.log": head,
      "gunicorn.log": [...head, queueing("10:00:00.100", ana)],
    });
    expect(told(await readAll([copy, whole]))).toEqual([`41 queueing ${ana}`]);
    expect(told(await readAll([whole, copy]))).toEqual([`41 queueing ${ana}`]);
  });

  test("a last line in the future makes the zone doubtful", async () => {
    const files = write(folderOf(), { "gunicorn.log": [boot] });
    const now = Date.UTC(2025, 10, 20, 11);
    const read = await readLogs({
      files,
      zone: "America/Sao_Paulo",
      positions: [],
      signal: new AbortController().signal,
      now,
    });
    expect(read.warnings).toEqual([
      expect.stringContaining("its last line lies in the future; is the zone right?"),
    ]);
  });

  test("a zone that does not exist is an error that can be mended", async () => {
    const asking = readLogs({
      files: [],
      zone: "Brazil/Nowhere",
      positions: [],
      signal: new AbortController().signal,
      now: 0,
    });
    await expect(asking).rejects.toThrow(KnownError);
    await expect(asking).rejects.toMatchObject({
      problem: { next: "give a name such as America/Sao_Paulo" },
    });
  });

  test("an abort ends the reading", async () => {
    const files = write(folderOf(), { "gunicorn.log": [boot] });
    const stop = new AbortController();
    stop.abort(new Error("Ctrl-C"));
    await expect(
      readLogs({ files, zone: "UTC", positions: [], signal: stop.signal, now: 0 }),
    ).rejects.toThrow("Ctrl-C");
  });

  test("a file that goes while the others are read is told of", async () => {
    const folder = folderOf();
    const [path = ""] = write(folder, { "gunicorn.log": [boot, queueing("10:00:00.100", ana)] });
    renameSync(path, `${path}.1`);
    expect((await readAll([path, `${path}.1`])).warnings).toEqual([
      expect.stringContaining("gunicorn.log: not read"),
    ]);
    unlinkSync(`${path}.1`);
  });
});
