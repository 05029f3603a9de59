import type { EvidenceReader } from "../ports.js";
import { withFindings } from "../sales/findings.js";
import type { LogsTold, TasksTold, Told } from "../sales/found.js";
import { findingsOf } from "../sales/found.js";
import { noEvidence } from "../sales/evidence.js";
import type { Instant, Sale } from "../sales/sale.js";
import type { Attestation } from "../sales/attested.js";
import type { TaskResult, TaskTie } from "../sales/tasks.js";

/** What earlier runs kept of what would have vanished, and what operators attested. */
export interface Kept {
  readonly attestations: readonly Attestation[];
  readonly ties: readonly TaskTie[];
  readonly results: ReadonlyMap<string, TaskResult>;
}

/** Whoever can find something. Each is asked once for all sales; null is one that is not configured. */
export interface Finders {
  readonly base: EvidenceReader;
  readonly kept: ((sales: readonly Sale[], now: Instant) => Promise<Kept>) | null;
  readonly logs:
    | ((sales: readonly Sale[], now: Instant) => Promise<{ told: LogsTold; ties: readonly TaskTie[] } | null>)
    | null;
  readonly tasks:
    | ((sales: readonly Sale[], kept: Pick<Kept, "ties" | "results">) => Promise<TasksTold | null>)
    | null;
  readonly tracked: ((sales: readonly Sale[]) => Promise<ReadonlyMap<number, string>>) | null;
}

const nothingKept: Kept = { attestations: [], ties: [], results: new Map() };

/**
 * Evidence from everywhere: row and journal first, then what was kept, logs and tracking data, and last the broker and
 * its results, which can only be asked by the event ids and task ids that the others name.
 */
export function gathering(finders: Finders): EvidenceReader {
  return {
    about: async (sales, now) => {
      if (sales.length === 0) return new Map();
      const [base, kept, logs, tracked] = await Promise.all([
        finders.base.about(sales, now),
        finders.kept?.(sales, now) ?? nothingKept,
        finders.logs?.(sales, now) ?? null,
        finders.tracked?.(sales) ?? new Map<number, string>(),
      ]);
      const ties = [...kept.ties, ...(logs?.ties ?? [])];
      const tasks = (await finders.tasks?.(sales, { ties, results: kept.results })) ?? null;
      const told: Told = {
        logs: logs?.told ?? null,
        tasks,
        tracked,
        attestations: kept.attestations,
      };
      // Into the map that is there, since nearly all stay as they are.
      for (const sale of sales) {
        const evidence = base.get(sale.id) ?? noEvidence;
        const whole = withFindings(sale, evidence, findingsOf(sale, evidence, told));
        if (whole !== base.get(sale.id)) base.set(sale.id, whole);
      }
      return base;
    },
  };
}
