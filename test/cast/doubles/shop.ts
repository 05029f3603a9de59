import type { Clock, Lease } from "../../../src/ports.js";
import { LeaseLost } from "../../../src/ports.js";
import type { Answer, Blame, Effect } from "../../../src/sales/outcome.js";
import type { Acknowledgement } from "../../../src/sales/restraint.js";
import type { Instant, Sale } from "../../../src/sales/sale.js";
import type { RunSummary } from "../../../src/sales/summary.js";
import { sale } from "../sales.js";

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** A row of `payments`, and the transaction that wrote it last. */
export type Row = Mutable<Omit<Sale, "mark">> & { xmin: number };

/** A row of the journal. */
export interface Attempt {
  readonly id: string;
  readonly run: string;
  readonly command: string;
  readonly saleId: number;
  readonly eventId: string | null;
  readonly origin: string | null;
  readonly pixelId: string | null;
  readonly at: Instant;
  readonly flaggedBefore: boolean;
  readonly flaggedAtBefore: Instant | null;
  readonly flaggedAtClaimed: Instant | null;
  readonly metaEventIdBefore: string | null;
  /** The row as the entry's own write left it; null where it wrote none. */
  flaggedAfter: boolean | null;
  flaggedAtAfter: Instant | null;
  metaEventIdAfter: string | null;
  answer: Answer | null;
  effect: Effect | null;
  because: string | null;
  settledAt: Instant | null;
  blame: Blame | null;
  /** Of its request. */
  events: number | null;
}

/** The shop's rows and our journal in memory: what the ports over them share. One call is one transaction. */
export class ShopDouble {
  readonly clock: Clock;
  readonly rows = new Map<number, Row>();
  readonly journal: Attempt[] = [];
  /** Rows that the application holds locked. */
  readonly locked = new Set<number>();
  /** Rows whose change a constraint or trigger of the shop refuses, and with them the whole statement. */
  readonly refusing = new Set<number>();
  readonly runs: { id: string; command: string; summary: object | null }[] = [];
  readonly released = new Map<number, Instant>();
  readonly acknowledged = new Map<number, Acknowledgement>();
  /** As `Successes` notes it. */
  success: {
    beganAt: Instant;
    endedAt: Instant;
    since: Instant;
    run: string | null;
    summary: RunSummary;
  } | null = null;
  lease: { run: string; token: number; expiresAt: Instant } | null = null;
  readonly #bySale = new Map<number, Attempt[]>();
  #transactions = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A stuck sale, paid five hours ago and sendable, unless told otherwise. */
  insert(differing: Partial<Sale> = {}): number {
    const id = differing.id ?? this.rows.size + 1;
    const paidAt = differing.paidAt === undefined ? this.clock.now() - 5 * 3_600_000 : differing.paidAt;
    const flagged = differing.flagged ?? true;
    const usual = { id, paidAt, flagged, sentFromDelivery: false, pageviewEventId: `pageview_${id}` };
    const { mark: _, ...row } = sale({ ...usual, ...(flagged ? {} : { flaggedAt: null }), ...differing });
    this.rows.set(id, { ...row, xmin: this.begin() });
    return id;
  }

  /** The application writes to a row. */
  write(id: number, change: Partial<Row>): void {
    const row = this.rows.get(id);
    if (row) Object.assign(row, change, { xmin: this.begin() });
  }

  /** The row as it is now, as the product reads it. */
  read(id: number): Sale {
    const row = this.rows.get(id);
    if (!row) throw new Error(`there is no sale ${id}`);
    const { xmin: _, ...rest } = row;
    return { ...rest, mark: { flaggedAt: markOf(row.flaggedAt), amount: row.amount } };
  }

  /** A number for a transaction that writes. */
  begin(): number {
    return (this.#transactions += 1);
  }

  /** @throws LeaseLost as every write of a run that does not hold the lease */
  hold({ run, token }: Lease): void {
    const held = this.lease !== null && String(this.lease.token) === token;
    if (!held || (this.lease?.expiresAt ?? 0) <= this.clock.now())
      throw new LeaseLost(`run ${run} lost its lease`);
  }

  commandOf(run: string): string {
    return this.runs.find(({ id }) => id === run)?.command ?? "unknown";
  }

  /** What the journal holds about a sale, the oldest first. */
  entriesOf(id: number): readonly Attempt[] {
    return this.#bySale.get(id) ?? [];
  }

  /** The id of the last entry about a sale. */
  lastOf(id: number): string | null {
    return this.entriesOf(id).at(-1)?.id ?? null;
  }

  /** Which of these somebody else holds locked. */
  lockedAmong(sales: readonly { readonly saleId: number }[]): number[] {
    return sales.map(({ saleId }) => saleId).filter((id) => this.locked.has(id) && this.rows.has(id));
  }

  /** What a dead run left open: where no answer is on record there never will be one. */
  closeAbandoned(id: number): void {
    for (const open of this.entriesOf(id).filter((entry) => entry.settledAt === null))
      Object.assign(open, {
        answer: open.answer ?? "unconfirmed",
        effect: "kept",
        settledAt: this.clock.now(),
        because: open.because ?? "its run ended before an answer came",
      });
  }

  /** A new entry of the journal, whose id is its place in it, from 1. */
  record({ run }: Lease, entry: Partial<Attempt> & Pick<Attempt, "saleId">): Attempt {
    const made: Attempt = {
      id: String(this.journal.length + 1),
      run,
      command: this.commandOf(run),
      eventId: null,
      origin: null,
      pixelId: null,
      at: this.clock.now(),
      flaggedBefore: true,
      flaggedAtBefore: null,
      flaggedAtClaimed: null,
      metaEventIdBefore: null,
      blame: null,
      events: null,
      flaggedAfter: null,
      flaggedAtAfter: null,
      metaEventIdAfter: null,
      answer: null,
      effect: null,
      because: null,
      settledAt: null,
      ...entry,
    };
    this.journal.push(made);
    this.#bySale.set(made.saleId, [...this.entriesOf(made.saleId), made]);
    return made;
  }
}

export function markOf(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
