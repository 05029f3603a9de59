/** Exit codes of the command line (`purchase-fix help exit-codes`). */
export const exitCode = {
  ok: 0,
  attention: 1,
  failed: 2,
  locked: 75,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** What a known error tells the user: what is wrong, why, and what to do next. */
export interface Problem {
  readonly what: string;
  readonly why?: string | undefined;
  readonly next?: string | undefined;
}

/**
 * An error that the user can do something about: printed in three lines at most, without a stack.
 * Everything else that is thrown is a defect of ours and is printed with its stack.
 */
export class KnownError extends Error {
  override readonly name: string = "KnownError";
  readonly problem: Problem;
  readonly exitCode: ExitCode;

  constructor(problem: Problem, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(problem.what, options.cause === undefined ? undefined : { cause: options.cause });
    this.problem = problem;
    this.exitCode = options.exitCode ?? exitCode.failed;
  }
}

/** Several problems told at once, so that a user mends a configuration in one go. */
export class KnownErrors extends KnownError {
  override readonly name = "KnownErrors";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems[0] ?? { what: "unknown problem" });
    this.problems = problems;
  }
}

/** What was found, or in words why it could not be looked at; a defect of ours is still thrown. */
export async function told<T>(look: () => Promise<T>): Promise<{ known: T } | { trouble: Problem }> {
  try {
    return { known: await look() };
  } catch (error) {
    if (error instanceof KnownError) return { trouble: error.problem };
    throw error;
  }
}

/** A constraint, a trigger or a policy of the shop's refused a write: one of its rows, and with it the whole statement. */
export class WriteRefused extends KnownError {}

/** A lock was not to be had within the time that we wait for one. */
export class TableLocked extends KnownError {}
