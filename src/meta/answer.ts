/** What a refusal is about, and so what follows from it (Conversions API, "Error codes"). Nothing was processed. */
export type Scope =
  /** This one event: isolate it, the others are innocent. */
  | "event"
  /** Access token or pixel: stop this pixel, leave the others alone. */
  | "credentials"
  /** Too many requests: wait. */
  | "rate"
  /** Meta's own trouble, told before it processed anything: repeat with back-off. */
  | "transient"
  /** Meta blocks the account: a person must look. */
  | "policy"
  /** Anything else about the request. */
  | "request";

/** What a request to Meta came to. `message` and `because` are for people, redacted; nothing may be decided on them. */
export type GraphAnswer =
  | { readonly kind: "accepted"; readonly received: number; readonly fbtraceId: string | null }
  | {
      readonly kind: "refused";
      readonly scope: Scope;
      readonly status: number;
      readonly code: number | null;
      readonly subcode: number | null;
      readonly fbtraceId: string | null;
      readonly message: string;
      /** Milliseconds that Meta asks to wait; null where it does not say. */
      readonly waitMs: number | null;
    }
  /** Nothing was written to any connection: Meta has nothing. */
  | { readonly kind: "unreached"; readonly because: string }
  /** Meta may have it. */
  | {
      readonly kind: "unknown";
      readonly because: string;
      readonly status: number | null;
      readonly fbtraceId: string | null;
      /** 200 with fewer events received than were sent: some of them may be missing. */
      readonly short?: boolean;
    };
