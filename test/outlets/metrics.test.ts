import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readFormer, writeMetrics } from "../../src/outlets/metrics-file.js";
import { metricsText } from "../../src/outlets/metrics-text.js";
import { obstacleKinds } from "../../src/sales/obstacle.js";
import type { BacklogPart } from "../../src/sales/summary.js";
import { verdictKinds } from "../../src/sales/verdict.js";
import { hasParser, parsed } from "../cast/prometheus.js";
import { ended, sum, summaryOf } from "../cast/summary.js";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "purchase-fix-metrics-"));
  file = join(folder, "purchase_fix.prom");
});
afterEach(() => rmSync(folder, { recursive: true }));

const backlog: readonly BacklogPart[] = [
  { verdict: "lost", obstacle: "none", pixelId: "410000000004321", ...sum(2, "194.00") },
  { verdict: "untraceable", obstacle: "expired", pixelId: null, ...sum(1, "97.00") },
];
const busy = summaryOf({ exitCode: 1, backlog, confirmed: sum(3, "291.50"), expired: sum(1, "97.00") });
const lines = (text: string) => text.split("\n").filter((line) => !line.startsWith("#"));

describe("the metrics of a run", () => {
  test("are gauges in base units, by verdict, obstacle and pixel, and money by currency", () => {
    expect(lines(metricsText(busy))).toEqual(
      expect.arrayContaining([
        "purchase_fix_last_run_timestamp_seconds 1795181400",
        "purchase_fix_last_run_duration_seconds 4.2",
        "purchase_fix_last_run_exit_code 1",
        "purchase_fix_last_success_timestamp_seconds 1795181340",
        'purchase_fix_last_run_sales{outcome="confirmed"} 3',
        'purchase_fix_last_run_amount{currency="BRL",outcome="confirmed"} 291.50',
        'purchase_fix_last_run_sales{outcome="refused"} 0',
        'purchase_fix_backlog_sales{verdict="lost",obstacle="none",pixel="410000000004321"} 2',
        'purchase_fix_backlog_amount{currency="BRL",verdict="untraceable",obstacle="expired",pixel="none"} 97.00',
        "purchase_fix_at_risk_sales 2",
        'purchase_fix_at_risk_amount{currency="BRL"} 194.00',
        "purchase_fix_expired_sales 1",
        "purchase_fix_needs_person_sales 0",
        "purchase_fix_quarantined_sales 0",
        "purchase_fix_acknowledged_sales 0",
        "purchase_fix_expiring_sales 0",
      ]),
    );
  });

  test.each([2, 130, 143])("that ended with %i claim nothing about what is left", (exitCode) => {
    const text = metricsText(summaryOf({ exitCode, resent: sum(1, "97.00"), lastSuccessAt: null }));
    expect(text).toContain(`purchase_fix_last_run_exit_code ${exitCode}\n`);
    expect(text).toContain('purchase_fix_last_run_sales{outcome="resent"} 1\n');
    expect(text).not.toMatch(/backlog|at_risk|needs_person|expir|last_success/);
  });
});

describe.skipIf(!hasParser())("Prometheus' own parser", () => {
  test("reads each metric with type and help, and no timestamps", async () => {
    const [families = []] = await parsed([metricsText(busy)]);
    expect(families.length).toBeGreaterThan(15);
    for (const { name, type, help, samples } of families) {
      expect([name, type, help === ""]).toEqual([
        expect.stringMatching(/^purchase_fix_[a-z0-9_]+$/),
        "gauge",
        false,
      ]);
      expect(name).not.toMatch(/_total$/);
      for (const { timestamp } of samples) expect(timestamp).toBeNull();
    }
  });

  test("reads back hostile labels, each set of them once, and the sums are kept", async () => {
    const label = fc.oneof(
      fc.string({ unit: "grapheme-composite", maxLength: 12 }),
      fc.string({
        unit: fc.constantFrom("\\", '"', "\n", "n", "{", "}", ",", "=", " ", "#", "\r", "\ud800", "é"),
        maxLength: 8,
      }),
    );
    const part: fc.Arbitrary<BacklogPart> = fc.record({
      verdict: fc.constantFrom(...verdictKinds),
      obstacle: fc.constantFrom(...obstacleKinds),
      pixelId: fc.option(label),
      count: fc.integer({ min: 0, max: 1_000_000 }),
      amount: fc.integer({ min: 0, max: 10 ** 9 }).map((cents) => (cents / 100).toFixed(2)),
    });
    const backlogs = fc.sample(fc.array(part, { maxLength: 12 }), 300);
    // "\r" inside a value is no line end to Prometheus, while Python's parser is fed text as it is.
    const read = await parsed(backlogs.map((parts) => metricsText(summaryOf({ backlog: parts }))));
    for (const [at, families] of read.entries()) {
      const parts = backlogs[at] ?? [];
      const keys = (part: BacklogPart) =>
        JSON.stringify([
          part.verdict,
          part.obstacle,
          (part.pixelId ?? "none").replaceAll(/\p{Surrogate}/gu, "\uFFFD"),
        ]);
      const samples = families.find(({ name }) => name === "purchase_fix_backlog_sales")?.samples ?? [];
      const seen = samples.map(({ labels }) =>
        JSON.stringify([labels["verdict"], labels["obstacle"], labels["pixel"]]),
      );
      expect(seen.toSorted()).toEqual([...new Set(parts.map(keys))].toSorted());
      expect(samples.reduce((total, { value }) => total + value, 0)).toBe(
        parts.reduce((total, { count }) => total + count, 0),
      );
    }
  });
});

describe("the file", () => {
  test("appears whole, readable by others whatever the umask, and nothing is left beside it", async () => {
    const before = process.umask(0o077);
    try {
      expect(await writeMetrics(file, busy, null, 4711)).toBeNull();
    } finally {
      process.umask(before);
    }
    expect(readFileSync(file, "utf8")).toBe(metricsText(busy));
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder)).toEqual(["purchase_fix.prom"]);
  });

  test("replaces the one before, and is never seen empty by who has it open", async () => {
    writeFileSync(file, "old\n");
    const inode = statSync(file).ino;
    await writeMetrics(file, busy, null, 4711);
    expect(statSync(file).ino).not.toBe(inode);
  });

  test("of a run that found the lock taken is left as it is", async () => {
    writeFileSync(file, "the other run's\n");
    expect(await writeMetrics(file, summaryOf({ exitCode: 75 }), null, 4711)).toBeNull();
    expect(readFileSync(file, "utf8")).toBe("the other run's\n");
  });

  test("of a failed run keeps the last success, which is still true, and not the backlog, which may not be", async () => {
    await writeMetrics(file, busy, null, 4711);
    const former = readFormer(file);
    expect(former).toEqual({ endedAt: ended, exitCode: 1, lastSuccessAt: ended - 60_000 });
    await writeMetrics(file, summaryOf({ exitCode: 2, lastSuccessAt: null }), former, 4711);
    expect(readFileSync(file, "utf8")).toContain("purchase_fix_last_success_timestamp_seconds 1795181340\n");
    expect(readFileSync(file, "utf8")).not.toContain("backlog");
  });

  test.each([["nothing"], [""], ["purchase_fix_last_run_exit_code x\n"], ["some_other_metric 1\n"]])(
    "of somebody else (%j) tells nothing about a former run",
    (text) => {
      if (text !== "nothing") writeFileSync(file, text);
      expect(readFormer(file)).toBeNull();
    },
  );
});

describe("a file that cannot be written is a trouble, makes 1 of the exit code, and is told even with --quiet", () => {
  const trouble = (why: RegExp) => ({
    why: expect.stringMatching(why) as unknown,
    exitCode: 1,
    evenQuiet: true,
  });

  test("in a folder that is missing", async () => {
    expect(await writeMetrics(join(folder, "none", "m.prom"), busy, null, 1)).toMatchObject(
      trouble(/ENOENT/),
    );
  });

  test("in the place of a folder, which stays", async () => {
    mkdirSync(file);
    expect(await writeMetrics(file, busy, null, 1)).toMatchObject(trouble(/no ordinary file/));
    expect(readdirSync(folder)).toEqual(["purchase_fix.prom"]);
  });

  // As /dev/null is none, but a test that breaks must not replace that one.
  test("in the place of a pipe or a device, which stays one", async () => {
    execFileSync("mkfifo", [file]);
    expect(await writeMetrics(file, busy, null, 1)).toMatchObject(trouble(/no ordinary file/));
    expect([statSync(file).isFIFO(), readFormer(file)]).toEqual([true, null]);
  });

  test("through a symbolic link, and neither the link nor what it names is touched", async () => {
    const target = join(folder, "precious");
    writeFileSync(target, "precious\n");
    symlinkSync(target, file);
    expect(await writeMetrics(file, busy, null, 1)).toMatchObject(trouble(/symbolic link/));
    expect(readFileSync(file, "utf8")).toBe("precious\n");
    expect(readFormer(file)).toBeNull();
  });

  test("but a link in the place of the file beside it is no way to any other file", async () => {
    const target = join(folder, "precious");
    writeFileSync(target, "precious\n");
    symlinkSync(target, join(folder, ".purchase_fix.prom.4711"));
    expect(await writeMetrics(file, busy, null, 4711)).toBeNull();
    expect(readFileSync(target, "utf8")).toBe("precious\n");
    expect(existsSync(join(folder, ".purchase_fix.prom.4711"))).toBe(false);
  });
});
