import { KnownError } from "../../errors.js";
import { redact } from "../../redact.js";

/** The part of a Redis connection that reading needs. Rejects after a deadline of its own. */
export interface Connection {
  send(args: readonly string[]): Promise<unknown>;
}

/** An array reply; anything else is no Redis that we know. */
export function rows(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new TypeError("the broker's answer is no list");
}

/** What went wrong, on one line. Redis quotes no value that was read; cut and redacted all the same. */
export function wordsOf(error: unknown): string {
  const { what, why } =
    error instanceof KnownError ? error.problem : { what: messageOf(error), why: undefined };
  return redact(why === undefined ? what : `${what} (${why})`).slice(0, 300);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "no reason was given";
}
