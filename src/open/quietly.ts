import type { Output } from "../context.js";
import { KnownError } from "../errors.js";

/** What cannot be read is no evidence, and no reason to end: it is said once. */
export async function quietly<T>(
  { output }: { readonly output: Output },
  what: string,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    const { why } = error.problem;
    output.warn(`${what}: ${error.problem.what}${why ? ` (${why})` : ""}`);
    return null;
  }
}
