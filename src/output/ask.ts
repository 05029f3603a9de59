import { createInterface } from "node:readline/promises";

/** Where a question is put and its answer read. */
export interface Desk {
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a yes/no question. End of input, Ctrl-D and the signal are a no.
 * `terminal: false` leaves editing and Ctrl-C to the terminal itself, so that an interrupt stays a signal for main.
 */
export async function ask(question: string, { stdin, stderr, signal }: Desk): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  // readline leaves a question unanswered for ever when its input ends.
  const ended = new Promise<null>((resolve) => lines.once("close", () => resolve(null)));
  const answered = lines
    .question(`${question} [y/N] `, signal === undefined ? {} : { signal })
    .catch(() => "");
  try {
    const answer = await Promise.race([answered, ended]);
    // The cursor still stands behind the question; after an interrupt readline itself ends the line.
    if (answer === null) stderr.write("\n");
    return answer !== null && isYes(answer);
  } finally {
    lines.close();
  }
}

/** English or Portuguese; anything else is no. */
export function isYes(answer: string): boolean {
  return ["y", "yes", "s", "sim"].includes(answer.trim().toLowerCase());
}
