import { KnownError } from "../errors.js";
import type { Attempts, Claim, Claimed, Clock, GraphAnswer, Lease, Sender, Written } from "../ports.js";
import type { Outcome } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import { age } from "../sales/time.js";
import type { Batch, Consequence } from "./lane.js";
import { Breaker, batches, consequence, settlements } from "./lane.js";
import { stateInWords } from "./state.js";

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
  readonly progress: (done: number) => void;
  /** A line for whoever watches, such as the length of a pause. */
  readonly notice: (line: string) => void;
}

/** What a lane is given: its sales, how those before it ended, and whether its destination was given up already. */
export interface LaneWork {
  readonly destination: string;
  readonly sales: readonly Planned[];
  readonly earlier: readonly Outcome[];
  readonly stopped: string | null;
}

/** A claim older than this is made anew before its request is written (a host may have slept: risk R4). */
const CLAIM_VALID_MS = 60_000;

/** From here on a pause is worth a word to whoever watches. */
const LONG_PAUSE_MS = 5_000;

/**
 * The sales of one pixel and token, one request at a time: build, claim, send, settle, until none is left. Over 150 lines,
 * because these steps share the lane's state and their order is the safety of the product.
 */
export class Sending {
  readonly outcomes = new Map<number, Outcome>();
  readonly written = new Map<number, Written>();
  readonly unreached: { item: Planned; because: string }[] = [];
  readonly #ports: SendPorts;
  readonly #options: SendOptions;
  readonly #queue: Batch[];
  /** Outcomes of the carriers of shared clicks, which were sent before this lane began. */
  readonly #carriers: ReadonlyMap<number, Outcome>;
  readonly #breaker = new Breaker();
  /** Sales of which an attempt of ours has no answer: no later refusal makes them "never arrived". */
  readonly #doubtful: Set<number>;
  /** Flag times that our own claims set, of sales taken back: later claims of this run compare with these. */
  readonly #takenBack = new Map<number, string | null>();
  /** Pixel and pool: what the lane's sales have in common. */
  readonly destination: string;
  #stopped: string | null;

  constructor(ports: SendPorts, options: SendOptions, work: LaneWork) {
    const { sales, earlier } = work;
    this.destination = work.destination;
    this.#stopped = work.stopped;
    this.#ports = ports;
    this.#options = options;
    this.#queue = batches(sales);
    this.#carriers = new Map(earlier.map((outcome) => [outcome.judged.sale.id, outcome]));
    this.#doubtful = new Set(sales.filter((s) => s.judged.kind === "unsettled").map((s) => s.judged.sale.id));
  }

  /** Why the lane's sales are not tried any further; null while they are. */
  get stopped(): string | null {
    return this.#stopped;
  }

  async run(stop: AbortSignal): Promise<void> {
    for (let batch = this.#queue.shift(); batch; batch = this.#queue.shift()) {
      const halt = this.#halt(stop);
      if (halt === null) await this.#attempt({ ...batch, sales: this.#afterCarriers(batch.sales) }, stop);
      else for (const item of batch.sales) this.#leave(item, halt);
    }
  }

  #halt(stop: AbortSignal): string | null {
    if (stop.aborted) return "not reached: interrupted";
    if (this.#ports.clock.now() >= this.#options.until) return "not reached: --max-runtime";
    return this.#stopped === null ? null : `not tried: ${this.#stopped}`;
  }

  /** A sale that had an attempt in this run keeps its outcome; the others were never reached. */
  #leave(item: Planned, because: string): void {
    if (!this.outcomes.has(item.judged.sale.id)) this.unreached.push({ item, because });
  }

  #afterCarriers(sales: readonly Planned[]): Planned[] {
    return sales.filter((item) => {
      const { carrier } = item.judged.identity;
      const waits = carrier !== null && carrier.acceptedAt === null && carrier.open && !item.mayDouble;
      if (!waits || this.#carriers.get(carrier.id)?.answer === "accepted") return true;
      this.#leave(
        item,
        `not tried: sale ${carrier.id}, which carries the click they share, was not accepted`,
      );
      return false;
    });
  }

  async #attempt(batch: Batch, stop: AbortSignal): Promise<void> {
    const { clock, attempts, sender } = this.#ports;
    const events = new Map<number, unknown>();
    for (const [id, built] of await sender.build(batch.sales, clock.now())) {
      if ("event" in built) events.set(id, built.event);
      else
        for (const item of batch.sales)
          if (item.judged.sale.id === id) this.#leave(item, `not sent: ${built.fault}`);
    }
    const ready = batch.sales.filter((item) => events.has(item.judged.sale.id));
    if (ready.length === 0) return;
    const claimedAt = clock.now();
    const claimed = await attempts.claim(
      this.#options.lease,
      ready.map((item) => this.#claim(item)),
    );
    const taken = new Set(claimed.map((claim) => claim.saleId));
    const sales = ready.filter((item) => taken.has(item.judged.sale.id));
    await this.#overtaken(ready.filter((item) => !taken.has(item.judged.sale.id)));
    if (sales.length === 0) return;
    this.#rememberTakenBack(sales, claimed);
    const sending = { sales, tries: batch.tries };
    if (clock.now() - claimedAt > CLAIM_VALID_MS) {
      await this.#settle(sales, claimed, null, {
        answer: "not-sent",
        because: "the claim grew old before it was used",
      });
      this.#queue.unshift(sending);
      return;
    }
    const answer = await this.#post(
      sales,
      sales.map((item) => events.get(item.judged.sale.id)),
    );
    const follows = consequence(answer, sending);
    const tripped = this.#breaker.notice(answer, sending, follows);
    // The refusal that trips the breaker says that the fault is not in the sale: it is kept, whatever the tables allow.
    const spared = tripped !== null && follows.answer === "refused";
    await this.#settle(sales, claimed, answer, spared ? { ...follows, answer: "not-sent" } : follows);
    this.#queue.unshift(...follows.again);
    this.#stopped ??= follows.stop ?? tripped;
    if (follows.again.length === 0) this.#options.progress(sales.length);
    if (follows.pauseMs > 0) await this.#pause(follows, stop);
  }

  /** What keeps a request from being made at all (a token that cannot be had) ends the lane: nothing was sent. */
  async #post(sales: readonly Planned[], events: readonly unknown[]): Promise<GraphAnswer> {
    const { pixelId, pool } = sales[0]?.judged.identity ?? { pixelId: null, pool: null };
    const to = { pixelId: pixelId ?? "", pool: pool?.id ?? null, testEventCode: pool?.testEventCode ?? null };
    try {
      return await this.#ports.sender.post(to, events, this.#options.abandon);
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
    claimed: readonly Claimed[],
    answer: GraphAnswer | null,
    follows: Pick<Consequence, "answer" | "because">,
  ): Promise<void> {
    const byId = new Map(sales.map((item) => [item.judged.sale.id, item]));
    const before = new Set(this.#doubtful);
    if (follows.answer === "unconfirmed") for (const id of byId.keys()) this.#doubtful.add(id);
    const reverts = (id: number) => {
      const item = byId.get(id);
      if (!item || before.has(id)) return false;
      // Taken back from the application in vain, and certainly not sent: it is the application's again.
      const givenBack =
        !item.judged.sale.flagged && (follows.answer === "not-sent" || follows.answer === "refused");
      return givenBack || (follows.answer === "refused" && item.revertIfRefused);
    };
    const { attempts, clock } = this.#ports;
    const written = await attempts.settle(
      this.#options.lease,
      settlements(claimed, answer, follows, reverts),
    );
    const moved = written.filter((row) => row.effect === "overtaken").map((row) => row.saleId);
    const states = moved.length === 0 ? new Map() : await attempts.states(moved);
    for (const row of written) {
      const item = byId.get(row.saleId);
      if (!item) continue;
      if (row.effect === "reverted") this.#takenBack.delete(row.saleId);
      const { eventId } = item.judged.identity;
      const open = this.#doubtful.has(row.saleId) && follows.answer !== "accepted";
      const notes = [
        open && follows.answer !== "unconfirmed"
          ? `an earlier attempt has no answer; ${follows.because}`
          : follows.because,
        row.effect === "overtaken"
          ? `as ${eventId}, but the row was left: ${stateInWords(item.judged, states.get(row.saleId), item.before, clock.now())}`
          : "",
      ];
      this.written.set(row.saleId, row);
      this.outcomes.set(row.saleId, {
        judged: item.judged,
        answer: open ? "unconfirmed" : follows.answer,
        effect: row.effect,
        because: notes.filter((note) => note !== "").join(" "),
        eventId,
      });
    }
  }

  #rememberTakenBack(sales: readonly Planned[], claimed: readonly Claimed[]): void {
    const ours = new Set(
      sales.filter((item) => !item.judged.sale.flagged).map((item) => item.judged.sale.id),
    );
    for (const { saleId, flaggedAt } of claimed) if (ours.has(saleId)) this.#takenBack.set(saleId, flaggedAt);
  }

  #claim({ judged, before }: Planned): Claim {
    const { sale, identity } = judged;
    const ours = this.#takenBack.get(sale.id);
    return {
      saleId: sale.id,
      mark: ours === undefined ? sale.mark : { ...sale.mark, flaggedAt: ours },
      eventId: identity.eventId,
      origin: identity.origin,
      pixelId: identity.pixelId ?? "",
      before,
      takeBack: !sale.flagged && ours === undefined,
    };
  }

  /** The row is no longer what was judged: nothing is sent, and the outcome says what it is now. */
  async #overtaken(items: readonly Planned[]): Promise<void> {
    if (items.length === 0) return;
    const states = await this.#ports.attempts.states(items.map((item) => item.judged.sale.id));
    const now = this.#ports.clock.now();
    for (const { judged, before } of items) {
      if (this.outcomes.has(judged.sale.id)) continue;
      const because = `nothing was sent: ${stateInWords(judged, states.get(judged.sale.id), before, now)}`;
      this.outcomes.set(judged.sale.id, {
        judged,
        answer: null,
        effect: "overtaken",
        because,
        eventId: null,
      });
    }
  }
}
