import type { GraphAnswer, RefusalScope, Sender } from "../../../src/ports.js";
import type { Instant } from "../../../src/sales/sale.js";
import type { ShopDouble } from "./shop.js";

/** An event as the doubles build it. */
export interface EventDouble {
  readonly saleId: number;
  readonly eventId: string;
}

export interface RequestDouble {
  readonly at: Instant;
  readonly pixelId: string;
  readonly pool: number | null;
  readonly sales: readonly number[];
  readonly eventIds: readonly string[];
}

/** What Meta does with a request: how many of its events it stores (all, unless told), and what we see of it. */
export interface Reply {
  readonly answer: GraphAnswer;
  readonly stored?: number;
}

export type Script = (request: RequestDouble) => Reply;

export const accepted = (count: number): Reply => ({
  answer: { kind: "accepted", received: count, fbtraceId: "trace" },
});

export function refused(
  scope: RefusalScope,
  differing: Partial<Extract<GraphAnswer, { kind: "refused" }>> = {},
): Reply {
  const status = scope === "transient" ? 503 : 400;
  const usual = { code: 100, subcode: null, fbtraceId: "trace", message: `about the ${scope}`, waitMs: null };
  return { answer: { kind: "refused", scope, status, ...usual, ...differing }, stored: 0 };
}

/** The answer never came; the events may be stored all the same. */
export const lost = (stored: number): Reply => ({
  answer: { kind: "unknown", because: "no answer within 30 s", status: null, fbtraceId: null },
  stored,
});

export const short = (stored: number): Reply => ({
  answer: {
    kind: "unknown",
    because: "fewer events received than sent",
    status: 200,
    fbtraceId: "t",
    short: true,
  },
  stored,
});

export const unreached = (): Reply => ({
  answer: { kind: "unreached", because: "connection refused" },
  stored: 0,
});

/** Milliseconds within which Meta folds copies of one pixel and id. */
const DEDUPLICATION = 48 * 3_600_000;

/** Meta in memory: it answers by script, and keeps what it stored, counted or folded. */
export class GraphDouble {
  readonly #shop: ShopDouble;
  readonly #counted = new Map<string, Instant[]>();
  readonly requests: RequestDouble[] = [];
  readonly ledger: { pixelId: string; eventId: string; saleId: number; at: Instant; counted: boolean }[] = [];
  /** Faults in a sale's row that show only when its event is built. */
  readonly faults = new Map<number, string>();
  /** Sales that were sent without an attempt on record: must stay empty. */
  readonly unclaimed: string[] = [];
  script: Script = ({ sales }) => accepted(sales.length);
  latencyMs = 0;

  constructor(shop: ShopDouble) {
    this.#shop = shop;
  }

  /** A copy of a sale that reaches Meta by another way, such as the application's own task. */
  receive(saleId: number, pixelId: string, eventId: string, at: Instant): void {
    const key = `${pixelId}|${eventId}`;
    const counts = this.#counted.get(key) ?? [];
    const counted = !counts.some((first) => Math.abs(at - first) < DEDUPLICATION);
    if (counted) this.#counted.set(key, [...counts, at]);
    this.ledger.push({ pixelId, eventId, saleId, at, counted });
  }

  countOf(...sales: readonly number[]): number {
    return this.ledger.filter(({ saleId, counted }) => counted && sales.includes(saleId)).length;
  }

  readonly sender: Sender = {
    build: (planned) => {
      const events = planned.map(({ judged: { sale, identity } }) => {
        const fault = this.faults.get(sale.id);
        const event: EventDouble = { saleId: sale.id, eventId: identity.eventId };
        return [sale.id, fault === undefined ? { event } : { fault }] as const;
      });
      return Promise.resolve(new Map<number, { event: unknown } | { fault: string }>(events));
    },
    post: async ({ pixelId, pool }, given, { signal, mayWrite }) => {
      if (!mayWrite()) return { kind: "unreached", because: "too much time had passed" };
      const events = given as readonly EventDouble[];
      const at = this.#shop.clock.now();
      const sales = events.map(({ saleId }) => saleId);
      const request = { at, pixelId, pool, sales, eventIds: events.map(({ eventId }) => eventId) };
      this.requests.push(request);
      for (const event of events)
        if (!this.#isClaimed(event, pixelId)) this.unclaimed.push(JSON.stringify({ event, pixelId }));
      const { answer, stored = events.length } = this.script(request);
      for (const { saleId, eventId } of events.slice(0, stored)) this.receive(saleId, pixelId, eventId, at);
      if (this.latencyMs > 0) await this.#shop.clock.sleep(this.latencyMs, signal);
      if (!signal.aborted) return answer;
      return { kind: "unknown", because: "given up", status: null, fbtraceId: null };
    },
  };

  /** An attempt of the run that holds the lease is on record, open, with this very pixel and id, and the row fits it. */
  #isClaimed({ saleId, eventId }: EventDouble, pixelId: string): boolean {
    const { rows, lease } = this.#shop;
    const open = this.#shop.entriesOf(saleId).filter((entry) => entry.settledAt === null);
    const [entry] = open;
    const row = rows.get(saleId);
    return (
      open.length === 1 &&
      entry?.eventId === eventId &&
      entry.pixelId === pixelId &&
      entry.run === lease?.run &&
      row?.status === "paid" &&
      row.metaEventId === entry.metaEventIdBefore
    );
  }
}
