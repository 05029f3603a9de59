import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tie } from "../../../src/evidence/logs/attempts.js";
import { byPayment } from "../../../src/evidence/logs/by-sale.js";
import { coverage } from "../../../src/evidence/logs/coverage.js";
import { readLogs, type ReadLogs } from "../../../src/evidence/logs/read-logs.js";
import type { LoggedAttempt } from "../../../src/sales/logged.js";
import { corpus, routes, type Corpus, type LabelledSale } from "../../cast/corpus.js";
import { logPerson, logSecret } from "../../cast/logs.js";

/* What the logs alone say of sales of every route, beside what truly happened at Meta. */

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-logs-"));
afterAll(() => rmSync(folder, { recursive: true }));

export type Said = LoggedAttempt["result"] | "nothing";

/** The judge's order: one acceptance, then anything that may have arrived or may still run, then proof of loss. */
function said(attempts: readonly LoggedAttempt[]): Said {
  if (attempts.length === 0) return "nothing";
  if (attempts.some(({ result }) => result === "accepted")) return "accepted";
  if (attempts.some(({ result, mayStillRun }) => result === "unknown" || mayStillRun)) return "unknown";
  return attempts.some(({ result }) => result === "refused") ? "refused" : "not-sent";
}

async function read(files: readonly string[], to: number): Promise<ReadLogs> {
  return await readLogs({
    files,
    zone: "America/Sao_Paulo",
    positions: [],
    signal: new AbortController().signal,
    now: to + 24 * 3_600_000,
  });
}

interface Judged extends LabelledSale {
  readonly said: Said;
}

function judge({ sales }: Corpus, attempts: readonly LoggedAttempt[]): Judged[] {
  const found = byPayment(attempts);
  return sales.map((sale) => ({
    ...sale,
    said: said(found.of({ id: sale.saleId, paymentId: sale.paymentId })),
  }));
}

function table(judged: readonly Judged[]): string {
  const columns = ["accepted", "refused", "not-sent", "unknown", "nothing"] as const;
  const rows = (["received", "lost", "open"] as const).map((truth) => {
    const counts = columns.map(
      (column) => judged.filter((one) => one.truth === truth && one.said === column).length,
    );
    return `${truth.padEnd(22)}${counts.map((count) => String(count).padStart(9)).join("")}`;
  });
  return [`truth \\ the logs say   ${columns.map((column) => column.padStart(8)).join(" ")}`, ...rows].join(
    "\n",
  );
}

describe.each([1, 2, 3])("a shop's two days of logs, seed %i", (seed) => {
  const whole = corpus(seed);
  const files = whole.book.write(mkdtempSync(join(folder, `${seed}-`)));
  const reading = read(files, whole.to);
  const tied = reading.then(({ events }) => tie(events));

  test("hold at least 300 sales of every route", () => {
    expect(whole.sales.length).toBeGreaterThanOrEqual(300);
    expect(new Set(whole.sales.map((sale) => sale.route))).toEqual(
      new Set([...Object.keys(routes), "never handed to the broker", "shared click"]),
    );
  });

  test("never call lost what Meta received, nor received what was lost", async () => {
    const judged = judge(whole, (await tied).attempts);
    process.stdout.write(`\n${table(judged)}\n`);
    const wrong = judged.filter(
      (one) =>
        (one.truth !== "lost" && (one.said === "refused" || one.said === "not-sent")) ||
        (one.truth !== "received" && one.said === "accepted"),
    );
    expect(wrong).toEqual([]);
  });

  test("tell of most sales what became of them", async () => {
    const judged = judge(whole, (await tied).attempts);
    const by = new Map<string, string[]>();
    for (const one of judged) by.set(one.route, [...(by.get(one.route) ?? []), `${one.truth}>${one.said}`]);
    if (seed === 1)
      for (const [route, list] of by) {
        const counts = new Map<string, number>();
        for (const w of list) counts.set(w, (counts.get(w) ?? 0) + 1);
        process.stdout.write(`${route}: ${[...counts].map(([k, v]) => `${k} ${v}`).join(", ")}\n`);
      }
    if (seed === 1)
      process.stdout.write(
        JSON.stringify([...(await tied).untied]) +
          JSON.stringify((await reading).stats.map((s) => ({ ...s, quiet: s.quiet.length }))) +
          JSON.stringify(coverage((await reading).stats, (await reading).events)),
      );
  });

  test("and hold a secret and a customer that never come out", async () => {
    expect(readFileSync(files[0] as string, "utf8")).toContain(logSecret);
    const out = JSON.stringify([await reading, await tied]);
    expect(out).not.toContain(logSecret);
    expect(out).not.toContain(logPerson);
    expect(out).not.toContain("forged");
  });
});
