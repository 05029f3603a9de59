import { HOUR } from "./sale.js";

/** What the operator declares about the shop, and how patient a run is. */
export interface Policy {
  /** `META_PIXEL_ID`, for shops without pools. */
  readonly pixelId: string | null;
  /** The delivery page has no browser pixel (`--no-browser-pixel`). */
  readonly noBrowserPixel: boolean;
  /** An event id that can only be guessed from the flag's time is taken for the application's (`--trust-inferred`). */
  readonly trustInferred?: boolean;
  readonly minAge: number;
  readonly retryHorizon: number;
  /** After so many tries of one sale in vain, windows leave it to a person. */
  readonly maxAttempts: number;
}

export const defaultPatience = { minAge: 20 * 60_000, retryHorizon: 18 * HOUR, maxAttempts: 8 } as const;
