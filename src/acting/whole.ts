import type { Span, Whole } from "../ports.js";
import { KEPT_FOR } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import { DAY } from "../sales/sale.js";
import type { SurveyPorts } from "./survey.js";

/**
 * All sales of a span, whatever their number, as of one moment after another: nothing about one that was created in it is
 * told from much earlier. An event id that a sale of it once bore is nobody else's, also when that sale is confirmed.
 */
export function wholesOf({ sales }: Pick<SurveyPorts, "sales">, span: Span): (now: Instant) => Whole {
  const borne = new Set<string>();
  return (now) => {
    let shared: Promise<ReadonlySet<string>> | null = null;
    return {
      since: Math.min(now - KEPT_FOR, span.since - DAY),
      eventIds: async () => {
        for (const id of await sales.clicks(span)) borne.add(id);
        return borne;
      },
      sharedClicks: () => (shared ??= sales.sharedClicks(span)),
    };
  };
}
