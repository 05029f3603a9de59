import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect as shown } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tie } from "../../../src/evidence/logs/attempts.js";
import { readLogs, type ReadLogs } from "../../../src/evidence/logs/read-logs.js";
import type { LoggedAttempt } from "../../../src/sales/logged.js";
import { celeryParts, startCelery, type Behaviour, type CeleryLab } from "../../cast/celery.js";
import { write } from "./lines.js";

/* The lines of a real worker, and beside them a web process's that queued the same tasks. */

const parts = celeryParts();
const token = "token-of-the-shop";
const pixel = "1234567890";
const patience = { timeout: 60_000, interval: 100 };

const behaviours: readonly (Behaviour & { readonly event_id: string })[] = [
  { event_id: "pageview_accepted" },
  { event_id: "pageview_refused", statuses: [400] },
  { event_id: "pageview_error_then_accepted", statuses: [500, 200] },
  { event_id: "pageview_error_then_refused", statuses: [503, 400] },
  { event_id: "pageview_reset_then_refused", statuses: ["reset", 400], countdown: 0.5 },
  { event_id: "pageview_limited_then_refused", statuses: [429, 400], countdown: 0.5 },
  { event_id: "pageview_limited", statuses: [429], countdown: 600 },
  { event_id: "pageview_invalid", invalid: true },
];

describe.skipIf(!parts.available)("a real worker's log", () => {
  let lab: CeleryLab;
  let read: ReadLogs;
  let log: string;
  let folder: string;
  let queuedAt: number;
  let attempts: readonly LoggedAttempt[];

  beforeAll(async () => {
    lab = await startCelery({ log: true });
    queuedAt = Date.now();
    const tasks = await lab.send(token, behaviours);
    const ends = (): string[] =>
      readFileSync(lab.log, "utf8")
        .split("\n")
        .filter((line) => / succeeded in | raised unexpected/.test(line));
    // Two of the eight end at once, one never does; a 5xx and a 429 are tried again twice each.
    await vi.waitFor(() => expect(ends().length).toBeGreaterThanOrEqual(10), patience);
    // Copies of one task end in any order: all have when nothing has been added for longer than a countdown.
    for (let seen = 0; seen < ends().length; await sleep(2_500)) seen = ends().length;
    log = readFileSync(lab.log, "utf8");
    const at = new Date(queuedAt).toISOString().replace("T", " ").replace(".", ",").slice(0, 23);
    const web = behaviours.flatMap(({ event_id }, index) => [
      `${at} - INFO - 🚀 [META PURCHASE] Purchase - INICIANDO ENFILEIRAMENTO: Payment BOT1_${index}_x | Pool: P | Pixel: ${pixel}`,
      `${at} - INFO - 🚀 [META PURCHASE] Purchase - Event Data: event_name=Purchase, event_id=${event_id}, event_time=1`,
      `${at} - INFO - 📤 Purchase enfileirado: R$ 1.00 | Pool: P | Event ID: ${event_id} | Task: ${tasks[index]} | Type: initial`,
    ]);
    const before = new Date(queuedAt - 3_600_000)
      .toISOString()
      .replace("T", " ")
      .replace(".", ",")
      .slice(0, 23);
    folder = mkdtempSync(join(tmpdir(), "purchase-fix-worker-log-"));
    const files = write(folder, {
      "gunicorn.log": [`${before} - INFO - boot`, ...web],
      "celery.log": [`[${before}: INFO/MainProcess] boot`, ...log.split("\n")],
    });
    read = await readLogs({
      files,
      zone: "UTC",
      positions: [],
      signal: new AbortController().signal,
      now: Date.now(),
    });
    attempts = tie(read.events).attempts;
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await lab?.stop();
  });

  const of = (event: string): LoggedAttempt | undefined => attempts.find((one) => one.eventId === event);

  test("tells what became of every task", () => {
    expect(
      behaviours.map(({ event_id }) => [event_id, of(event_id)?.result, of(event_id)?.mayStillRun]),
    ).toEqual([
      ["pageview_accepted", "accepted", false],
      ["pageview_refused", "refused", false],
      ["pageview_error_then_accepted", "accepted", false],
      ["pageview_error_then_refused", "unknown", false],
      ["pageview_reset_then_refused", "unknown", false],
      ["pageview_limited_then_refused", "refused", false],
      ["pageview_limited", "unknown", true],
      ["pageview_invalid", "not-sent", false],
    ]);
    expect(attempts.map(({ paymentId }) => paymentId)).toEqual(
      behaviours.map((_, index) => `BOT1_${index}_x`),
    );
    expect(of("pageview_invalid")?.cause).toBe("task-failed");
  });

  test("a 5xx queued two copies of one task id, as the facts say", () => {
    const id = of("pageview_error_then_accepted")?.taskId;
    expect(log.split("\n").filter((line) => line.includes(`[${id}] received`))).toHaveLength(3);
  });

  test("every line about the tasks was understood, at its time", () => {
    const [, stats] = read.stats;
    const ours = log
      .split("\n")
      .filter((line) => /send_meta_event\[|Meta Event|^\[.*Event: Purchase/.test(line));
    // And the worker's start.
    expect(stats).toMatchObject({ logs: ["worker"], meaningful: ours.length + 1, unreadable: 0 });
    for (const event of read.events.filter(
      ({ kind, log: name }) => name === "worker" && kind === "received",
    )) {
      expect(event.at).toBeGreaterThanOrEqual(queuedAt - 1);
      expect(event.at).toBeLessThanOrEqual(Date.now());
    }
  });

  test("holds the access token, and nothing that was read does", () => {
    expect(log).toContain(token);
    expect(shown([read, attempts], { depth: null, maxArrayLength: null })).not.toContain(token);
    expect(shown(attempts, { depth: null })).not.toContain("behaviour");
  });
});
