/**
 * How much this process may grow while one reply of Redis is awaited. The longest that we ask for has 2 MB (500 messages,
 * see queue/scan.ts); a queue of messages of megabytes takes some tens. The client library has no limit of its own: a
 * reply without end took 4 GB within its 5 s (measured).
 */
const MOST_GROWTH = 512 * 2 ** 20;

/** Between two looks at the own size, in ms: loopback brings some 30 MB meanwhile. A look costs 15 µs. */
export const LOOK_EVERY_MS = 20;

let settled = 0;

/** A reply is there as a whole, or a message was heard: what grows from here on is the next one's. */
export function noteReply(): void {
  settled = process.memoryUsage.rss();
}

/** Whether what is being received has outgrown everything that we ask for. */
export function isOutgrown(): boolean {
  return settled > 0 && process.memoryUsage.rss() - settled > MOST_GROWTH;
}
