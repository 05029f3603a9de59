import type { Instant } from "../sales/sale.js";
import { DAY } from "../sales/sale.js";

/**
 * Until when Meta serves a version of the Graph API, by its changelog of November 2026. A version lives two years at least; v26.0 (of 2026-07-29)
 * has no end yet. Null: not known.
 */
const ends: ReadonlyMap<number, string | null> = new Map([
  [21, "2027-01-21"],
  [22, null],
  [23, null],
  [24, "2028-02-18"],
  [25, "2028-07-29"],
  [26, null],
]);

const NEWEST = 26;
const OLDEST = 21;

/** So long before the end somebody should look at it. */
const SOON = 90 * DAY;

export type Life =
  | { readonly kind: "alive" | "newer" | "unknown" }
  | { readonly kind: "ending" | "ended"; readonly at: string | null };

/** How long `v25.0` is served yet. */
export function lifeOf(version: string, now: Instant): Life {
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? Number.NaN);
  if (Number.isNaN(major)) return { kind: "unknown" };
  if (major < OLDEST) return { kind: "ended", at: null };
  if (major > NEWEST) return { kind: "newer" };
  const at = ends.get(major) ?? null;
  if (at === null) return { kind: "alive" };
  const left = Date.parse(at) - now;
  return left <= 0 ? { kind: "ended", at } : left < SOON ? { kind: "ending", at } : { kind: "alive" };
}

export const NEWEST_VERSION = `v${NEWEST}.0`;
