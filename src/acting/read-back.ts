import type { ActingContext } from "../context.js";
import type { Written } from "../ports.js";

/** Lets the witness read back what was written; its doubts, each said as a warning. */
export async function readBack(
  { witness, output }: ActingContext,
  written: readonly Written[],
): Promise<string[]> {
  if (witness === null) return [];
  try {
    const doubts = await witness.check(written);
    for (const doubt of doubts) output.warn(`the witness disagrees: ${doubt}`);
    return doubts;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    output.warn(`the witness could not read back what was written: ${why}`);
    return [why];
  }
}
