import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tie, type Tied } from "../../../src/evidence/logs/attempts.js";
import { readAll } from "../../cast/reading.js";

/*
 * Logs by hand: `web("10:00:00.100", …)` is a line of gunicorn.log on a day in November, `worker(…)` one of celery.log.
 */

export const ana = "BOT19_1763607031_ab12cd";
export const beto = "BOT43_1763607032_cd34ef";
export const anasEvent = "pageview_0123456789abcdef0123456789abcdef";
export const betosEvent = "pageview_fedcba9876543210fedcba9876543210";
export const pixel = "1234567890123401";
export const task = (n: number): string => `0000000${n}-aaaa-4bbb-8ccc-0123456789ab`;

export const web = (at: string, message: string, level = "INFO"): string =>
  `2025-11-20 ${at.replace(".", ",")} - ${level} - ${message}`;
export const worker = (at: string, process: string, message: string): string =>
  `[2025-11-20 ${at.replace(".", ",")}: INFO/${process}] ${message}`;

export const queueing = (at: string, payment: string): string =>
  web(
    at,
    `🚀 [META PURCHASE] Purchase - INICIANDO ENFILEIRAMENTO: Payment ${payment} | Pool: Loja | Pixel: ${pixel}`,
  );
export const data = (at: string, event: string): string =>
  web(
    at,
    `🚀 [META PURCHASE] Purchase - Event Data: event_name=Purchase, event_id=${event}, event_time=1763643600`,
  );
export const queued = (at: string, event: string, id: string): string =>
  web(
    at,
    `📤 Purchase enfileirado: R$ 97.00 | Pool: Loja | Event ID: ${event} | Task: ${id} | Type: initial`,
  );
export const sent = (at: string, payment: string, event: string): string =>
  web(at, `📤 Purchase ENVIADO: ${payment} | Events Received: 1 | event_id: ${event}`);
export const notQueued = (at: string, error: string): string =>
  web(at, `❌ ERRO CRÍTICO ao enfileirar Purchase no Celery: ${error}`, "ERROR");

/** A whole request, in a tenth of a second. `at` without its fraction. */
export const request = (at: string, payment: string, event: string, id: string): string[] => [
  queueing(`${at}.100`, payment),
  data(`${at}.110`, event),
  queued(`${at}.190`, event, id),
];

export const received = (at: string, id: string): string =>
  worker(at, "MainProcess", `Task celery_app.send_meta_event[${id}] received`);
export const ended = (at: string, process: string, id: string, how: string): string =>
  worker(at, process, `Task celery_app.send_meta_event[${id}] ${how}`);
export const succeeded = "succeeded in 0.2s: {'events_received': 1, 'messages': [], 'fbtrace_id': 'A1'}";
export const none = "succeeded in 0.2s: None";
export const success = (at: string, process: string, event: string): string =>
  worker(
    at,
    process,
    `SUCCESS | Meta Event | Purchase | ID: ${event} | Pixel: ${pixel} | Latency: 231ms | EventsReceived: 1`,
  );
export const failed = (at: string, process: string, status = 400, on = pixel): string =>
  worker(
    at,
    process,
    `FAILED | Meta Event | Purchase | Status: ${status} | Pixel: ${on} | Error: {"error":{"message":"Invalid parameter","code":100,"error_subcode":2804003}}`,
  );

/** Lines of an hour before, so that nobody is thought to be in the middle of something when the log begins. */
export const quietWeb = web("09:00:00.000", "boot");
export const quietWorker = worker("09:00:00.000", "MainProcess", "boot");

/** Of that day in November, by the clock that wrote the lines. */
export const moment = (time: string): number => Date.parse(`2025-11-20T${time}-03:00`);

export function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-lines-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

export function write(folder: string, files: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(files).map(([name, lines]) => {
    writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(""));
    return join(folder, name);
  });
}

/** What logs come to that have these lines and no others. */
export async function tiedExactly(files: Readonly<Record<string, readonly string[]>>): Promise<Tied> {
  return tie((await readAll(write(folderOf(), files))).events);
}

/** What these lines come to, in logs that began an hour before. */
export async function tied(application: readonly string[], workers: readonly string[] = []): Promise<Tied> {
  return await tiedExactly({
    "gunicorn.log": [quietWeb, ...application],
    "celery.log": [quietWorker, ...workers],
  });
}
