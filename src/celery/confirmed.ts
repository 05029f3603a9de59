import type { ConfirmedPurchase } from "../sales/broker.js";
import type { CeleryPort } from "../sales/workers.js";
import type { Place } from "./place.js";
import { lookOnce } from "./queue/pass.js";

/** More messages than this are not looked through for it: two seconds of a queue that is in trouble anyway. */
const MOST = 20_000;

/** Finds Purchases that wait although their sale is confirmed: each counts again when it runs too late (risk R3). */
export interface ConfirmedSearch {
  readonly open: () => Promise<Place & { close(): Promise<void> }>;
  readonly queues: readonly string[];
  readonly sendTask: string;
  /** The sales that are confirmed under these event ids; null where the database could not be asked. */
  readonly salesUnder: (eventIds: readonly string[]) => Promise<ReadonlyMap<string, number> | null>;
}

/** The workers as another way tells them, with those Purchases. */
export function withConfirmed(celery: CeleryPort, search: ConfirmedSearch): CeleryPort {
  return {
    async inspect(options) {
      const snapshot = await celery.inspect(options);
      const waiting = snapshot.queues.some(({ depth }) => (depth ?? 0) > 0);
      const open = (snapshot.unacknowledged?.count ?? 0) > 0;
      // Where nothing waits, nothing is looked for: a healthy shop pays nothing.
      if (!waiting && !open) return { ...snapshot, confirmedPurchases: [] };
      return { ...snapshot, confirmedPurchases: await find(search) };
    },
  };
}

async function find({
  open,
  queues,
  sendTask,
  salesUnder,
}: ConfirmedSearch): Promise<ConfirmedPurchase[] | null> {
  const place = await open();
  try {
    const { redis, keyPrefix, now, signal } = place;
    const bounds = { keyPrefix, mostMessages: MOST, ...(signal && { signal }) };
    const pass = await lookOnce({ redis, queues, sendTask, workers: async () => null, now, ...bounds });
    const tasks = pass.messages.flatMap(({ taskId, eventId }) =>
      eventId === null ? [] : [{ taskId, eventId }],
    );
    const sales = await salesUnder([...new Set(tasks.map(({ eventId }) => eventId))]);
    if (sales === null) return null;
    return tasks.flatMap(({ taskId, eventId }) => {
      const saleId = sales.get(eventId);
      return saleId === undefined ? [] : [{ taskId, eventId, saleId }];
    });
  } finally {
    await place.close();
  }
}
