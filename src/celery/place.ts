import { KnownError } from "../errors.js";
import type { Redis } from "./redis.js";

/** Where Celery lives in a Redis, and by which clock and chance we ask. */
export interface Place {
  readonly redis: Redis;
  readonly database: number;
  /** Celery's `global_keyprefix`, before every key and channel; mostly empty. */
  readonly keyPrefix: string;
  readonly now: () => number;
  readonly uuid: () => string;
  /** Resolves after so long, or at once when the signal fires. Never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** A reply of Redis that is a number; null where the user may not ask, or it is none. */
export async function counted(reply: Promise<unknown>): Promise<number | null> {
  const value = await reply;
  return typeof value === "number" ? value : null;
}

/** A list of bytes; empty for anything else. */
export function buffers(value: unknown): Buffer[] {
  return Array.isArray(value) ? value.filter((item) => Buffer.isBuffer(item)) : [];
}

/** Whether Redis refused for want of a right (NOPERM), and nothing else. */
export function isForbidden(error: unknown): boolean {
  return error instanceof KnownError && (error.problem.why ?? "").startsWith("NOPERM");
}
