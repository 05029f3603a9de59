import type { Claims, RowState, Writes, Written } from "../../../src/ports.js";
import type { Evidence } from "../../../src/sales/evidence.js";
import type { Sale } from "../../../src/sales/sale.js";
import type { Entry, Side } from "./side.js";
import { inWords } from "./side.js";

/** Tells what one side did and holds without its ids and clocks: an attempt is the nth of its sale. */
export class Words {
  readonly #side: Side;
  #names: ReadonlyMap<string, string> = new Map();

  constructor(side: Side) {
    this.#side = side;
  }

  async told(told: Claims | Writes | readonly Written[] | undefined): Promise<unknown> {
    await this.#entries();
    if (told === undefined) return "done";
    if ("claimed" in told) {
      const claimed = told.claimed.map(({ attempt, flaggedAt, saleId }) => {
        return { saleId, attempt: this.#name(attempt), flaggedAt: this.#mark(flaggedAt) };
      });
      return { claimed: sorted(claimed), hindered: sorted(told.hindered) };
    }
    if ("written" in told)
      return { written: this.#written(told.written), locked: told.locked.toSorted((a, b) => a - b) };
    return this.#written(told);
  }

  async look(all: readonly Sale[], found: ReadonlyMap<number, Evidence>): Promise<unknown> {
    await this.#entries();
    const rows = all.map((sale) => {
      return { ...ofSale(sale), flaggedAt: inWords(sale.flaggedAt), mark: this.#mark(sale.mark.flaggedAt) };
    });
    return { rows, evidence: [...found].map(([id, evidence]) => [id, this.#evidence(evidence)]) };
  }

  /** The journal is told by the sales, and of each sale by time: who goes first within one statement is nobody's matter. */
  async end(seen: {
    readonly stuck: readonly number[];
    readonly states: ReadonlyMap<number, RowState>;
  }): Promise<unknown> {
    const entries = await this.#entries();
    const journal = entries.map(({ id, ...entry }) => ({
      ...entry,
      at: null,
      attempt: this.#name(id),
      settledAt: entry["settledAt"] !== null,
      flaggedAtBefore: this.#mark(text(entry["flaggedAtBefore"])),
      flaggedAtClaimed: this.#mark(text(entry["flaggedAtClaimed"])),
      flaggedAtAfter: this.#mark(text(entry["flaggedAtAfter"])),
    }));
    const states = [...seen.states].map(([saleId, { mark, lastAttempt, ...state }]) => {
      const flaggedAt = this.#mark(mark.flaggedAt);
      return { saleId, ...state, flaggedAt, amount: Number(mark.amount), last: this.#name(lastAttempt) };
    });
    return { stuck: seen.stuck, states: sorted(states), journal: sorted(journal) };
  }

  #evidence({ traces, siblings, flagTimes, lastAttempt, ...rest }: Evidence): unknown {
    const when = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
    return {
      ...rest,
      traces: traces.map((trace) => ({
        ...trace,
        at: inWords(trace.at),
        because: trace.because.replaceAll(when, "then"),
      })),
      siblings: siblings.map((one) => ({
        ...one,
        createdAt: inWords(one.createdAt),
        firstAttempt: inWords(one.firstAttempt),
        lastAttempt: inWords(one.lastAttempt ?? null),
        acceptedAt: inWords(one.acceptedAt),
      })),
      flagTimes: flagTimes.map(inWords),
      lastAttempt: this.#name(lastAttempt),
    };
  }

  #written(rows: readonly Written[]): unknown {
    return sorted(
      rows.map((row) => ({
        ...row,
        attempt: this.#name(row.attempt),
        xid: row.xid !== null,
        flaggedAt: this.#mark(row.flaggedAt),
      })),
    );
  }

  async #entries(): Promise<Entry[]> {
    const entries = await this.#side.journal();
    const counts = new Map<number, number>();
    this.#names = new Map(
      entries.map(({ id, saleId }) => {
        const nth = (counts.get(saleId) ?? 0) + 1;
        counts.set(saleId, nth);
        return [id, `${saleId}#${nth}`];
      }),
    );
    return entries;
  }

  #name(attempt: string | null): string | null {
    return attempt === null ? null : (this.#names.get(attempt) ?? `unknown ${attempt}`);
  }

  #mark(mark: string | null): string | null {
    return mark === null ? null : inWords(this.#side.moment(mark));
  }
}

const text = (value: Entry[string] | undefined) => (typeof value === "string" ? value : null);

/** What belongs to one sale and attempt is told once at most. */
interface Placed {
  readonly saleId: number;
  readonly attempt?: string | null;
  readonly by?: string;
}

const placeOf = ({ saleId, attempt = "", by = "" }: Placed) => `${saleId} ${attempt} ${by}`;
const sorted = <Item extends Placed>(items: readonly Item[]) =>
  items.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));

const ofSale = ({ id, status, amount, flagged, metaEventId, pageviewEventId, pools }: Sale) => ({
  id,
  status,
  amount,
  flagged,
  metaEventId,
  pageviewEventId,
  pixels: (pools ?? []).map(({ pixelId }) => pixelId),
});
