import { inspect } from "node:util";
import { KnownError, KnownErrors, type Problem } from "../errors.js";
import { loadPaint, wantsColor, type ColorWishes, type Paint } from "./color.js";
import { errorLog, type LogFrame } from "./log.js";
import { watchPipe, type Sink } from "./pipe.js";
import { safeLine, safeLines } from "./visible.js";

/** How errors are printed: in colour where that is wished, or as lines of a log. */
export interface ErrorWishes extends ColorWishes {
  readonly log?: LogFrame | null;
}

/** Prints whatever was thrown on stderr: a known error in words, anything else with its stack. Never throws. */
export async function printError(stderr: Sink, error: unknown, wishes: ErrorWishes): Promise<void> {
  const { log } = wishes;
  const text = log ? errorLog(log, error, () => chain(error)) : await errorText(stderr, error, wishes);
  await watchPipe(stderr)
    .write(text)
    .catch(() => undefined);
}

async function errorText(stderr: Sink, error: unknown, wishes: ColorWishes): Promise<string> {
  const paint = await loadPaint(wantsColor(stderr, wishes)).catch(() => undefined);
  return `${errorLines(error, paint ?? ((text) => text)).join("\n")}\n`;
}

/** The same as lines. */
export function errorLines(error: unknown, paint: Paint): string[] {
  if (error instanceof KnownErrors) return error.problems.flatMap((problem) => problemLines(problem, paint));
  if (error instanceof KnownError) return problemLines(error.problem, paint);
  return unknownLines(error, paint);
}

/** What, why, next: three lines at most. */
export function problemLines({ what, why, next }: Problem, paint: Paint): string[] {
  const lines = [`${paint("error:", "bad")} ${safeLine(what)}`];
  if (why) lines.push(`  ${paint("why:", "dim")} ${safeLine(why)}`);
  if (next) lines.push(`  ${paint("next:", "dim")} ${safeLine(next)}`);
  return lines;
}

/** Not an error of the user's: the stack and the causes' stacks, but no other fields, since those of a driver hold rows of customers. */
function unknownLines(error: unknown, paint: Paint): string[] {
  const head = `${paint("error:", "bad")} unexpected, a defect of purchase-fix; please report it with these lines`;
  const stacks = chain(error).map((text, at) => (at === 0 ? text : `caused by: ${text}`));
  return [head, ...stacks.map((text) => paint(safeLines(text), "dim"))];
}

/** A cause may name its own effect as its cause; five are enough to understand any. */
const DEEPEST = 5;

function chain(error: unknown): string[] {
  const found: string[] = [];
  const visit = (one: unknown) => {
    if (one === undefined || one === null || found.length >= DEEPEST) return;
    found.push(
      one instanceof Error ? (one.stack ?? `${one.name}: ${one.message}`) : inspect(one, { depth: 0 }),
    );
    if (!(one instanceof Error)) return;
    visit(one.cause);
    // A refused connection to several addresses has no message of its own.
    if (one instanceof AggregateError) one.errors.forEach(visit);
  };
  visit(error);
  return found.length > 0 ? found : [inspect(error)];
}
