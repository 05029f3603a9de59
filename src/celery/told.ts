import type { TasksTold } from "../sales/found.js";
import { mergeTasks, taskIdsOf } from "../sales/task-evidence.js";
import type { BrokerReading, TaskResult, TaskTie } from "../sales/tasks.js";

/** What the broker and the result backend told, and how the workers are. */
export interface TasksRead {
  /** Null where the broker could not be read. */
  readonly reading: BrokerReading | null;
  readonly results: (taskIds: Iterable<string>) => Promise<ReadonlyMap<string, TaskResult>>;
  /** Why the workers are not well, or not known to be; null where they are. */
  readonly workers: string | null;
}

/** An id that the application made up on the spot, for want of a page view's. */
const madeUp = /^purchase_(\d+)_\d+$/;

/** As whoever judges sales asks for it. `known`: the event ids of the sales that are asked about. */
export async function tasksTold(
  { reading, results, workers }: TasksRead,
  known: ReadonlySet<string>,
  kept: { readonly ties: readonly TaskTie[]; readonly results: ReadonlyMap<string, TaskResult> },
): Promise<TasksTold> {
  const fresh = await results(taskIdsOf(reading, kept.ties));
  const evidence = mergeTasks(reading, new Map([...kept.results, ...fresh]), kept.ties);
  const met = [...(reading?.tasks.values() ?? []), ...kept.ties].flatMap(({ eventId }) => eventId ?? []);
  const bySale = new Map<number, Set<string>>();
  for (const eventId of met) {
    const sale = Number(madeUp.exec(eventId)?.[1] ?? Number.NaN);
    if (Number.isSafeInteger(sale)) bySale.set(sale, (bySale.get(sale) ?? new Set()).add(eventId));
  }
  const tasks = [...(reading?.tasks.values() ?? [])];
  return {
    ...evidence,
    madeUpFor: (saleId) => [...(bySale.get(saleId) ?? [])],
    strays: tasks.some(({ eventId }) => eventId === null || (!known.has(eventId) && !madeUp.test(eventId))),
    workers,
    readAt: reading?.readAt[0] ?? null,
    answered: reading?.workers ?? 0,
  };
}
