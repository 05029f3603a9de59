import type { RunSummary } from "./summary.js";
import { iso } from "./time.js";

/** The summary as plain data for machines: times as ISO 8601, amounts as they are. Its fields are promised. */
export function summaryDocument(summary: RunSummary): object {
  const { startedAt, endedAt, lastSuccessAt, ...rest } = summary;
  return {
    ...rest,
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
    lastSuccessAt: lastSuccessAt === null ? null : iso(lastSuccessAt),
  };
}
