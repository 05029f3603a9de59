import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./errors.js";
import type { RequestEntry } from "./types.js";

/** Long enough for the first half of an answer to reach a client before the reset overtakes it. */
const settle = 25;

export function write(res: ServerResponse, answer: Answer, entry?: RequestEntry): void {
  const text = begin(res, answer, entry);
  res.setHeader("content-length", Buffer.byteLength(text));
  res.end(text);
}

/** A complete HTTP message whose JSON breaks off. */
export function writeTruncated(res: ServerResponse, answer: Answer, entry: RequestEntry): void {
  const text = begin(res, answer, entry);
  res.end(text.slice(0, text.length / 2));
}

/** Headers and half of the body, then a reset. */
export async function writeHalf(res: ServerResponse, answer: Answer, entry: RequestEntry): Promise<void> {
  const text = begin(res, answer, entry);
  res.setHeader("content-length", Buffer.byteLength(text));
  res.write(text.slice(0, text.length / 2));
  await sleep(settle);
  reset(res);
}

/** A JSON text that never ends, as fast as the client takes it. */
export function writeEndlessly(res: ServerResponse, answer: Answer, entry: RequestEntry): void {
  const text = begin(res, answer, entry);
  const filler = Buffer.alloc(65_536, " ");
  res.write(text.slice(0, -1));
  const pour = (): void => {
    if (res.destroyed) return;
    if (res.write(filler)) setImmediate(pour);
    else res.once("drain", pour);
  };
  pour();
}

/** A TCP reset rather than a polite end. */
export function reset(res: ServerResponse): void {
  res.socket?.resetAndDestroy();
}

function begin(
  res: ServerResponse,
  { status, headers, body }: Answer,
  entry: RequestEntry | undefined,
): string {
  const isText = typeof body === "string";
  res.statusCode = status;
  res.setHeader("content-type", isText ? "text/html; charset=utf-8" : "application/json; charset=UTF-8");
  for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value);
  if (entry !== undefined) {
    entry.status = status;
    res.once("finish", () => (entry.answered = true));
  }
  return isText ? body : JSON.stringify(body);
}
