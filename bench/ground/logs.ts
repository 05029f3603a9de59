import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Line } from "../../demo/log-lines.js";
import { accepted, received, worker } from "../../demo/log-lines.js";
import { pixels } from "./shops.js";

/** A worker's log, and what is in it. */
export interface Log {
  readonly bytes: number;
  /** Lines that `grep -iE 'META|Purchase|send_meta_event'` prints. */
  readonly matching: number;
}

/** A sale that the log must tell of. */
export interface Told {
  readonly id: number;
  readonly paymentId: string;
  readonly eventId: string;
  readonly flaggedAt: number;
}

const HOUR = 3_600_000;
/** Written at once. */
const CHUNK = 1 << 20;

/**
 * Two days of a worker that also sends messages to customers: of each sale its Purchase, which Meta accepted, and between
 * them so many lines about other tasks that the log has the size that was asked for.
 */
export function writeLog(path: string, sales: readonly Told[], bytes: number): Log {
  const now = Date.now();
  const from = now - 48 * HOUR;
  const waiting = sales.flatMap(storyOf).toSorted((a, b) => a.at - b.at);
  const matching = waiting.length;
  const file = openSync(path, "w");
  let text = "";
  let written = 0;
  const flush = () => {
    written += writeSync(file, text);
    text = "";
  };
  const pair = noise(from, 0).text + noise(from, 1).text;
  const lines = Math.floor(bytes / (pair.length / 2 + 1));
  for (let n = 0; n < lines; n += 1) {
    const line = noise(from + Math.floor((n * (now - from)) / lines), n);
    while ((waiting[0]?.at ?? Infinity) <= line.at) text += `${waiting.shift()?.text}\n`;
    text += `${line.text}\n`;
    if (text.length > CHUNK) flush();
  }
  for (const { text: rest } of waiting) text += `${rest}\n`;
  flush();
  closeSync(file);
  return { bytes: written, matching };
}

/** A worker writes hundreds of lines a second, and their clock is the dearest part of each: told once a second here. */
let head = { second: Number.NaN, text: "" };

function noise(at: number, n: number): Line {
  const second = Math.floor(at / 1000) * 1000;
  if (second !== head.second) head = { second, text: worker(second, "", "").text.replace(/\] $/, "") };
  const task = `${String(10_000_000 + (n % 90_000_000))}-aaaa-4bbb-8ccc-${String(100_000_000_000 + n)}`;
  const says = n % 2 === 0 ? "received" : "succeeded in 0.08s: {'ok': True, 'message_id': 4711}";
  const text = `${head.text}ForkPoolWorker-${(n % 8) + 1}] Task celery_app.send_telegram[${task}] ${says}`;
  return { at: second, text };
}

function storyOf({ id, paymentId, eventId, flaggedAt }: Told): Line[] {
  const hex = createHash("md5").update(String(id)).digest("hex");
  const task = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  const told = {
    id,
    paymentId,
    eventId,
    pixel: pixels[id % 4] ?? "",
    pool: `Pool ${(id % 4) + 1}`,
    task,
    process: `ForkPoolWorker-${(id % 8) + 1}`,
  };
  return [received(flaggedAt + 150, told), ...accepted(flaggedAt + 400, told)];
}
