import type { RunSummary } from "./summary.js";

/** Something outside that could not be told, or a file that could not be written. It never stops a run. */
export interface Trouble {
  readonly what: string;
  readonly why: string;
  readonly next: string | null;
  /** 1 where a run that ended well must not end with 0 for it. */
  readonly exitCode: 0 | 1;
  /** False where somebody else raises the alarm: `--quiet` is silent then. */
  readonly evenQuiet: boolean;
}

/** The summary of a run that ended with these troubles: only a 0 is lifted. */
export function lifted(summary: RunSummary, troubles: readonly Trouble[]): RunSummary {
  const lifts = summary.exitCode === 0 && troubles.some(({ exitCode }) => exitCode === 1);
  return lifts ? { ...summary, exitCode: 1 } : summary;
}

/** One line: what and why, and what to do. */
export function troubleLine({ what, why, next }: Trouble): string {
  return `${what}: ${why}${next === null ? "" : `; ${next}`}`;
}
