import type { Folding } from "./folding.js";
import type { Identity, Knowledge } from "./identity.js";
import type { Conclusion } from "./verdict.js";

const sources: Readonly<Record<Identity["origin"], string>> = {
  evidence: "evidence",
  journal: "our journal",
  pageview_event_id: "its page view",
  tracking: "its tracking data",
  inferred: "the flag's time",
  purchase_id: "nothing",
};

const why = "no answer on record";

type Reasons = Readonly<Record<Identity["origin"], string>>;

const reasonsOf = (knowledge: Knowledge) =>
  Object.fromEntries(
    Object.entries(sources).map(([origin, source]) => {
      return [origin, `${why}; event id ${knowledge} from ${knowledge === "presumed" ? source : origin}`];
    }),
  ) as Reasons;

/** Made once: a text for each of 100,000 sales that say the same was a tenth of what they held. */
const reasons: Readonly<Record<Knowledge, Reasons>> = {
  known: reasonsOf("known"),
  presumed: reasonsOf("presumed"),
  unknown: reasonsOf("unknown"),
};

/** Is a copy with the same pixel and id certain to be folded into whatever arrived earlier? */
export function traceable({ carrier, knowledge, origin, eventId }: Identity, folds: Folding): Conclusion {
  if ("doubt" in folds) return { kind: "untraceable", because: `${why}; ${folds.doubt}`, foldedUntil: null };
  const because = carrier
    ? `${why}; it shares its click with sale ${carrier.id}, which carries the event id; it goes as ${eventId}`
    : reasons[knowledge][origin];
  return { kind: "ambiguous", because, foldedUntil: folds.until };
}
