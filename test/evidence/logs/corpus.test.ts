import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tie } from "../../../src/evidence/logs/attempts.js";
import { coverage } from "../../../src/evidence/logs/coverage.js";
import { corpus, routes } from "../../cast/corpus.js";
import { logPerson, logSecret } from "../../cast/logs.js";
import { confusion, judgeByLogs, mistakes, readAll, type JudgedSale } from "../../cast/reading.js";

/* What the logs alone say of sales of every route, beside what truly happened at Meta. */

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-logs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const saidOf = (judged: readonly JudgedSale[], route: string): string[] => [
  ...new Set(judged.filter((sale) => sale.route === route).map(({ truth, said }) => `${truth}: ${said}`)),
];

describe.each([1, 2, 3, 4, 5, 6, 7, 8])("a shop's two days of logs, seed %i", (seed) => {
  const { book, sales, from, to } = corpus(seed);
  const files = book.write(mkdtempSync(join(folder, `${seed}-`)));
  const reading = readAll(files);
  const judging = reading.then(({ events }) => judgeByLogs(sales, events));

  test("hold at least 300 sales, of every route", () => {
    expect(sales.length).toBeGreaterThanOrEqual(300);
    const all = [...Object.keys(routes), "never handed to the broker", "shared click"];
    expect(new Set(sales.map((sale) => sale.route))).toEqual(new Set(all));
  });

  test("never call lost what Meta received, nor received what was lost", async () => {
    const judged = await judging;
    if (seed === 1)
      process.stdout.write(`\nthe logs alone, ${sales.length} sales:\n${confusion(judged)}\n\n`);
    expect(mistakes(judged)).toEqual([]);
  });

  test("tell of most sales what became of them", async () => {
    const judged = await judging;
    for (const route of [
      "all went well",
      "Meta accepted, the id was not stored",
      "wait timed out, then Meta accepted",
    ])
      expect([route, saidOf(judged, route)]).toEqual([route, ["received: accepted"]]);
    for (const route of ["not allowed by the configuration", "access token cannot be decrypted"])
      expect([route, saidOf(judged, route)]).toEqual([route, ["lost: not-sent"]]);
    expect(saidOf(judged, "delivery script alone")).toEqual(["lost: nothing"]);
    expect(saidOf(judged, "wait timed out, still waiting for a retry")).toEqual(["open: unknown"]);
    const told = judged.filter(({ truth, said }) =>
      truth === "received" ? said === "accepted" : said === "refused" || said === "not-sent",
    );
    expect(told.length / judged.length).toBeGreaterThan(0.6);
  });

  test("hold a secret and a customer that never come out", async () => {
    expect(readFileSync(files[0] as string, "utf8")).toContain(logSecret);
    expect(readFileSync(files[0] as string, "utf8")).toContain(logPerson);
    const read = await reading;
    const out = JSON.stringify([read, tie(read.events)]);
    for (const hidden of [logSecret, logPerson, "forged"]) expect(out).not.toContain(hidden);
  });

  test("are known to be whole, from the first line to the last", async () => {
    const { stats, events, warnings } = await reading;
    expect(warnings).toEqual([]);
    const spans = coverage(stats, events);
    for (const whole of [spans.application, spans.worker]) {
      expect(whole).toHaveLength(1);
      expect((whole[0]?.from ?? 0) - from).toBeLessThan(60_000);
      expect(to - (whole[0]?.to ?? 0)).toBeLessThan(5 * 60_000);
    }
  });
});
