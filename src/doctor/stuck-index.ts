import type { IndexFact, IndexFacts } from "../ports.js";
import type { Finding } from "./finding.js";
import { findingsOf } from "./finding.js";

const finding = findingsOf("database");

/** Up to so many rows the whole table is read in a fraction of a second (ten million take two). */
export const SMALL = 100_000;

/** Of an index over one timestamp: tuple 16 bytes and its pointer 4, pages of 8 kB that are nine tenths full. */
const BYTES_PER_ROW = 20 / 0.9;
const PAGE = 8_192;

/** Conditions of the incident report's query, as PostgreSQL prints them once casts and brackets are gone. */
const conditions = new Set([
  "status = 'paid'",
  "meta_purchase_sent",
  "meta_purchase_sent = true",
  "meta_event_id is null",
]);

/** Is the partial index for the query there, valid, and such that PostgreSQL uses it? */
export function judgeIndex({ table, rows, indexes, stuck }: IndexFacts): Finding[] {
  const serving = indexes.filter((index) => serves(index));
  const usable = serving.find(({ valid }) => valid);
  if (usable)
    return [finding("stuck-index", "ok", { what: `${usable.name} serves the query for stuck sales` })];
  const size = stuck === null ? "size not known: counting took too long" : `about ${sizeOf(stuck)}`;
  const create = `create index concurrently payments_stuck on ${table} (created_at) where status = 'paid' and meta_purchase_sent and meta_event_id is null;`;
  const [broken] = serving;
  if (broken) {
    return [
      finding("stuck-index", "warning", {
        what: `the index ${broken.name} is not valid: PostgreSQL keeps it up and never uses it`,
        why: "its building was broken off",
        mend: `drop index concurrently ${broken.name}; ${create}`,
      }),
    ];
  }
  const byTime = indexes.find(
    ({ valid, predicate, first }) => valid && predicate === null && first === "created_at",
  );
  const isSmall = (rows ?? 0) < SMALL;
  return [
    finding("stuck-index", isSmall || byTime ? "note" : "warning", {
      what: byTime
        ? `no partial index for the query; ${byTime.name} serves it, more slowly`
        : `no partial index for the query${isSmall ? "; the table is small enough without" : ""}`,
      why: `of ${rows ?? "an unknown number of"} rows it would hold ${stuck ?? "few"} (${size})`,
      mend: create,
    }),
  ];
}

/** The query's own conditions imply the index's: each of them is one of the query's. */
function serves({ predicate }: IndexFact): boolean {
  if (predicate === null) return false;
  const parts = predicate
    .replaceAll(/::(character varying|"[^"]+"|[a-z_]\w*)(\(\d+\))?/gi, "")
    .replaceAll(/[()]/g, "")
    .split(/ and /i)
    .map((part) => part.trim().replace(/ is null$/i, " is null"));
  return parts.every((part) => conditions.has(part)) && parts.includes("meta_event_id is null");
}

function sizeOf(rows: number): string {
  // A meta page and one leaf at least.
  const bytes = Math.max(2, Math.ceil((rows * BYTES_PER_ROW) / PAGE) + 1) * PAGE;
  return bytes < 1_048_576 ? `${bytes / 1_024} kB` : `${Math.ceil(bytes / 1_048_576)} MB`;
}
