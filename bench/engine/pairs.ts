import type { Spread } from "./spread.js";
import { spreadOf } from "./spread.js";

/** What one side took for its work once. */
export interface Sample {
  readonly wallMs: number;
  /** User and system time of the process and what it waited for; null where another process does the work. */
  readonly cpuMs: number | null;
  /** Megabytes. */
  readonly peakMb: number | null;
  /** Sales, bytes or runs: sides that did different amounts are compared per unit. */
  readonly units: number;
}

/** One contestant. Its run checks its own answer, and throws `WrongAnswer` where that is wrong. */
export type Side = () => Promise<Sample>;

export interface Pair {
  readonly ours: Sample;
  readonly beside: Sample;
}

/** The answer was wrong: the row fails, whatever its speed. */
export class WrongAnswer extends Error {}

/** @throws WrongAnswer unless it holds */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new WrongAnswer(what);
}

/** A B A B: what drifts (a warm cache, a busy neighbour, a slower clock) meets both sides of a pair. */
export async function play(ours: Side, beside: Side, rounds: number, warmUps = 1): Promise<Pair[]> {
  for (let n = 0; n < warmUps; n += 1) {
    await ours();
    await beside();
  }
  const pairs: Pair[] = [];
  for (let n = 0; n < rounds; n += 1) pairs.push({ ours: await ours(), beside: await beside() });
  return pairs;
}

/** How a pair is told as one number. */
export type Measure = (pair: Pair) => number;

const per = (value: number | null, { units }: Sample) => (value ?? Number.NaN) / units;

/** Wall time per unit, ours of theirs: below 1 we are the quicker. */
export const time: Measure = ({ ours, beside }) => per(ours.wallMs, ours) / per(beside.wallMs, beside);
/** Units per second, ours of theirs: above 1 we are the quicker. */
export const speed: Measure = (pair) => 1 / time(pair);
export const cpu: Measure = ({ ours, beside }) => per(ours.cpuMs, ours) / per(beside.cpuMs, beside);
/** Not per unit: the question is whether memory grows with the work. */
export const memory: Measure = ({ ours, beside }) =>
  (ours.peakMb ?? Number.NaN) / (beside.peakMb ?? Number.NaN);

/** The ratio is taken pair by pair, and only then the median. */
export function ratioOf(pairs: readonly Pair[], measure: Measure): Spread {
  return spreadOf(pairs.map(measure));
}

/** Null where a side's CPU is not known. */
export function cpuOf(pairs: readonly Pair[]): Spread | null {
  const known = pairs.every(({ ours, beside }) => ours.cpuMs !== null && beside.cpuMs !== null);
  return known ? ratioOf(pairs, cpu) : null;
}
