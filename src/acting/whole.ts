import type { SalesReader, Span, Whole } from "../ports.js";
import { KEPT_FOR } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import { DAY, MINUTE } from "../sales/sale.js";
import type { SurveyPorts } from "./survey.js";

/**
 * All sales of a span, whatever their number, as of one moment after another: nothing about one that was created in it is
 * told from much earlier. An event id that a sale of it once bore is nobody else's, also when that sale is confirmed.
 */
export function wholesOf({ sales }: Pick<SurveyPorts, "sales">, span: Span): (now: Instant) => Whole {
  const borne = new Set<string>();
  const sharedAt = sharing(sales, span);
  return (now) => {
    let shared: Promise<ReadonlySet<string>> | null = null;
    return {
      since: Math.min(now - KEPT_FOR, span.since - DAY),
      eventIds: async () => {
        for (const id of await sales.clicks(span)) borne.add(id);
        return borne;
      },
      sharedClicks: () => (shared ??= sharedAt(now)),
    };
  };
}

/** To look for all of them at every wave would take more than the waves themselves, where a window has hundreds. */
const KNOWN_FOR = 5 * MINUTE;

/**
 * Which clicks several sales bear, at one moment after another. In between, those of the sales that have come since count as
 * shared: whoever judges a sale without its sibling takes the sibling's acceptance for its own.
 */
function sharing(
  sales: Pick<SalesReader, "sharedClicks" | "clicksAfter">,
  span: Span,
): (now: Instant) => Promise<ReadonlySet<string>> {
  let known: ({ readonly at: Instant } & Awaited<ReturnType<typeof sales.sharedClicks>>) | null = null;
  return async (now) => {
    if (known === null || now - known.at > KNOWN_FOR) {
      known = { at: now, ...(await sales.sharedClicks(span)) };
      return known.clicks;
    }
    const newer = await sales.clicksAfter(known.newest);
    return newer.size === 0 ? known.clicks : new Set([...known.clicks, ...newer]);
  };
}
