import { age } from "./time.js";
import { plural } from "./workers-signals.js";
import type { CelerySnapshot } from "./workers.js";

/** What waits, a line for each queue that holds something. */
export function queueWords(snapshot: CelerySnapshot): string[] {
  const { queues, answeredAt } = snapshot;
  return queues.flatMap(({ name, depth, sample, consumers, unacknowledged: open }) => {
    if (depth === 0 && (open ?? 0) === 0) return [];
    const kinds = Object.entries(sample?.events ?? {}).map(([kind, count]) => `${count} ${kind}`);
    const looked = sample !== null && sample.size < depth ? `of ${sample.size} looked at: ` : "";
    const what = kinds.length === 0 ? "" : ` (${looked}${kinds.slice(0, 6).join(", ")})`;
    const at = sample?.oldestEventAt ?? null;
    const oldest = at === null ? "" : `, the oldest for at most ${age(Math.max(0, answeredAt - at))}`;
    const back =
      sample === null || sample.handedBack === 0 ? "" : `, ${sample.handedBack} handed back by a worker`;
    const delivered = open === null ? "" : `, ${open} not acknowledged`;
    const who = consumers === null ? "" : `, ${plural(consumers, "consumer")}`;
    return [`queue ${name}: ${depth} waiting${what}${oldest}${back}${delivered}${who}`];
  });
}
