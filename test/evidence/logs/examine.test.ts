import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { examineLogs } from "../../../src/evidence/logs/examine.js";
import type { LogFacts } from "../../../src/ports.js";
import { LogBook, logPerson, logSecret, seeded, uuid } from "../../cast/logs.js";

const MINUTE = 60_000;
const start = Date.UTC(2025, 10, 20, 13);
const sale = { saleId: 9445, paymentId: "BOT19_1", eventId: "pageview_1", pixelId: "1234567890" };
const stored = "[META PURCHASE] Purchase - meta_event_id atualizado: pageview_1...";

/** An hour of both logs, with what a test writes into them. */
async function examined(tell: (book: LogBook, task: string) => void): Promise<LogFacts> {
  const random = seeded(5);
  const book = new LogBook(random);
  for (let minute = 0; minute <= 60; minute += 2) {
    book.say(start + minute * MINUTE, "GET /");
    book.tell(start + minute * MINUTE, "MainProcess", "sync with celery@shop-1");
  }
  tell(book, uuid(random));
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-examine-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = book.write(folder);
  const { signal } = new AbortController();
  const now = start + 61 * MINUTE;
  return await examineLogs({ files, zone: "America/Sao_Paulo", signal, now }, ["nowhere.log"]);
}

test("tells what logs are worth, and nothing of what they hold", async () => {
  const facts = await examined((book, task) => {
    const at = book.prepare(start + 20 * MINUTE, sale);
    book.queued(at + 5, sale, task);
    book.received(at + 8, task);
    book.confirmed(book.run(at + 10, task, sale, "success") + 5, sale);
  });
  expect(facts).toMatchObject({
    zone: "America/Sao_Paulo",
    missing: ["nowhere.log"],
    warnings: [],
    wholeSince: { application: start, worker: start },
    storedBeforeQueued: 0,
    refused: [],
  });
  expect(facts.files.map(({ kinds }) => kinds)).toEqual([
    ["application"],
    ["application"],
    ["worker"],
    ["worker"],
    ["worker"],
  ]);
  for (const secret of [logSecret, logPerson]) expect(JSON.stringify(facts)).not.toContain(secret);
});

test("an id that is stored before its event is queued is counted, once however often that was said", async () => {
  const facts = await examined((book, task) => {
    book.say(start + 19 * MINUTE, stored);
    book.say(start + 19.5 * MINUTE, stored);
    book.queued(book.prepare(start + 20 * MINUTE, sale) + 5, sale, task);
  });
  expect(facts.storedBeforeQueued).toBe(1);
});

test("not where a log begins so shortly before that the queueing may lie in the part before it", async () => {
  const facts = await examined((book, task) => {
    book.say(start + 5_000, stored);
    book.queued(book.prepare(start + 20 * MINUTE, sale) + 5, sale, task);
  });
  expect(facts.storedBeforeQueued).toBe(0);
});

test("an id that Meta refused is told, but not one that it took at another attempt", async () => {
  const other = { ...sale, saleId: 9446, paymentId: "BOT19_2", eventId: "pageview_2" };
  const facts = await examined((book, task) => {
    const tasks = [task, `0${task.slice(1)}`, `1${task.slice(1)}`];
    for (const [at, [one, outcome]] of (
      [
        [sale, "refused"],
        [other, "refused"],
        [other, "success"],
      ] as const
    ).entries()) {
      const id = tasks[at] ?? "";
      const ready = book.prepare(start + (20 + at * 5) * MINUTE, one);
      book.queued(ready + 5, one, id);
      book.received(ready + 8, id);
      book.run(ready + 10, id, one, outcome);
    }
  });
  expect(facts.refused).toEqual(["pageview_1"]);
});
