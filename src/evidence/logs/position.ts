import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Instant } from "../../sales/sale.js";
import type { LogName } from "./event.js";

/** Enough to tell one log from every other: lines begin with a time, to the millisecond. */
const HEAD = 1024;
/** A shorter head (not one whole time) tells nothing. */
const SHORTEST_HEAD = 32;

/** The first bytes of a log, by which it is known again under another name, compressed or not. */
export interface Head {
  readonly bytes: number;
  readonly sha256: string;
}

/** How far a log was read: what follows is new. Plain data, to be kept between runs. */
export interface Position {
  readonly path: string;
  /** The head's digest when it was first read: the log's name for ever, while the head of a young file grows. */
  readonly id: string;
  readonly head: Head;
  /** Into the text, uncompressed; always the beginning of a line. */
  readonly offset: number;
  /** Lines before it. */
  readonly lines: number;
  readonly log: LogName | null;
  readonly lastAt: Instant | null;
  /** Worker processes in the middle of a Purchase. */
  readonly busy: readonly string[];
}

export function headOf(bytes: Buffer): Head {
  const head = bytes.subarray(0, HEAD);
  return { bytes: head.length, sha256: createHash("sha256").update(head).digest("hex") };
}

/** The position that belongs to a log with these first bytes: the furthest, where two do. */
export function positionOf(bytes: Buffer, positions: readonly Position[]): Position | null {
  const own = positions.filter(
    ({ head }) =>
      head.bytes >= SHORTEST_HEAD &&
      head.bytes <= bytes.length &&
      head.sha256 === headOf(bytes.subarray(0, head.bytes)).sha256,
  );
  return own.toSorted((a, b) => b.offset - a.offset)[0] ?? null;
}

/** `celery.log`, `celery.log.1` and `celery.log-20251120.gz` are parts of one log. */
export function lineageOf(path: string): string {
  return path.replace(/\.gz$/, "").replace(/(?:\.\d{1,4}|[-.]\d{8,10})$/, "");
}

/** 0 for the file that is written to, 1 for the one before; null where its name does not tell. */
export function ageOf(path: string): number | null {
  const name = basename(path).replace(/\.gz$/, "");
  const number = /\.(\d{1,4})$/.exec(name)?.[1];
  if (number !== undefined) return Number(number);
  return /[-.]\d{8,10}$/.test(name) ? null : 0;
}
