import { SEND_TASK } from "./event.js";
import { findByte } from "./find-byte.js";

/* Where the parts of a line lie, told from its bytes: see worth.ts for why. */

const BRACKET = 0x5b;
const CLOSE = 0x5d;

/** `[2025-…` is a worker's line, `2025-…` one of the web process. 0: neither. */
export function shapeOf(b: Buffer, start: number, end: number): 0 | 1 | 2 {
  if (end - start < 27) return 0;
  const first = b[start] as number;
  if (first === BRACKET && isTime(b, start + 1)) return 2;
  return isTime(b, start) ? 1 : 0;
}

/** `2025-11-20 10:31:15`, as far as its marks go; seconds may be followed by a comma or a point. */
function isTime(b: Buffer, at: number): boolean {
  return (
    b[at + 4] === 0x2d &&
    b[at + 7] === 0x2d &&
    b[at + 10] === 0x20 &&
    b[at + 13] === 0x3a &&
    b[at + 16] === 0x3a
  );
}

/** Where the message begins, behind `- INFO - `; -1 where the line has no such head. */
export function applicationMessage(b: Buffer, start: number, end: number): number {
  const most = Math.min(end - 2, start + 120);
  // With milliseconds, as almost always, the first dash is here, and no level is shorter than INFO.
  const usual = b[start + 24] === 0x2d;
  let dashes = usual ? 1 : 0;
  for (let at = start + (usual ? 31 : 19); at < most; at++) {
    if (b[at] !== 0x2d || b[at - 1] !== 0x20 || b[at + 1] !== 0x20) continue;
    dashes += 1;
    // `time - LEVEL - message`, or with the logger's name between: a level is in capitals.
    if (dashes > 1 && isCapital(b[at - 2] as number) && isCapital(b[at - 3] as number)) return at + 2;
  }
  return -1;
}

/** Where the message begins, behind `LEVEL/process] `; -1 likewise. */
export function workerMessage(b: Buffer, start: number, end: number): number {
  const at = findByte(b, CLOSE, start + 26, Math.min(end, start + 100));
  return at < 0 ? -1 : at + 2;
}

/** Where the task id begins in `Task celery_app.send_meta_event[…] …`, or -1. */
export function taskAt(b: Buffer, at: number, end: number): number {
  const most = Math.min(end - 37, at + 100);
  // The application's own name for it puts the bracket here; any other is searched for.
  const usual = at + 5 + "celery_app.".length + SEND_TASK.length;
  const i = usual < most && b[usual] === BRACKET ? usual : findByte(b, BRACKET, at + 5, most);
  // Enough to tell it from other tasks; the reading of the text is what decides.
  return i >= 0 && b[i - 1] === 0x74 && b[i - 6] === 0x5f && b[i - SEND_TASK.length] === 0x73 ? i + 1 : -1;
}

/** Task loggers put `celery_app.send_meta_event[‹task id›]: ` before a message: where the id begins, or -1. */
export function prefixAt(b: Buffer, at: number, end: number): number {
  const first = b[at] as number;
  if (first < 0x5f || first > 0x7a) return -1;
  const id = taskAt(b, at - 5, end);
  return id > 0 && b[id + 36] === CLOSE && b[id + 37] === 0x3a ? id : -1;
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}
