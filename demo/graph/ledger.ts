import { filledKeys } from "./customer-data.js";
import type { JsonObject, LedgerEntry, RegisteredSale } from "./types.js";
import { isObject } from "./types.js";

/** Meta, Deduplicate pixel and server events: copies are folded within 48 hours of the first one's receipt. */
const foldingWindow = 48 * 3_600_000;
/** Clocks differ; only beyond this is an event_time called a future one. */
const futureTolerance = 5 * 60_000;

export interface Arrival {
  /** Milliseconds. */
  readonly at: number;
  readonly pixel: string;
  readonly testEventCode: string | null;
  readonly dedup: boolean;
}

/** Everything that "Meta" received, in order, and never changed afterwards. */
export class Ledger {
  readonly #entries: LedgerEntry[] = [];
  readonly #sales: RegisteredSale[] = [];
  readonly #first = new Map<string, number>();

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  register(sales: readonly RegisteredSale[]): void {
    this.#sales.push(...sales);
  }

  /** Stores one event that passed the rules. */
  receive(event: JsonObject, arrival: Arrival): void {
    const custom = isObject(event["custom_data"]) ? event["custom_data"] : {};
    const seen = {
      eventName: String(event["event_name"]),
      eventId: typeof event["event_id"] === "string" ? event["event_id"] : null,
      value: typeof custom["value"] === "number" ? custom["value"] : null,
      currency: typeof custom["currency"] === "string" ? custom["currency"].toUpperCase() : null,
      eventTime: Number(event["event_time"]),
    };
    this.#entries.push({
      receivedAt: arrival.at,
      pixel: arrival.pixel,
      ...seen,
      future: seen.eventTime * 1000 > arrival.at + futureTolerance,
      testEventCode: arrival.testEventCode,
      counted: this.#counts(seen, arrival),
      sale: this.#saleOf(seen, arrival.pixel),
      userDataKeys: filledKeys(event["user_data"]),
    });
  }

  /** The window begins with its first copy; later ones do not prolong it, and one beyond it begins another. */
  #counts(seen: { eventName: string; eventId: string | null }, arrival: Arrival): boolean {
    if (seen.eventId === null) return true;
    const key = JSON.stringify([arrival.pixel, seen.eventName, seen.eventId]);
    const first = this.#first.get(key);
    const copy = first !== undefined && arrival.at - first < foldingWindow;
    if (!copy) this.#first.set(key, arrival.at);
    return !copy || !arrival.dedup;
  }

  /**
   * Which sale an event was. Its own id says so; a shared click's id does not, so the moment and the amount come
   * before the registered ids. Two sales that fit equally well give null rather than a guess.
   */
  #saleOf(seen: Pick<LedgerEntry, "eventId" | "eventTime" | "value">, pixel: string): number | string | null {
    const own = /^purchase_(\d+)(_\d+)?$/.exec(seen.eventId ?? "")?.[1];
    if (own !== undefined) {
      const registered = this.#sales.find(({ sale }) => String(sale) === own);
      return registered?.sale ?? Number(own);
    }
    const here = this.#sales.filter((sale) => sale.pixel === undefined || sale.pixel === pixel);
    const fitting = here.filter(
      (sale) =>
        sale.eventTime === seen.eventTime && seen.value !== null && cents(sale.value) === cents(seen.value),
    );
    if (fitting.length === 1) return fitting[0]?.sale ?? null;
    const named = here.filter((sale) => seen.eventId !== null && sale.eventIds?.includes(seen.eventId));
    return named.length === 1 ? (named[0]?.sale ?? null) : null;
  }
}

export function cents(value: number): number {
  return Math.round(value * 100);
}
