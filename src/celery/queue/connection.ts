/** The part of a Redis connection that reading needs. Rejects after a deadline of its own. */
export interface Connection {
  send(args: readonly string[]): Promise<unknown>;
}

/** An array reply; anything else is no Redis that we know. */
export function rows(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new TypeError("the broker's answer is no list");
}
