import type { LiveTask } from "./evidence.js";
import type { LoggedAttempt } from "./logged.js";
import type { Instant } from "./sale.js";

/** A hung run is ended by the application's time limit for tasks. */
const LONGEST_RUN = 300_000;

/** A task that waits for its retry, by its worker's last word: what a log tells where no broker was read. */
export function waitingOf(attempts: readonly LoggedAttempt[]): LiveTask[] {
  return attempts.flatMap(({ retryAt, result, eventId, eventIdCut, pixelId, taskId, lastAt }) =>
    retryAt === null || result === "accepted"
      ? []
      : [
          {
            source: "worker log",
            state: "waiting",
            eventId: eventIdCut ? null : eventId,
            pixelId,
            seenAt: lastAt,
            runsBy: retryAt + LONGEST_RUN,
            taskId,
          },
        ],
  );
}

/** A log's word that its task will run holds until then; what the broker has, is there. */
export function livesAt({ source, runsBy }: LiveTask, now: Instant): boolean {
  return source !== "worker log" || runsBy === null || now < runsBy;
}
