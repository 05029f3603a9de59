import { KnownError, exitCode } from "../errors.js";
import type { Clock, Holder, Lease, RunRecord, Runs } from "../ports.js";
import { LeaseLost } from "../ports.js";

/** How long a dead holder keeps others out; a living one renews three times in that span. */
export const LEASE_MS = 60_000;

export interface RunPorts {
  readonly runs: Runs;
  readonly clock: Clock;
}

export interface RunOptions {
  readonly record: RunRecord;
  /** How long to wait for another run to end, in milliseconds. */
  readonly waitMs: number;
  readonly stop: AbortSignal;
  readonly waiting: (holder: Holder) => void;
  /** The version of the schema that the work cannot do without. */
  readonly needs?: number | undefined;
}

/**
 * Carries out `work` under the run lock: a lease row with a fencing token, renewed while the work lasts, so that it
 * holds behind a pooler and ends soon after its holder. Losing it fails the work's next write, not a later one.
 * @throws KnownError (75) when another run holds the lock, (2) when the lease was lost.
 */
export async function underLease<T>(
  { runs, clock }: RunPorts,
  options: RunOptions,
  work: (lease: Lease) => Promise<{ result: T; summary: object }>,
): Promise<T> {
  await runs.prepare(options.needs);
  const lease = await acquire({ runs, clock }, options);
  const done = new AbortController();
  const renewal = keep({ runs, clock }, lease, done.signal);
  let summary: object = { failed: true };
  try {
    const finished = await work(lease);
    summary = finished.summary;
    return finished.result;
  } catch (error) {
    if (error instanceof LeaseLost) throw lost(lease);
    throw error;
  } finally {
    done.abort();
    await renewal;
    await runs.release(lease, summary).catch(() => undefined); // It ends by itself; the work's own error matters more.
  }
}

async function acquire({ runs, clock }: RunPorts, options: RunOptions): Promise<Lease> {
  const end = clock.now() + options.waitMs;
  for (let told = false; ; told = true) {
    const got = await runs.acquire(options.record, LEASE_MS);
    if ("lease" in got) return got.lease;
    const left = end - clock.now();
    if (left <= 0 || options.stop.aborted) throw locked(got.holder);
    if (!told) options.waiting(got.holder);
    await clock.sleep(Math.min(left, 1_000), options.stop);
  }
}

/** A renewal that failed is tried again while the lease still holds: a connection may be lost, and another made. */
const RETRY_MS = LEASE_MS / 12;

/** Renews until done, or until the lease is somebody else's. A failed renewal is no failure yet: only the guard in each write decides. */
async function keep({ runs, clock }: RunPorts, lease: Lease, done: AbortSignal): Promise<void> {
  let held: boolean | null = true;
  while (held !== false) {
    await clock.sleep(held === null ? RETRY_MS : LEASE_MS / 3, done);
    if (done.aborted) return;
    held = await runs.renew(lease, LEASE_MS).catch(() => null);
  }
}

function locked(holder: Holder): KnownError {
  const since = new Date(holder.since).toISOString();
  return new KnownError(
    {
      what: `Another run holds the lock: ${holder.command} (run ${holder.run})`,
      why: `started ${since} by ${holder.user} on ${holder.host}, process ${holder.pid}`,
      next: `wait for it (--wait SECONDS); a dead run's lock ends by itself at ${new Date(holder.expiresAt).toISOString()}`,
    },
    { exitCode: exitCode.locked },
  );
}

function lost(lease: Lease): KnownError {
  return new KnownError({
    what: "The run lock was lost: no sale was changed any more, only Meta's answers are on record",
    why: "this process (or its connection) stood still for longer than its lease",
    next: `see what was left open: purchase-fix journal --run ${lease.run} --unsettled`,
  });
}
