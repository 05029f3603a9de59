import { taskAt } from "./heads.js";

/*
 * The scan spends its time here: every line of gigabytes passes, and almost all end here, before any text is made of
 * them. So these functions look at bytes, at places where the shape of a line puts them, and make no objects.
 */

/** What a line may be, by its first bytes. */
export const worth = { nothing: 0, read: 1, task: 2, other: 3 } as const;
export type Worth = (typeof worth)[keyof typeof worth];

const BRACKET = 0x5b;
const BAR = 0x7c;
const [A, D, E, F, H, M, P, R, S, T] = [0x41, 0x44, 0x45, 0x46, 0x48, 0x4d, 0x50, 0x52, 0x53, 0x54];
const [a, d, e, m, r, u, X, y] = [0x61, 0x64, 0x65, 0x6d, 0x72, 0x75, 0x58, 0x79];

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
  if (first === T && second === a) return taskAt(b, at, end) < 0 ? worth.nothing : worth.task;
  if (first === S || first === R || first === T || first === F) return outcomeWorth(b, at, end);
  if (first === E || first === A) return second === X ? outcomeWorth(b, at, end) : worth.read;
  if (first === H || first === P) return worth.read;
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

function pastEmoji(b: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && ((b[at] as number) >= 0x80 || b[at] === 0x20)) at++;
  return at;
}

function endsReady(b: Buffer, end: number): boolean {
  const last = b[end - 1] === 0x0d ? end - 2 : end - 1;
  return b[last] === 0x2e && b[last - 1] === y && b[last - 2] === d && b[last - 3] === a && b[last - 4] === e;
}
