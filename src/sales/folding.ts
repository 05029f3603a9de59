import { firstAttempt, pixelIsGuessed } from "./attempts.js";
import { foldedInto, wasAttempted } from "./click.js";
import type { Evidence, Sibling } from "./evidence.js";
import type { Identity } from "./identity.js";
import type { Instant, Sale } from "./sale.js";
import { HOUR } from "./sale.js";

/**
 * Meta folds copies within 48 h of its receipt of the first. We stop an hour earlier: the clock starts at its
 * receipt, ours at the attempt, and a request may be under way for minutes.
 */
export const FOLDING = 47 * HOUR;

/** The application's own retries after a 429: ten waits of 60·2^n seconds, about 17 hours. */
export const TASK_RETRIES = 17 * HOUR;

/** Until when a copy with this pixel and id is folded into every copy that may have arrived; or why that is not certain. */
export type Folding = { readonly until: Instant } | { readonly doubt: string };

export function folding(
  sale: Sale,
  evidence: Evidence,
  identity: Identity,
  fallbackPixelId: string | null,
  now: Instant,
): Folding {
  const doubt = stranger(sale, evidence, identity) ?? otherPixel(sale, evidence, identity, fallbackPixelId);
  if (doubt !== null) return { doubt };
  if (identity.carrier !== null) return sharedClick(sale, evidence, identity.carrier, now);
  if (identity.knowledge === "unknown") return { doubt: "its event id is unknown" };
  return window(identity.since, now);
}

/** An open attempt of our own is repeated with its own pixel and id, whatever else is not known. */
export function foldingOfOpen(sale: Sale, evidence: Evidence, identity: Identity, now: Instant): Folding {
  const doubt = stranger(sale, evidence, identity);
  return doubt === null ? window(identity.since, now) : { doubt };
}

function window(since: Instant | null, now: Instant): Folding {
  if (since !== null && now - since < FOLDING) return { until: since + FOLDING };
  return { doubt: "over 47 h old: Meta no longer folds a second copy" };
}

/** An attempt that may have arrived, or may still, under another event id or at another pixel: a copy of ours would count beside it. */
function stranger(sale: Sale, evidence: Evidence, identity: Identity): string | null {
  if (evidence.traces.length === 0 && evidence.live.length === 0) return null;
  const arrived = evidence.traces.filter(
    (trace) =>
      trace.result === "unknown" ||
      (trace.result === "accepted" && foldedInto(sale, evidence, trace) === null),
  );
  // Copies under the shared click's id are the carrier's: sharedClick() looks at their times.
  const others = [...arrived, ...evidence.live].filter(
    ({ eventId }) => identity.carrier === null || eventId !== sale.pageviewEventId,
  );
  const id = others.find(({ eventId }) => eventId !== null && eventId !== identity.eventId);
  if (id) return `an attempt with another event id (${id.eventId}) may have arrived`;
  const pixel = [...arrived, ...evidence.live].find(
    ({ pixelId }) => pixelId !== null && pixelId !== identity.pixelId,
  );
  return pixel ? `an attempt at another pixel (${pixel.pixelId}) may have arrived` : null;
}

function otherPixel(
  sale: Sale,
  evidence: Evidence,
  { pixelId, pool }: Identity,
  fallback: string | null,
): string | null {
  if (pixelIsGuessed(sale, evidence)) {
    return "its bot has several pools with different pixels, and nothing names the one that was used";
  }
  if (sale.pools === null) {
    if (pixelId === fallback || fallback === null) return null;
    return `its earlier attempt went to pixel ${pixelId}, and the configured one is ${fallback}`;
  }
  const first = sale.pools[0];
  if (pool !== null || !first) return null;
  return `its earlier attempt went to pixel ${pixelId}, and its pool now has ${first.pixelId}`;
}

/**
 * Another sale carries the click's id. This one's earlier copies bore that id too and are folded into it, as long
 * as all attempts (and the retries that may still follow them) lie within one deduplication window.
 */
function sharedClick(
  sale: Sale,
  evidence: Evidence,
  { id: carrier, pixels }: Sibling,
  now: Instant,
): Folding {
  if ((pixels ?? []).length > 1) {
    return { doubt: `it shares its click with sale ${carrier}, which may have gone to another pixel` };
  }
  let oldest = Infinity;
  let latest = -Infinity;
  const note = (at: Instant | null | undefined) => {
    if (at === null || at === undefined) return;
    oldest = Math.min(oldest, at);
    latest = Math.max(latest, at);
  };
  for (const sibling of evidence.siblings) {
    if (!wasAttempted(sibling)) continue;
    note(sibling.firstAttempt);
    note(sibling.lastAttempt);
  }
  for (const trace of evidence.traces) if (trace.by === "application") note(trace.at);
  for (const at of evidence.flagTimes) note(at);
  if (sale.flaggedAt !== null && sale.flaggedAt <= now) note(sale.flaggedAt);
  note(firstAttempt(sale, evidence));
  const last = latest + (evidence.noTaskLives ? 0 : TASK_RETRIES);
  const isKnown = Number.isFinite(oldest);
  if (isKnown && last - oldest < FOLDING && now - oldest < FOLDING) return { until: oldest + FOLDING };
  return { doubt: `it shares its click with sale ${carrier}, and their attempts do not lie within 47 h` };
}
