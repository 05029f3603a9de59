import type { Draft } from "./draft.js";

/** Somebody: a request whose sale no line tells. */
const SOMEBODY = "?";

/** Which sales bear which event id, as far as the logs tell: what a shared click makes ambiguous stays so. */
export class Bearers {
  readonly #byEvent = new Map<string, Set<string>>();
  /** `purchase_9445_…` sent for `BOT19_…` tells that both name one sale. */
  readonly #paymentOf = new Map<number, string>();
  readonly #names = new Map<string, Pick<Draft, "paymentId" | "saleId">>();

  constructor(drafts: readonly Draft[]) {
    for (const { saleId, paymentId } of drafts)
      if (saleId !== null && paymentId !== null) this.#paymentOf.set(saleId, paymentId);
    for (const draft of drafts) {
      if (draft.eventId === null) continue;
      const name = this.#nameOf(draft);
      const names = this.#byEvent.get(draft.eventId) ?? new Set();
      this.#byEvent.set(draft.eventId, names.add(name));
      if (name !== SOMEBODY) this.#names.set(name, { ...this.#names.get(name), ...known(draft) });
    }
  }

  /** The one sale that bears an event id; null where none does, or several, or somebody unknown. */
  only(eventId: string): string | null {
    const names = this.#byEvent.get(eventId);
    const [name = null] = names ?? [];
    return names?.size === 1 && name !== SOMEBODY ? name : null;
  }

  idsOf(name: string | null): Partial<Draft> {
    const ids = name === null ? undefined : this.#names.get(name);
    return ids ? { ...ids, byEventId: true } : {};
  }

  #nameOf({ paymentId, saleId }: Draft): string {
    if (paymentId !== null) return paymentId;
    if (saleId === null) return SOMEBODY;
    return this.#paymentOf.get(saleId) ?? `#${saleId}`;
  }
}

function known({ paymentId, saleId }: Draft): Pick<Draft, "paymentId" | "saleId"> {
  return { paymentId, saleId };
}
