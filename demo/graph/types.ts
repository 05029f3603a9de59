/** A pixel, and who may do what with it. A token that stands in none of the lists is unknown to Graph. */
export interface PixelConfig {
  readonly id: string;
  readonly name: string;
  /** May send events and be asked about. */
  readonly tokens: readonly string[];
  /** Known, and it reaches the pixel, but without permission to send: 403 with code 200. */
  readonly readOnlyTokens?: readonly string[];
  /** May send but not ask (such tokens exist at Meta, which makes a failed look-up inconclusive). */
  readonly sendOnlyTokens?: readonly string[];
}

/** What `debug_token` says of a token. An invalid or expired one is refused with 190/463 everywhere. */
export interface TokenFacts {
  readonly is_valid?: boolean;
  /** Unix seconds; 0 never expires. */
  readonly expires_at?: number;
  readonly scopes?: readonly string[];
  readonly app_id?: string;
}

export interface GraphConfig {
  readonly pixels: readonly PixelConfig[];
  /** Whether two *server* copies are folded: Meta's practice, and nowhere its promise. */
  readonly dedup: boolean;
  readonly tokens: Readonly<Record<string, TokenFacts>>;
}

/** A sale of the shop, made known beforehand so that the ledger can tell which sale an event was. */
export interface RegisteredSale {
  readonly sale: number | string;
  readonly pixel?: string;
  /** Unix seconds. */
  readonly eventTime: number;
  readonly value: number;
  readonly eventIds?: readonly string[];
}

/** One event that was received. Never a token, never a value of `user_data`. */
export interface LedgerEntry {
  /** Milliseconds, by the stand-in's own clock. */
  readonly receivedAt: number;
  readonly pixel: string;
  readonly eventName: string;
  readonly eventId: string | null;
  readonly value: number | null;
  readonly currency: string | null;
  /** Unix seconds. */
  readonly eventTime: number;
  /** Its event_time lay in the future: accepted, since nothing documents a refusal, but marked. */
  readonly future: boolean;
  readonly testEventCode: string | null;
  /** False for a copy that was folded into an earlier one. */
  readonly counted: boolean;
  readonly sale: number | string | null;
  readonly userDataKeys: readonly string[];
}

/** One request that arrived whole. `status` is null while no answer has been written, and stays so where none is. */
export interface RequestEntry {
  /** Milliseconds, by the stand-in's own clock. */
  readonly at: number;
  readonly kind: "events" | "look-up" | "other";
  readonly pixel: string | null;
  /** How many events it carried. */
  readonly events: number;
  readonly eventIds: readonly (string | null)[];
  /** sha256 of `data`: equal for identical batches. */
  readonly digest: string;
  status: number | null;
  readonly tokenSeenIn: TokenPlace | null;
  /** The whole answer was handed to the client. */
  answered: boolean;
  fault: string | null;
}

export type TokenPlace = "header" | "query" | "body";

/** What counts, per pixel: the numbers that an ads account would show. */
export interface GraphSummary {
  /** Milliseconds. */
  readonly now: number;
  readonly dedup: boolean;
  readonly requests: number;
  readonly pixels: readonly {
    readonly id: string;
    readonly name: string;
    readonly received: number;
    readonly counted: number;
    /** Counted money by currency, as decimal strings. */
    readonly money: Readonly<Record<string, string>>;
  }[];
}

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
