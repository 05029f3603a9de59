import type { BrokerTask } from "./tasks.js";
import { age } from "./time.js";

/** A run of it has begun, so that Meta may have it. */
export function hasRun({ retries, redelivered, state }: BrokerTask): boolean {
  return retries > 0 || redelivered || state === "running" || state === "orphan";
}

/** What is known of its runs, in words. */
export function runsOf({ retries, redelivered, state, dueAt, seenAt }: BrokerTask): string {
  const words = [
    retries > 0 ? `retry ${retries}` : null,
    redelivered ? "handed out again" : null,
    state === "running" ? "running now" : null,
    state === "orphan"
      ? `its worker is gone${dueAt === null ? "" : `, due in ${age(dueAt - seenAt)}`}`
      : null,
  ];
  return words.filter((word) => word !== null).join(", ");
}
