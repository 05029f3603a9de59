import type { Planned } from "../sales/plan.js";
import type { Instant } from "../sales/sale.js";

/** Why Meta refused; what follows from each scope stands in acting/lane.ts. */
export type RefusalScope = "event" | "credentials" | "rate" | "transient" | "policy" | "request";

/** What came back for one request. */
export type GraphAnswer =
  | { readonly kind: "accepted"; readonly received: number; readonly fbtraceId: string | null }
  | {
      readonly kind: "refused";
      readonly scope: RefusalScope;
      readonly status: number;
      readonly code: number | null;
      readonly subcode: number | null;
      readonly fbtraceId: string | null;
      /** For people; redacted and cut. */
      readonly message: string;
      readonly waitMs: number | null;
    }
  /** No connection was ever made: nothing was processed. */
  | { readonly kind: "unreached"; readonly because: string }
  /** The request was written, and nobody knows what became of it. */
  | {
      readonly kind: "unknown";
      readonly because: string;
      readonly status: number | null;
      readonly fbtraceId: string | null;
      /** 200, but fewer events received than sent. */
      readonly short?: boolean;
    };

/** Builds events and sends them. It alone knows tokens and customers. */
export interface Sender {
  /** The events of these sales; a sale whose row no longer yields one comes back as a fault. */
  build(
    sales: readonly Planned[],
    now: Instant,
  ): Promise<Map<number, { event: unknown } | { fault: string }>>;
  /** All sales of a batch share pixel and pool. */
  post(
    to: { readonly pixelId: string; readonly pool: number | null; readonly testEventCode: string | null },
    events: readonly unknown[],
    options: SendOnce,
  ): Promise<GraphAnswer>;
}

/** How one request may be sent. */
export interface SendOnce {
  /** Gives the request up, wherever it is. */
  readonly signal: AbortSignal;
  /** Asked once the connection stands, immediately before the request is written: false, and nothing is. */
  readonly mayWrite: () => boolean;
}
