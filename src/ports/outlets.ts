import type { RunSummary } from "../sales/summary.js";
import type { Trouble } from "../sales/trouble.js";

/** What an earlier run is remembered by. */
export type Earlier = Pick<RunSummary, "endedAt" | "needsPerson">;

/** Tells the outside that a run begins and how it ended. Nothing that happens here fails a run. */
export interface Outlets {
  /** Returns at once: the ping of the start goes out beside the run. Called once the run holds the lock, so that a copy that finds it taken starts nothing. */
  started(): Promise<void>;
  /**
   * Writes the metrics, posts and pings; for at most 15 s in all. What is told bears the exit code that the troubles make.
   * @param previous the last run that looked at its whole window; null where there was none, or it could not be read
   */
  ended(summary: RunSummary, previous: Earlier | null): Promise<readonly Trouble[]>;
}
