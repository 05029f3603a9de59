import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { tie } from "../../../src/evidence/logs/attempts.js";
import { coverage } from "../../../src/evidence/logs/coverage.js";
import type { LogEvent } from "../../../src/evidence/logs/event.js";
import { corpus, routes } from "../../cast/corpus.js";
import { LogBook, seeded, uuid, type Outcome, type Sending } from "../../cast/logs.js";
import { judgeByLogs, mistakes, readAll } from "../../cast/reading.js";

/* However requests interleave, and whatever part of the logs is gone: what is said is so. */

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-interleaving-"));
afterAll(() => rmSync(folder, { recursive: true }));

const seed = fc.integer({ min: 0, max: 2 ** 31 });
const start = Date.UTC(2025, 10, 20, 15);

test("any shop, any schedule: no mistake", async () => {
  await fc.assert(
    fc.asyncProperty(seed, async (from) => {
      const { book, sales } = corpus(from, 60);
      const { events } = await readAll(book.write(mkdtempSync(join(folder, "any-"))));
      expect(mistakes(judgeByLogs(sales, events))).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

test("with files missing, nothing lost is called received, and loss is not covered where it is wrong", async () => {
  await fc.assert(
    fc.asyncProperty(seed, fc.integer({ min: 1, max: 30 }), async (from, kept) => {
      const { book, sales, to } = corpus(from, 60);
      const files = book.write(mkdtempSync(join(folder, "part-")));
      const { events, stats } = await readAll(files.filter((_, index) => (kept & (1 << index)) !== 0));
      const spans = coverage(stats, events);
      const wrong = mistakes(judgeByLogs(sales, events));
      expect(wrong.filter((sale) => sale.said === "accepted")).toEqual([]);
      const { attempts } = tie(events);
      for (const sale of wrong) {
        const at =
          attempts.find((one) => one.paymentId === sale.paymentId || one.saleId === sale.saleId)?.at ?? 0;
        const whole = [spans.application, spans.worker].every((list) =>
          list.some((span) => span.from <= at && span.to >= to - 5 * 60_000),
        );
        expect([sale.route, whole]).toEqual([sale.route, false]);
      }
    }),
    { numRuns: 40 },
  );
});

const fates: readonly Outcome[] = ["success", "refused", "5xx", "invalid"];

/** Requests whose lines all fall within a second, each with its own fate. */
function crowd(
  from: number,
  size: number,
): { events: Promise<readonly LogEvent[]>; sales: (Sending & { fate: Outcome })[] } {
  const random = seeded(from);
  const book = new LogBook(random);
  book.say(start - 60_000, "boot");
  book.tell(start - 60_000, "MainProcess", "boot");
  const sales = Array.from({ length: size }, (_, n) => {
    const sale = {
      saleId: n + 1,
      paymentId: `BOT1_${n}_ab`,
      eventId: `pageview_${uuid(random).replaceAll("-", "")}`,
      pixelId: random.pick(["1234567890123401", "1234567890123402"]),
    };
    const fate = random.pick(fates);
    const at = start + random.below(600);
    if (random.next() < 0.2) {
      book.prepare(at, sale, "queueing");
      return { ...sale, fate: "invalid" as const };
    }
    const ready = book.prepare(at, sale);
    const task = uuid(random);
    book.queued(ready + random.below(100), sale, task);
    book.received(ready + random.below(200), task);
    const end = book.run(ready + 200 + random.below(900), task, sale, fate);
    if (fate === "success") book.confirmed(end + random.below(100), sale);
    return { ...sale, fate };
  });
  const files = book.write(mkdtempSync(join(folder, "crowd-")));
  return { sales, events: readAll(files).then((read) => read.events) };
}

test("in a crowd an event goes to its own sale, or to none", async () => {
  await fc.assert(
    fc.asyncProperty(seed, fc.integer({ min: 2, max: 9 }), async (from, size) => {
      const { events, sales } = crowd(from, size);
      for (const attempt of tie(await events).attempts) {
        const own = sales.find(
          (sale) => sale.paymentId === attempt.paymentId || sale.saleId === attempt.saleId,
        );
        if (own === undefined || attempt.eventId === null) continue;
        expect(attempt.eventId).toBe(own.eventId);
        if (attempt.result === "accepted") expect(own.fate).toBe("success");
        if (attempt.result === "refused") expect(own.fate).toBe("refused");
      }
    }),
    { numRuns: 150 },
  );
});

test("the order in which files are given changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(seed, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (from, order) => {
      const { book } = corpus(from, 40);
      const files = book.write(mkdtempSync(join(folder, "order-")));
      const straight = await readAll(files);
      const shuffled = await readAll(order.map((index) => files[index] as string));
      expect(tie(shuffled.events)).toEqual(tie(straight.events));
    }),
    { numRuns: 10 },
  );
});

test("alone, every route ties all its lines to its sale", async () => {
  for (const [name, route] of Object.entries(routes)) {
    const random = seeded(7);
    const book = new LogBook(random);
    book.say(start - 3_600_000, "boot");
    book.tell(start - 3_600_000, "MainProcess", "boot");
    const sale = {
      saleId: 9445,
      paymentId: "BOT19_1763607031_ab12cd",
      eventId: `pageview_${"ab".repeat(16)}`,
      pixelId: "1234567890123401",
    };
    const truth = route({ book, random, living: [] }, start, sale);
    const { events } = await readAll(book.write(mkdtempSync(join(folder, "alone-"))));
    const { attempts } = tie(events);
    const strangers = attempts.filter(
      ({ paymentId, saleId }) => paymentId !== sale.paymentId && saleId !== sale.saleId,
    );
    expect([name, strangers]).toEqual([name, []]);
    if (truth === "received")
      expect([name, attempts.map(({ result }) => result)]).not.toEqual([name, ["refused"]]);
  }
});
