import type { Folding } from "./folding.js";
import type { Identity } from "./identity.js";
import type { Conclusion } from "./verdict.js";

const sources: Readonly<Record<Identity["origin"], string>> = {
  evidence: "evidence",
  journal: "our journal",
  pageview_event_id: "its page view",
  tracking: "its tracking data",
  inferred: "the flag's time",
  purchase_id: "nothing",
};

/** Is a copy with the same pixel and id certain to be folded into whatever arrived earlier? */
export function traceable({ carrier, knowledge, origin, eventId }: Identity, folds: Folding): Conclusion {
  const why = "no answer on record";
  if ("doubt" in folds) return { kind: "untraceable", because: `${why}; ${folds.doubt}`, foldedUntil: null };
  const how = `${knowledge} from ${knowledge === "presumed" ? sources[origin] : origin}`;
  const id = carrier
    ? `it shares its click with sale ${carrier.id}, which carries the event id; it goes as ${eventId}`
    : `event id ${how}`;
  return { kind: "ambiguous", because: `${why}; ${id}`, foldedUntil: folds.until };
}
