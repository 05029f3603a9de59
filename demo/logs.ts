import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fates } from "./fates.js";
import type { Sale } from "./incident.js";
import { madeUpId, moments, paymentIdOf, pools, sales } from "./incident.js";
import type { Line, Told } from "./log-lines.js";
import { accepted, web, worker } from "./log-lines.js";

const minute = 60_000;
/** What is older was rotated away. */
const kept = 12 * 60 * minute;

/** Writes the application's logs of the incident: `gunicorn.log` and `celery.log`, each with an older part. */
export function writeLogs(folder: string, now: number): void {
  mkdirSync(folder);
  const from = now - kept;
  const lines = sales()
    .flatMap((sale) => storyOf(sale, now))
    .filter(({ at }) => at > from && at < now);
  const background = Array.from({ length: Math.floor(kept / (3 * minute)) }, (_, n) => from + n * 3 * minute);
  const isWorkers = ({ text }: Line) => text.startsWith("[");
  write(join(folder, "gunicorn.log"), [
    ...lines.filter((line) => !isWorkers(line)),
    ...background.map((at) => web(at, '127.0.0.1 - - "GET /go/musica HTTP/1.1" 302')),
  ]);
  write(join(folder, "celery.log"), [
    ...lines.filter(isWorkers),
    ...background.map((at) =>
      worker(at, "MainProcess", `Task celery_app.send_telegram[${idOf(`${at}`)}] received`),
    ),
  ]);
}

/** The task of a sale that was waiting runs at last, and says so. */
export function tellOfItsRun(folder: string, sale: Sale, begun: number, now: number): void {
  const lines = accepted(now, toldOf(sale, begun)).map(({ text }) => `${text}\n`);
  appendFileSync(join(folder, "celery.log"), lines.join(""));
}

/** Where the application sends a sale's event, and under which id. */
export function destinationOf(sale: Sale, now: number): { readonly pixel: string; readonly eventId: string } {
  const { pixel, eventId } = toldOf(sale, now);
  return { pixel, eventId };
}

function write(path: string, lines: readonly Line[]): void {
  const text = lines.toSorted((a, b) => a.at - b.at).map((line) => `${line.text}\n`);
  const half = Math.floor(text.length / 2);
  writeFileSync(`${path}.1`, text.slice(0, half).join(""));
  writeFileSync(path, text.slice(half).join(""));
}

function storyOf(sale: Sale, now: number): readonly Line[] {
  return sale.fate === null ? [] : fates[sale.fate](moments(sale, now).flagged, toldOf(sale, now), now);
}

function toldOf(sale: Sale, now: number): Told {
  const pool = pools.find(({ bots }) => bots.some((bot) => bot === sale.bot));
  return {
    id: sale.id,
    paymentId: paymentIdOf(sale, now),
    eventId: sale.pageview ?? madeUpId(sale, now),
    pixel: pool?.pixel?.id ?? "0",
    pool: pool?.name ?? "-",
    task: idOf(String(sale.id)),
    process: `ForkPoolWorker-${(sale.id % 8) + 1}`,
  };
}

/** A task id that is the same for every run of the demo. */
function idOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
