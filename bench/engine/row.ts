import type { Pair } from "./pairs.js";
import { WrongAnswer } from "./pairs.js";
import type { Spread } from "./spread.js";

/** What a ratio should be. */
export interface Goal {
  readonly is: "at most" | "at least";
  readonly value: number;
}

export const atMost = (value: number): Goal => ({ is: "at most", value });
export const atLeast = (value: number): Goal => ({ is: "at least", value });

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly beside: string;
  /** Null where the row is only a figure, or has none. */
  readonly ratio: Spread | null;
  /** CPU of both sides as a ratio of the same kind as the time: ours of theirs. */
  readonly cpu: Spread | null;
  readonly goal: Goal | null;
  /** Absolute figures, for people. */
  readonly figures: string;
  /** A second condition of the goal, in words: null where it holds or there is none. */
  readonly unless: string | null;
  readonly fault: Fault | null;
}

/** Why a row has no ratio. */
export interface Fault {
  readonly kind: "wrong" | "failed" | "lacking";
  readonly text: string;
}

/** A part that a row needs cannot be had here: the row says so, and the others go on. */
export class Lacking extends Error {}

/** How a row came out. */
export type Judgement = "met" | "missed" | "not judged" | "no goal" | Fault["kind"];

/** On a noisy machine no goal is judged, but a wrong answer stays wrong. */
export function judge(row: Row, noisy: boolean): Judgement {
  if (row.fault !== null) return row.fault.kind;
  if (row.goal === null || row.ratio === null) return "no goal";
  if (noisy) return "not judged";
  return reaches(row.ratio.median, row.goal) && row.unless === null ? "met" : "missed";
}

export function reaches(value: number, { is, value: goal }: Goal): boolean {
  return is === "at most" ? value <= goal : value >= goal;
}

/** The A/A control: two sides that are the same must come out the same, or the machine is too busy to compare anything. */
export function isNoisy(control: Spread): boolean {
  return !(control.median >= 0.95 && control.median <= 1.05);
}

const empty = { ratio: null, cpu: null, goal: null, figures: "", unless: null, fault: null };

/** A row of what was measured; what is not said is absent. */
export function row(what: string, beside: string, found: Partial<Row>): Row {
  return { ...empty, what, beside, ...found };
}

/** A row of what went wrong. */
export function failed(what: string, beside: string, error: unknown): Row {
  return row(what, beside, { fault: faultOf(error) });
}

function faultOf(error: unknown): Fault {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof WrongAnswer) return { kind: "wrong", text };
  return { kind: error instanceof Lacking ? "lacking" : "failed", text };
}

/** Pairs, or the row that says why there are none. */
export async function pairsOr(
  what: string,
  beside: string,
  find: () => Promise<Pair[]>,
  then: (pairs: readonly Pair[]) => Partial<Row>,
): Promise<Row> {
  try {
    return row(what, beside, then(await find()));
  } catch (error) {
    return failed(what, beside, error);
  }
}
