import type { Attempts, EvidenceReader, Runs, SalesReader } from "../../../src/ports.js";
import type { Instant } from "../../../src/sales/sale.js";
import { HOUR, MINUTE } from "../../../src/sales/sale.js";
import type { Change, Hours, RowDraft } from "./story.js";

/** An entry of the journal as both sides keep it; times and ids in their own words. */
export interface Entry {
  readonly id: string;
  readonly saleId: number;
  readonly [column: string]: string | number | boolean | null;
}

/** One of the two worlds in which a story is played: the ports, and what only the application could do. */
export interface Side {
  readonly attempts: Attempts;
  readonly evidence: EvidenceReader;
  readonly sales: SalesReader;
  readonly runs: Runs;
  /** The present moment, no earlier than what this side has written. */
  now(): Instant;
  reset(rows: readonly RowDraft[]): Promise<void>;
  write(id: number, change: Change): Promise<void>;
  /** The holder of the run lock died long ago. */
  expire(): Promise<void>;
  /** While it works, somebody holds these rows locked, and the shop's own trigger refuses those. */
  during<T>(locked: readonly number[], refusing: readonly number[], work: () => Promise<T>): Promise<T>;
  /** A flag time's text as a moment. */
  moment(mark: string): Instant;
  /** All that the journal holds, the oldest first. */
  journal(): Promise<Entry[]>;
}

/** The moment at which all stories begin, to the second: rows cannot tell less. */
export const start = Math.floor(Date.now() / 1000) * 1000;
const told: readonly Hours[] = [30, 5, 3, 2, -1];

export const at = (hours: Hours | null): Instant | null => (hours === null ? null : start - hours * HOUR);

/** A moment in words that are the same on both sides: one of the story's own, or one that somebody's clock gave. */
export function inWords(moment: Instant | null): string | null {
  if (moment === null) return null;
  const hours = told.find((one) => at(one) === moment);
  if (hours !== undefined) return `${hours} h ago`;
  return Math.abs(moment - start) < 20 * MINUTE ? "ours" : `${moment}`;
}
