import type { IndexFact, IndexFacts } from "../ports.js";
import type { Finding } from "./finding.js";
import { findingsOf } from "./finding.js";
import { SMALL } from "./stuck-index.js";

const finding = findingsOf("database");

/**
 * Every look asks which sales share a click with those that it found, and without an index reads the whole table for
 * that. A note, not a warning: nothing is wrong without it, and of millions of rows it is no small index.
 */
export function judgeClickIndex({ table, rows, indexes, clicks }: IndexFacts): Finding[] {
  if (!clicks || (rows ?? 0) < SMALL) return [];
  const serving = indexes.find((index) => index.valid && serves(index));
  if (serving)
    return [finding("click-index", "ok", { what: `${serving.name} serves the look for shared clicks` })];
  return [
    finding("click-index", "note", {
      what: "no index for the look for sales that share a click",
      why: `each look reads all ${rows} rows of the table for it`,
      mend: `create index concurrently payments_click on ${table} (pageview_event_id) where pageview_event_id is not null;`,
    }),
  ];
}

function serves({ first, predicate }: IndexFact): boolean {
  const all = predicate === null || /^\(*pageview_event_id IS NOT NULL\)*$/i.test(predicate);
  return first === "pageview_event_id" && all;
}
