import type { Attempts, Clock, Lease, RowState, Writes, Written } from "../ports.js";
import { TableLocked } from "../errors.js";
import type { Outcome } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";
import { halving } from "./halving.js";
import type { Sent } from "./send.js";
import type { SendOptions } from "./sending.js";
import { LOCKED, guardOf, stateInWords } from "./state.js";

/** Rows per statement: small enough that the application never waits for our locks (5,000 rows held them for 47 ms). */
const CHUNK = 1000;

/** Locked rows are tried once more at the end, and not sooner than this. */
const LOCKED_PAUSE_MS = 1_000;

export interface RowPorts {
  readonly attempts: Attempts;
  readonly clock: Clock;
}

export type RowOptions = Pick<SendOptions, "lease" | "stop" | "until" | "progress">;

/** One statement over rows, and what is said of those it changed. */
interface Verb {
  readonly because: string;
  /** What else must be known of a row that was changed. */
  readonly note?: (item: Planned) => string | null;
  readonly write: (lease: Lease, chunk: readonly Planned[]) => Promise<Writes>;
  /** Why a row was left, by what it is now; that of the judged row where it is not given. */
  readonly left?: (item: Planned, row: RowState | undefined) => string;
}

/** Rows changed without a word to Meta, a chunk at a time. What failed in the middle is told with what was done. */
export class Rows {
  readonly #ports: RowPorts;
  readonly #options: RowOptions;
  readonly #verb: Verb;
  readonly #outcomes: Outcome[] = [];
  readonly #written: Written[] = [];
  readonly #unreached: Sent["unreached"][number][] = [];

  constructor(ports: RowPorts, options: RowOptions, verb: Verb) {
    this.#ports = ports;
    this.#options = options;
    this.#verb = verb;
  }

  async run(planned: readonly Planned[]): Promise<Sent> {
    const { clock } = this.#ports;
    let failure: unknown = null;
    try {
      const locked = await this.#pass(planned);
      if (locked.length > 0) await clock.sleep(LOCKED_PAUSE_MS, this.#options.stop);
      for (const item of await this.#pass(locked)) this.#unreached.push({ item, because: LOCKED });
    } catch (error) {
      failure = error;
    }
    return { outcomes: this.#outcomes, written: this.#written, unreached: this.#unreached, failure };
  }

  /** Tells which rows were locked. */
  async #pass(planned: readonly Planned[]): Promise<Planned[]> {
    const { stop, until, progress } = this.#options;
    const locked: Planned[] = [];
    for (let at = 0; at < planned.length; at += CHUNK) {
      const because = stop.aborted
        ? "not reached: interrupted"
        : this.#ports.clock.now() >= until
          ? "not reached: --max-runtime"
          : null;
      if (because !== null) {
        // One by one: some 120,000 arguments of one call are more than the stack holds.
        for (const item of planned.slice(at)) this.#unreached.push({ item, because });
        break;
      }
      const chunk = planned.slice(at, at + CHUNK);
      const later = new Set(await this.#chunk(chunk));
      locked.push(...later);
      progress(
        chunk.filter((item) => !later.has(item)),
        true,
      );
    }
    return locked;
  }

  async #chunk(chunk: readonly Planned[]): Promise<Planned[]> {
    const { done, refused } = await halving(chunk, (part) => this.#write(part));
    const written = new Map(done.flatMap((one) => one.written).map((row) => [row.saleId, row]));
    const locked = new Set(done.flatMap((one) => one.locked));
    const later: Planned[] = [];
    const whys = new Map(refused.map(({ item, because }) => [item, because]));
    const missed = chunk.filter(({ judged: { sale } }) => !written.has(sale.id) && !locked.has(sale.id));
    const states =
      missed.length === 0
        ? new Map()
        : await this.#ports.attempts.states(missed.map(({ judged }) => judged.sale.id));
    for (const item of chunk) {
      const { judged } = item;
      const { sale } = judged;
      const row = written.get(sale.id);
      const why = () =>
        locked.has(sale.id) ? LOCKED : (whys.get(item) ?? this.#left(item, states.get(sale.id)));
      const because = row ? this.#done(item) : why();
      const effect = row?.effect ?? "overtaken";
      // A row that is what was judged was locked as well, by a lock that was gone before anybody could ask for it.
      if (because === LOCKED) later.push(item);
      else this.#outcomes.push({ judged, answer: null, effect, because, eventId: row?.metaEventId ?? null });
    }
    this.#written.push(...written.values());
    return later;
  }

  #done(item: Planned): string {
    const note = this.#verb.note?.(item) ?? null;
    return note === null ? this.#verb.because : `${this.#verb.because}; ${note}`;
  }

  #left(item: Planned, row: RowState | undefined): string {
    if (this.#verb.left) return this.#verb.left(item, row);
    const { flagged, metaEventId } = item.judged.sale;
    const expected = { ...guardOf(item), metaEventId, before: item.before, takeBack: !flagged };
    return stateInWords(expected, row, this.#ports.clock.now());
  }

  async #write(part: readonly Planned[]): Promise<Writes> {
    try {
      return await this.#verb.write(this.#options.lease, part);
    } catch (error) {
      if (!(error instanceof TableLocked)) throw error;
      return { written: [], locked: part.map(({ judged }) => judged.sale.id) };
    }
  }
}
