import { SEND_TASK } from "./event.js";

/*
 * The scan spends its time here: every line of gigabytes passes, and almost all end here, before any text is made of
 * them. So these functions look at bytes, at places where the shape of a line puts them, and make no objects.
 */

/** What a line may be, by its first bytes. */
export const worth = { nothing: 0, read: 1, task: 2, other: 3 } as const;
export type Worth = (typeof worth)[keyof typeof worth];

const BRACKET = 0x5b;
const CLOSE = 0x5d;
const BAR = 0x7c;
const code = (letter: string): number => letter.charCodeAt(0);
const [P, E, R, M, A, T, m, e, r, u, S, D, t] = [..."PERMATmeruSDt"].map(code) as readonly number[] as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

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
  let dashes = 0;
  let at = start + 19;
  for (; at < most; at++) {
    if (b[at] !== 0x2d || b[at - 1] !== 0x20 || b[at + 1] !== 0x20) continue;
    dashes += 1;
    // `time - LEVEL - message`, or with the logger's name between: a level is in capitals.
    if (dashes > 1 && isCapital(b[at - 2] as number) && isCapital(b[at - 3] as number)) return at + 2;
  }
  return -1;
}

/** Where the message begins, behind `LEVEL/process] `; -1 likewise. */
export function workerMessage(b: Buffer, start: number, end: number): number {
  const most = Math.min(end, start + 100);
  for (let at = start + 26; at < most; at++) if (b[at] === CLOSE) return at + 2;
  return -1;
}

/** Lines of ours begin with an emoji or not, then with one of few words. */
export function applicationWorth(b: Buffer, from: number, end: number): Worth {
  const at = pastEmoji(b, from, end);
  const [first, second] = [b[at], b[at + 1]];
  if (first === BRACKET) return second === M && isMeta(b, at) ? worth.read : worth.nothing;
  if (first === P) return second === u || second === R ? worth.read : worth.nothing;
  if (first === E) return second === R || second === r ? worth.read : worth.nothing;
  return first === m && second === e ? worth.read : worth.nothing;
}

/** `[META DELIVERY]`, `[META PURCHASE]`; the page views' `[META PAGEVIEW]` are many. */
function isMeta(b: Buffer, at: number): boolean {
  const [first, second] = [b[at + 6], b[at + 7]];
  return (first === D && b[at + 7] === E) || (first === P && second !== A);
}

export function workerWorth(b: Buffer, from: number, end: number): Worth {
  const at = pastEmoji(b, from, end);
  const [first, second] = [b[at], b[at + 1]];
  if (first === T && second === 0x61) return taskAt(b, at, end) < 0 ? worth.nothing : worth.task;
  if (first === S || first === R || first === T || first === 0x46) return outcomeWorth(b, at, end);
  if (first === E || first === A) return second === 0x58 ? outcomeWorth(b, at, end) : worth.read;
  if (first === 0x48 || first === P) return worth.read;
  return endsReady(b, end) ? worth.read : worth.nothing;
}

/** `SUCCESS | Meta Event | PageView | …`: other events are a hundred times as many as Purchases. */
function outcomeWorth(b: Buffer, at: number, end: number): Worth {
  const most = Math.min(end - 2, at + 48);
  let last = -1;
  // `SUCCESS | Meta Event | ` is almost all of them.
  for (let i = b[at + 21] === BAR && b[at + 8] === BAR ? at + 21 : at; i < most; i++) {
    if (b[i] !== BAR) continue;
    if (b[i + 2] === P && b[i + 3] === u) return worth.read;
    if (last >= 0 || i === at + 21) return worth.other;
    last = i;
  }
  return last < 0 ? worth.nothing : worth.other;
}

/** Where the task id begins in `Task celery_app.send_meta_event[…] …`, or -1. */
export function taskAt(b: Buffer, at: number, end: number): number {
  const most = Math.min(end - 37, at + 100);
  // The application's own name for it puts the bracket here; any other is searched for.
  const usual = at + 5 + "celery_app.".length + SEND_TASK.length;
  for (let i = usual < most && b[usual] === BRACKET ? usual : at + 5; i < most; i++) {
    if (b[i] !== BRACKET) continue;
    // Enough to tell it from other tasks; the reading of the text is what decides.
    return b[i - 1] === t && b[i - 6] === 0x5f && b[i - SEND_TASK.length] === 0x73 ? i + 1 : -1;
  }
  return -1;
}

/** Task loggers put `celery_app.send_meta_event[‹task id›]: ` before a message: where the id begins, or -1. */
export function prefixAt(b: Buffer, at: number, end: number): number {
  const first = b[at] as number;
  if (first < 0x5f || first > 0x7a) return -1;
  const id = taskAt(b, at - 5, end);
  return id > 0 && b[id + 36] === CLOSE && b[id + 37] === 0x3a ? id : -1;
}

function pastEmoji(b: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && ((b[at] as number) >= 0x80 || b[at] === 0x20)) at++;
  return at;
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function endsReady(b: Buffer, end: number): boolean {
  const last = b[end - 1] === 0x0d ? end - 2 : end - 1;
  return (
    b[last] === 0x2e &&
    b[last - 1] === 0x79 &&
    b[last - 2] === 0x64 &&
    b[last - 3] === 0x61 &&
    b[last - 4] === e
  );
}
