import { redact } from "../redact.js";
import type { Customer, Tracking } from "../sales/customer.js";
import type { Sale } from "../sales/sale.js";
import { readEntry, readPointer } from "./entry.js";
import { fetch } from "./fetch.js";
import type { TrackingConnection } from "./fetch.js";
import { entryKey, keysOf } from "./keys.js";

export interface TrackingOptions {
  /** Called at the first use. */
  readonly connect: () => Promise<TrackingConnection>;
  /** Told once that, and why, the data is missing. Its absence is no error. */
  readonly warn: (line: string) => void;
  /** For one reading as a whole, connecting included. */
  readonly deadlineMs?: number;
}

/** What the redirect page noted about the click of a sale. */
export interface TrackingSource {
  of(sales: readonly Sale[], customers: ReadonlyMap<number, Customer>): Promise<Map<number, Tracking>>;
  /** The event id that the application would pass on, by sale: evidence for the id of an earlier attempt. */
  eventIds(sales: readonly Sale[], customers: ReadonlyMap<number, Customer>): Promise<Map<number, string>>;
}

/** A Redis in the same rack answers in milliseconds; no sale waits longer for what only makes its event match better. */
export const TRACKING_DEADLINE_MS = 2_000;

export function openTracking({
  connect,
  warn,
  deadlineMs = TRACKING_DEADLINE_MS,
}: TrackingOptions): TrackingSource {
  let isGivenUp = false;
  let warned = false;

  const of: TrackingSource["of"] = async (sales, customers) => {
    if (isGivenUp || sales.length === 0) return new Map();
    try {
      const { found, unreadable } = await within(deadlineMs, async () =>
        read(await connect(), sales, customers),
      );
      if (unreadable > 0 && !warned) {
        warned = true;
        warn(
          `some of the application's tracking data could not be read and is left out (entries: ${unreadable})`,
        );
      }
      return found;
    } catch (error) {
      // Asked again, a Redis that hangs would cost each batch its deadline.
      isGivenUp = true;
      warn(`the application's tracking data is not used: ${wordsOf(error)}`);
      return new Map();
    }
  };
  return {
    of,
    eventIds: async (sales, customers) => {
      const found = await of(sales, customers);
      return new Map(
        [...found].flatMap(([id, { pageviewEventId }]) =>
          pageviewEventId === null ? [] : [[id, pageviewEventId]],
        ),
      );
    },
  };
}

interface Read {
  readonly found: Map<number, Tracking>;
  readonly unreadable: number;
}

async function read(
  redis: TrackingConnection,
  sales: readonly Sale[],
  customers: ReadonlyMap<number, Customer>,
): Promise<Read> {
  const wanted = sales.map((sale) => ({ id: sale.id, ...keysOf(sale, customers.get(sale.id)) }));
  const values = await fetch(
    redis,
    wanted.flatMap(({ entries, pointer }) => [...entries, ...(pointer ? [pointer] : [])]),
  );
  const entries = new Map<string, Tracking | null>();
  const entryOf = (key: string, among: ReadonlyMap<string, string>): Tracking | null => {
    const raw = among.get(key);
    if (raw === undefined) return null;
    const known = entries.get(key);
    const entry = known === undefined ? readEntry(raw) : known;
    entries.set(key, entry);
    return entry;
  };
  const found = new Map<number, Tracking>();
  const pointers = new Map<number, string>();
  for (const { id, entries: keys, pointer } of wanted) {
    const [entry] = keys.map((key) => entryOf(key, values)).filter((each) => each !== null);
    const token = entry || pointer === null ? null : readPointer(values.get(pointer) ?? "");
    if (entry) found.set(id, entry);
    else if (token !== null) pointers.set(id, entryKey(token));
  }
  const pointed = await fetch(redis, [...pointers.values()]);
  for (const [id, key] of pointers) {
    const entry = entryOf(key, pointed);
    if (entry) found.set(id, entry);
  }
  return { found, unreadable: [...entries.values()].filter((entry) => entry === null).length };
}

async function within<T>(ms: number, task: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([task(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function wordsOf(error: unknown): string {
  return redact(error instanceof Error ? error.message : "no reason was given").slice(0, 200);
}
