import type { Output } from "../context.js";
import type { Outlets } from "../ports/outlets.js";
import type { RunSummary } from "../sales/summary.js";
import { lifted, troubleLine } from "../sales/trouble.js";
import type { Trouble } from "../sales/trouble.js";
import type { Earlier } from "../sales/worth-telling.js";

const defect = (error: unknown): Trouble => ({
  what: "The outside could not be told",
  why: error instanceof Error ? error.message : String(error),
  next: null,
  exitCode: 0,
  evenQuiet: true,
});

/**
 * The end of an unattended run: the outside is told, then whoever reads stderr, the summary last. Gives back the summary
 * as the process ends: a metrics file that could not be written makes 1 of a 0.
 */
export async function tellOutside(
  summary: RunSummary,
  previous: Earlier | null,
  outlets: Outlets,
  output: Pick<Output, "say" | "warn" | "summary">,
): Promise<RunSummary> {
  // What was done is done, whatever befalls whoever tells of it.
  const troubles = await outlets.ended(summary, previous).catch((error: unknown) => [defect(error)]);
  for (const trouble of troubles) {
    if (trouble.evenQuiet) output.warn(troubleLine(trouble));
    else output.say(troubleLine(trouble), "warn");
  }
  const told = lifted(summary, troubles);
  output.summary(told);
  return told;
}
