import type { Attempts, Clock, Lease, Settlement, Written } from "../ports.js";
import { KnownError, TableLocked } from "../errors.js";
import { halving } from "./halving.js";
import { LOCKED } from "./state.js";

/** How long a locked row is tried again. The answer is on record all the while, so that nothing hangs on it. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 250;

/** How long an answer is offered to a database that cannot be had: a restart or a failover takes less. */
const ANSWER_PATIENCE_MS = 60_000;
const ANSWER_PAUSE_MS = 1_000;

export interface SettlePorts {
  readonly attempts: Attempts;
  readonly clock: Clock;
}

/**
 * Writes down how attempts ended: the answers first, in a transaction that no lock or constraint of the shop's can
 * fail; then the rows, each as soon as it can be had. A row that cannot be had is left, `overtaken`, its answer kept.
 */
export async function settle(
  { attempts, clock }: SettlePorts,
  lease: Lease,
  settlements: readonly Settlement[],
  abandon: AbortSignal,
): Promise<Written[]> {
  await putOnRecord({ attempts, clock }, lease, settlements, abandon);
  const written: Written[] = [];
  const until = clock.now() + PATIENCE_MS;
  for (let open = settlements; open.length > 0;) {
    const { done, refused } = await halving(open, (part) => rows(attempts, lease, part));
    written.push(...done.flatMap((one) => one.written));
    for (const { item, because } of refused) {
      // The trigger's own words are for whoever runs this; they may name a customer, and the journal names none.
      const closed = await attempts.close(lease, [item.attempt], "the shop's database refused the write");
      written.push(...closed.map((row) => ({ ...row, because })));
    }
    const settled = new Set(written.map((row) => row.attempt));
    open = open.filter(({ attempt }) => !settled.has(attempt));
    if (open.length === 0) break;
    if (clock.now() >= until) {
      const ids = open.map(({ attempt }) => attempt);
      return [...written, ...(await attempts.close(lease, ids, LOCKED))];
    }
    await clock.sleep(PAUSE_MS);
  }
  return written;
}

/** What Meta said exists nowhere else: a database that is away for a moment must not lose it. */
async function putOnRecord(
  { attempts, clock }: SettlePorts,
  lease: Lease,
  settlements: readonly Settlement[],
  abandon: AbortSignal,
): Promise<void> {
  const until = clock.now() + ANSWER_PATIENCE_MS;
  for (;;) {
    try {
      return await attempts.answer(lease, settlements);
    } catch (error) {
      if (!(error instanceof KnownError) || abandon.aborted || clock.now() >= until) throw error;
    }
    await clock.sleep(ANSWER_PAUSE_MS, abandon);
  }
}

/** A table that is locked as a whole is a row that is locked, to each of its rows. */
async function rows(attempts: Attempts, lease: Lease, part: readonly Settlement[]) {
  try {
    return await attempts.settle(lease, part);
  } catch (error) {
    if (error instanceof TableLocked) return { written: [], locked: [] };
    throw error;
  }
}
