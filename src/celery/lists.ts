/** Kombu's separator of names in Redis, bytes 06 16: between a queue and its priority, and within a binding. */
export const SEPARATOR = "\u0006\u0016";

/** Kombu's lists of one queue: the plain one holds the priorities 0 to 2, then 3 to 5, 6 to 8 and 9. */
export const priorities = [0, 3, 6, 9] as const;

/** The key of the list that holds a queue's tasks from this priority on. */
export function listOf(queue: string, priority: (typeof priorities)[number]): string {
  return priority === 0 ? queue : `${queue}${SEPARATOR}${priority}`;
}
