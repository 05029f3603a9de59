import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type { Lines } from "./lines.js";

/** The text of a log as bytes, whether it is compressed or not. */
export interface LogBytes {
  readonly compressed: boolean;
  /** Length of the file itself. */
  readonly size: number;
  /** The first bytes of the text, 64 kB at most. */
  readonly head: Buffer;
}

const HEAD = 64 * 1024;

/** @throws whatever the file system says */
export async function lookAt(path: string): Promise<LogBytes> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    const head = buffer.subarray(0, bytesRead);
    const compressed = head[0] === 0x1f && head[1] === 0x8b;
    return { compressed, size, head: compressed ? await gunzippedHead(path) : head };
  } finally {
    await file.close();
  }
}

async function gunzippedHead(path: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of gunzipped(path)) {
      parts.push(part);
      size += part.length;
      if (size >= HEAD) break;
    }
  } catch {
    // A damaged file has a head all the same; reading on tells where the damage is.
  }
  return Buffer.concat(parts).subarray(0, HEAD);
}

async function* gunzipped(path: string): AsyncGenerator<Buffer> {
  const source = createReadStream(path);
  const text = source.pipe(createGunzip());
  source.once("error", (error) => text.destroy(error));
  try {
    for await (const part of text) yield part as Buffer;
  } finally {
    source.destroy();
    text.destroy();
  }
}

/** Feeds the text from an offset on, a block at a time; the iteration's pauses are where the caller drains. */
export async function* feed(
  path: string,
  compressed: boolean,
  from: number,
  lines: Lines,
): AsyncGenerator<void> {
  if (compressed) return yield* feedGunzipped(path, from, lines);
  const file = openSync(path, "r");
  try {
    for (let at = from, block = 1; ; block++) {
      // Not awaited: the disk's cache answers sooner than a thread of the pool is woken, which would cost a quarter.
      const size = readSync(file, lines.room(), 0, lines.room().length, at);
      if (size === 0) return;
      at += size;
      lines.written(size);
      yield;
      if (block % 16 === 0) await setImmediate();
    }
  } finally {
    closeSync(file);
  }
}

async function* feedGunzipped(path: string, from: number, lines: Lines): AsyncGenerator<void> {
  let before = from;
  for await (const part of gunzipped(path)) {
    const skipped = Math.min(before, part.length);
    before -= skipped;
    let rest = part.subarray(skipped);
    while (rest.length > 0) {
      const size = rest.copy(lines.room());
      rest = rest.subarray(size);
      lines.written(size);
    }
    yield;
  }
}
