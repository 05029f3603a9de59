import type { Attempts, Claim, Claimed, Clock, GraphAnswer, Lease, Sender, Written } from "../ports.js";
import type { Outcome } from "../sales/outcome.js";
import type { Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";
import type { Batch } from "./lane.js";
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
}

export interface Sent {
  readonly outcomes: readonly Outcome[];
  readonly written: readonly Written[];
  /** Sales that were not reached, and why: nothing was done about them. */
  readonly unreached: readonly { readonly item: Planned; readonly because: string }[];
}

/** A claim older than this is made anew before its request is written (a host may have slept: risk R4). */
const CLAIM_VALID_MS = 60_000;

/**
 * Sends the planned sales, every pixel in a lane of its own, so that a refused pixel or token stops its own sales
 * only. Sales whose shared click is carried by another planned sale wait until that one is through.
 */
export async function send(
  ports: SendPorts,
  planned: readonly Planned[],
  options: SendOptions,
): Promise<Sent> {
  const results: Lane[] = [];
  const carried = (item: Planned) =>
    planned.some(({ judged }) => judged.sale.id === item.judged.identity.carrier?.id);
  for (const round of [planned.filter((item) => !carried(item)), planned.filter(carried)]) {
    const lanes = [...groupByDestination(round).values()].map(
      (sales) => new Lane(ports, options, sales, results),
    );
    await Promise.all(lanes.map((lane) => lane.run()));
    results.push(...lanes);
  }
  return {
    outcomes: results.flatMap((lane) => [...lane.outcomes.values()]),
    written: results.flatMap((lane) => [...lane.written.values()]),
    unreached: results.flatMap((lane) => lane.unreached),
  };
}

function groupByDestination(planned: readonly Planned[]): Map<string, Planned[]> {
  const groups = new Map<string, Planned[]>();
  for (const item of planned) {
    const { pixelId, pool } = item.judged.identity;
    const key = `${pixelId}|${pool?.id ?? ""}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

/** The sales of one pixel and token, one request at a time. */
class Lane {
  readonly outcomes = new Map<number, Outcome>();
  readonly written = new Map<number, Written>();
  readonly unreached: { item: Planned; because: string }[] = [];
  readonly #ports: SendPorts;
  readonly #options: SendOptions;
  readonly #queue: Batch[];
  readonly #earlier: readonly Lane[];
  readonly #breaker = new Breaker();
  /** Sales of which an attempt of ours has no answer: no later refusal makes them "never arrived". */
  readonly #doubtful: Set<number>;
  /** Flag times that our own claims set, of sales taken back: later claims of this run compare with these. */
  readonly #takenBack = new Map<number, string | null>();
  #stopped: string | null = null;

  constructor(ports: SendPorts, options: SendOptions, sales: readonly Planned[], earlier: readonly Lane[]) {
    this.#ports = ports;
    this.#options = options;
    this.#queue = batches(sales);
    this.#earlier = earlier;
    this.#doubtful = new Set(sales.filter((s) => s.judged.kind === "unsettled").map((s) => s.judged.sale.id));
  }

  async run(): Promise<void> {
    for (let batch = this.#queue.shift(); batch; batch = this.#queue.shift()) {
      const halt = this.#halt();
      if (halt === null) await this.#attempt({ ...batch, sales: this.#afterCarriers(batch.sales) });
      else for (const item of batch.sales) this.#leave(item, halt);
    }
  }

  #halt(): string | null {
    const { stop, until } = this.#options;
    if (stop.aborted) return "not reached: interrupted";
    if (this.#ports.clock.now() >= until) return "not reached: --max-runtime";
    return this.#stopped === null ? null : `not tried: ${this.#stopped}`;
  }

  /** A sale that had an attempt in this run keeps its outcome; the others were never reached. */
  #leave(item: Planned, because: string): void {
    if (!this.outcomes.has(item.judged.sale.id)) this.unreached.push({ item, because });
  }

  #afterCarriers(sales: readonly Planned[]): Planned[] {
    return sales.filter((item) => {
      const { carrier } = item.judged.identity;
      const carriers = this.#earlier.flatMap((lane) => [...lane.outcomes.values()]);
      const outcome = carriers.find(({ judged }) => judged.sale.id === carrier?.id);
      const waits = carrier !== null && carrier.acceptedAt === null && carrier.open && !item.mayDouble;
      if (!waits || outcome?.answer === "accepted") return true;
      this.#leave(
        item,
        `not tried: sale ${carrier.id}, which carries the click they share, was not accepted`,
      );
      return false;
    });
  }

  async #attempt(batch: Batch): Promise<void> {
    const { clock, attempts, sender } = this.#ports;
    const { lease, abandon } = this.#options;
    const events = await sender.build(batch.sales, clock.now());
    const ready = batch.sales.filter((item) => {
      const built = events.get(item.judged.sale.id);
      if (built && "fault" in built) this.#leave(item, `not sent: ${built.fault}`);
      return built !== undefined && "event" in built;
    });
    const first = ready[0];
    if (!first) return;
    const claimedAt = clock.now();
    const claimed = await attempts.claim(
      lease,
      ready.map((item) => this.#claim(item)),
    );
    const taken = new Map(claimed.map((claim) => [claim.saleId, claim]));
    const sales = ready.filter((item) => taken.has(item.judged.sale.id));
    await this.#overtaken(ready.filter((item) => !taken.has(item.judged.sale.id)));
    if (sales.length === 0) return;
    for (const { saleId, flaggedAt } of claimed) {
      if (ready.some(({ judged: { sale } }) => sale.id === saleId && !sale.flagged))
        this.#takenBack.set(saleId, flaggedAt);
    }
    const sending = { sales, tries: batch.tries };
    if (clock.now() - claimedAt > CLAIM_VALID_MS) {
      await this.#settle(sales, claimed, null, {
        answer: "not-sent",
        because: "the claim grew old before it was used",
      });
      this.#queue.unshift({ sales, tries: batch.tries });
      return;
    }
    const { pixelId, pool } = first.judged.identity;
    const to = { pixelId: pixelId ?? "", pool: pool?.id ?? null, testEventCode: pool?.testEventCode ?? null };
    const bodies = sales.map((item) => (events.get(item.judged.sale.id) as { event: unknown }).event);
    const answer = await sender.post(to, bodies, abandon);
    const follows = consequence(answer, sending);
    await this.#settle(sales, claimed, answer, follows);
    this.#queue.unshift(...follows.again);
    this.#stopped ??= follows.stop ?? this.#breaker.notice(answer, sending, follows);
    this.#options.progress(follows.again.length === 0 ? sales.length : 0);
    if (follows.pauseMs > 0) await this.#pause(follows.pauseMs);
  }

  /** A pause that would outlast the run ends the lane instead. */
  async #pause(ms: number): Promise<void> {
    const { clock } = this.#ports;
    if (clock.now() + ms >= this.#options.until)
      this.#stopped ??= `the next try would be after --max-runtime`;
    else await clock.sleep(ms, this.#options.stop);
  }

  async #settle(
    sales: readonly Planned[],
    claimed: readonly Claimed[],
    answer: GraphAnswer | null,
    follows: { answer: "accepted" | "refused" | "unconfirmed" | "not-sent"; because: string },
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
    const written = await this.#ports.attempts.settle(
      this.#options.lease,
      settlements(claimed, answer, follows, reverts),
    );
    for (const row of written) {
      const item = byId.get(row.saleId);
      if (!item) continue;
      if (row.effect === "reverted") this.#takenBack.delete(row.saleId);
      const open = this.#doubtful.has(row.saleId) && follows.answer !== "accepted";
      this.written.set(row.saleId, row);
      this.outcomes.set(row.saleId, {
        judged: item.judged,
        answer: open ? "unconfirmed" : follows.answer,
        effect: row.effect,
        because:
          open && follows.answer !== "unconfirmed"
            ? `an earlier attempt has no answer; ${follows.because}`
            : follows.because,
        eventId: item.judged.identity.eventId,
      });
    }
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
