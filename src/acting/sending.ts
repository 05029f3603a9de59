import { KnownError } from "../errors.js";
import type { Attempts, Claimed, Clock, GraphAnswer, Lease, Sender } from "../ports.js";
import type { Outcome } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";
import { openCarrier } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import { age } from "../sales/time.js";
import { Book } from "./book.js";
import { Breaker } from "./breaker.js";
import { Builder } from "./builder.js";
import { claimSales } from "./claims.js";
import type { Batch, Consequence } from "./lane.js";
import { batches, consequence, settlements } from "./lane.js";
import { settle } from "./settle.js";
import { LOCKED } from "./state.js";

/** What sending needs of the world. */
export interface SendPorts {
  readonly attempts: Attempts;
  readonly sender: Sender;
  readonly clock: Clock;
}

export interface SendOptions {
  readonly lease: Lease;
  /** The first signal: no more work is taken. */
  readonly stop: AbortSignal;
  /** What is in flight is given up: ten seconds later, or at the second signal. */
  readonly abandon: AbortSignal;
  /** No request and no pause goes beyond this moment (`--max-runtime`). */
  readonly until: Instant;
  /** Sales of which nothing more is done in this pass, and whether they ended well. */
  readonly progress: (sales: readonly Planned[], well: boolean) => void;
  /** A line for whoever watches, such as the length of a pause. */
  readonly notice: (line: string) => void;
}

/** What a lane is given: its sales, how those before it ended, and whether its destination was given up already. */
export interface LaneWork {
  /** Pixel and pool: what the lane's sales have in common. */
  readonly destination: string;
  readonly sales: readonly Planned[];
  readonly earlier: readonly Outcome[];
  readonly stopped: string | null;
}

/** A request is written within this time of its claim, or its sales are claimed anew (a host may have slept: risk R4). */
const CLAIM_VALID_MS = 60_000;

/** From here on a pause is worth a word to whoever watches. */
const LONG_PAUSE_MS = 5_000;

/** How a refusal is noted that says of the pixel what it seemed to say of the sale. */
const SPARED = { answer: "not-sent", blame: "pixel" } as const;

/** A locked row is tried once more at the lane's end, and not sooner than this. */
const LOCKED_PAUSE_MS = 1_000;

/**
 * The sales of one pixel and token, one request at a time: build, claim, send, settle, until none is left. Over 150 lines,
 * because the order of these steps is the safety of the product.
 */
export class Sending {
  readonly destination: string;
  readonly book: Book;
  readonly #ports: SendPorts;
  readonly #options: SendOptions;
  readonly #queue: Batch[];
  /** Outcomes of the carriers of shared clicks, which were sent before this lane began. */
  readonly #carriers: ReadonlyMap<number, Outcome>;
  readonly #breaker = new Breaker();
  readonly #builder: Builder;
  readonly #postponed = new Set<number>();
  #stopped: string | null;

  constructor(ports: SendPorts, options: SendOptions, work: LaneWork) {
    this.destination = work.destination;
    this.book = new Book(work.sales);
    this.#stopped = work.stopped;
    this.#ports = ports;
    this.#options = options;
    this.#builder = new Builder(ports.sender, ports.clock);
    this.#queue = batches(work.sales);
    this.#carriers = new Map(work.earlier.map((outcome) => [outcome.judged.sale.id, outcome]));
  }

  /** Why the lane's sales are not tried any further; null while they are. */
  get stopped(): string | null {
    return this.#stopped;
  }

  async run(stop: AbortSignal): Promise<void> {
    try {
      for (let batch = this.#queue.shift(); batch; batch = this.#queue.shift()) {
        const halt = this.#halt(stop);
        if (halt === null) await this.#attempt(batch, stop);
        else for (const item of batch.sales) this.book.leave(item, halt);
      }
    } finally {
      await this.#builder.end();
    }
  }

  #halt(stop: AbortSignal): string | null {
    if (stop.aborted) return "not reached: interrupted";
    if (this.#ports.clock.now() >= this.#options.until) return "not reached: --max-runtime";
    return this.#stopped === null ? null : `not tried: ${this.#stopped}`;
  }

  #afterCarriers(sales: readonly Planned[]): Planned[] {
    return sales.filter((item) => {
      const carrier = item.mayDouble ? null : openCarrier(item.judged);
      if (carrier === null || this.#carriers.get(carrier)?.answer === "accepted") return true;
      this.book.leave(
        item,
        `not tried: sale ${carrier}, which carries the click they share, was not accepted`,
      );
      return false;
    });
  }

  async #attempt(batch: Batch, stop: AbortSignal): Promise<void> {
    const events = await this.#build(batch);
    const ready = batch.sales.filter((item) => events.has(item.judged.sale.id));
    if (ready.length === 0) return;
    const claimedAt = this.#ports.clock.now();
    const claimed = await this.#claim(ready, batch.tries, stop);
    const sales = ready.filter((item) => claimed.has(item.judged.sale.id));
    if (sales.length === 0) return;
    const sending = { sales, tries: batch.tries };
    const posted = this.#post(
      sales,
      sales.map((item) => events.get(item.judged.sale.id)),
      Math.min(claimedAt + CLAIM_VALID_MS, ...sales.map((item) => item.before)),
    );
    const [next] = this.#queue;
    if (next && this.#halt(stop) === null) this.#builder.begin(next.sales);
    const answer = await posted;
    const follows = consequence(answer, sending);
    const tripped = this.#breaker.notice(answer, sending, follows);
    // The refusal that trips the breaker says that the fault is not in the sale: it is kept, whatever the tables allow.
    const noted = { ...follows, ...(tripped !== null && follows.blame === "sale" ? SPARED : {}) };
    await this.#settle(sales, claimed, answer, noted);
    this.#queue.unshift(...follows.again);
    this.#stopped ??= follows.stop ?? tripped;
    if (follows.again.length === 0) this.#options.progress(sales, follows.answer === "accepted");
    if (follows.pauseMs > 0) await this.#pause(follows, stop);
  }

  async #build({ sales }: Batch): Promise<Map<number, unknown>> {
    const built = await this.#builder.of(sales);
    const events = new Map<number, unknown>();
    for (const item of this.#afterCarriers(sales)) {
      const one = built.get(item.judged.sale.id) ?? { fault: "its row is gone" };
      if ("event" in one) events.set(item.judged.sale.id, one.event);
      else this.book.leave(item, `not sent: ${one.fault}`);
    }
    return events;
  }

  /** The claims that were got, by sale. A locked row gets a second chance; of all others the outcome says what they are now. */
  async #claim(
    ready: readonly Planned[],
    tries: number,
    stop: AbortSignal,
  ): Promise<ReadonlyMap<number, Claimed>> {
    const { lease } = this.#options;
    const got = await claimSales(this.#ports, lease, ready, (item) => this.book.claimOf(item));
    for (const { item, because } of got.moved) this.book.overtaken(item, because);
    for (const { item, because } of got.refused) this.book.leave(item, `nothing was sent: ${because}`);
    for (const item of ready) {
      const claim = got.claimed.get(item.judged.sale.id);
      if (claim) this.book.claimed(item, claim);
    }
    await this.#postpone(got.locked, tries, stop);
    return got.claimed;
  }

  async #postpone(locked: readonly Planned[], tries: number, stop: AbortSignal): Promise<void> {
    const again = locked.filter((item) => !this.#postponed.has(item.judged.sale.id));
    for (const item of locked) {
      if (this.#postponed.has(item.judged.sale.id)) this.book.leave(item, `nothing was sent: ${LOCKED}`);
      else this.#postponed.add(item.judged.sale.id);
    }
    if (again.length === 0) return;
    if (this.#queue.length === 0) await this.#ports.clock.sleep(LOCKED_PAUSE_MS, stop);
    this.#queue.push({ sales: again, tries });
  }

  /** What keeps a request from being made at all (a token that cannot be had) ends the lane: nothing was sent. */
  async #post(sales: readonly Planned[], events: readonly unknown[], before: Instant): Promise<GraphAnswer> {
    const { pixelId, pool } = sales[0]?.judged.identity ?? { pixelId: null, pool: null };
    const to = { pixelId: pixelId ?? "", pool: pool?.id ?? null, testEventCode: pool?.testEventCode ?? null };
    const mayWrite = () => this.#ports.clock.now() < before;
    try {
      return await this.#ports.sender.post(to, events, { signal: this.#options.abandon, mayWrite });
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      this.#stopped = error.problem.what;
      return { kind: "unreached", because: error.problem.what };
    }
  }

  /** A pause that would outlast the run ends the lane instead. */
  async #pause({ pauseMs, because }: Consequence, stop: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    if (clock.now() + pauseMs >= this.#options.until) {
      this.#stopped ??= `the next try would be in ${age(pauseMs)}, after --max-runtime (${because})`;
      return;
    }
    if (pauseMs >= LONG_PAUSE_MS) this.#options.notice(`waiting ${age(pauseMs)}: ${because}`);
    await clock.sleep(pauseMs, stop);
  }

  async #settle(
    sales: readonly Planned[],
    claimed: ReadonlyMap<number, Claimed>,
    answer: GraphAnswer,
    follows: Pick<Consequence, "answer" | "blame" | "because">,
  ): Promise<void> {
    const { attempts, clock } = this.#ports;
    const { lease, abandon } = this.#options;
    const byId = new Map(sales.map((item) => [item.judged.sale.id, item]));
    const notes = sales.flatMap((item) => {
      const claim = claimed.get(item.judged.sale.id);
      return claim ? [{ claim, revert: this.book.reverts(item, follows) }] : [];
    });
    for (const item of sales) this.book.answered(item, follows);
    const written = await settle(this.#ports, lease, settlements(notes, answer, follows), abandon);
    // Of a row that could not be had the write itself tells why; asking for it would fail on a locked table.
    const moved = written.filter((row) => row.effect === "overtaken" && row.because === undefined);
    const states = moved.length === 0 ? new Map() : await attempts.states(moved.map(({ saleId }) => saleId));
    for (const row of written) {
      const item = byId.get(row.saleId);
      if (item) this.book.settled(item, row, follows, states.get(row.saleId), clock.now());
    }
  }
}
