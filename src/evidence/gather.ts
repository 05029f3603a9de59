import type { EvidenceReader, Whole } from "../ports.js";
import { KEPT_FOR } from "../ports.js";
import { withFindings } from "../sales/findings.js";
import type { LogsTold, TasksTold, Told } from "../sales/found.js";
import { findingsOf } from "../sales/found.js";
import { noEvidence } from "../sales/evidence.js";
import type { Instant, Sale } from "../sales/sale.js";
import { paidMoment } from "../sales/sale.js";
import type { Attestation } from "../sales/attested.js";
import type { TaskResult, TaskTie } from "../sales/tasks.js";

/** What earlier runs kept of what would have vanished, and what operators attested. */
export interface Kept {
  readonly attestations: readonly Attestation[];
  readonly ties: readonly TaskTie[];
  readonly results: ReadonlyMap<string, TaskResult>;
}

/** Whoever can find something. Those that tell of all sales at once are asked once for all; null is one that is not configured. */
export interface Finders {
  readonly base: EvidenceReader;
  readonly kept: ((whole: Whole) => Promise<Kept>) | null;
  readonly logs:
    | ((whole: Whole, now: Instant) => Promise<{ told: LogsTold; ties: readonly TaskTie[] } | null>)
    | null;
  readonly tasks: ((whole: Whole, kept: Pick<Kept, "ties" | "results">) => Promise<TasksTold | null>) | null;
  readonly tracked: ((sales: readonly Sale[]) => Promise<ReadonlyMap<number, string>>) | null;
}

const nothingKept: Kept = { attestations: [], ties: [], results: new Map() };

/**
 * Evidence from everywhere: row and journal first, then what was kept, logs and tracking data, and last the broker and
 * its results, which can only be asked by the event ids and task ids that the others name.
 */
export function gathering(finders: Finders): EvidenceReader {
  // Its pages ask with the same whole: what was read for the first of them speaks of all.
  const ofWhole = new WeakMap<Whole, Promise<Omit<Told, "tracked">>>();
  const askedOnce = (whole: Whole, now: Instant) => {
    const known = ofWhole.get(whole) ?? ofAll(finders, whole, now);
    ofWhole.set(whole, known);
    return known;
  };
  return {
    about: async (sales, now, whole = wholeOf(sales, now)) => {
      if (sales.length === 0) return new Map();
      const [base, all, tracked] = await Promise.all([
        finders.base.about(sales, now, whole),
        askedOnce(whole, now),
        finders.tracked?.(sales) ?? new Map<number, string>(),
      ]);
      const told: Told = { ...all, tracked };
      // Into the map that is there, since nearly all stay as they are.
      for (const sale of sales) {
        const evidence = base.get(sale.id) ?? noEvidence;
        const full = withFindings(sale, evidence, findingsOf(sale, evidence, told));
        if (full !== base.get(sale.id)) base.set(sale.id, full);
      }
      return base;
    },
  };
}

async function ofAll(finders: Finders, whole: Whole, now: Instant): Promise<Omit<Told, "tracked">> {
  const [kept, logs] = await Promise.all([
    finders.kept?.(whole) ?? nothingKept,
    finders.logs?.(whole, now) ?? null,
  ]);
  const ties = [...kept.ties, ...(logs?.ties ?? [])];
  const tasks = (await finders.tasks?.(whole, { ties, results: kept.results })) ?? null;
  return { logs: logs?.told ?? null, tasks, attestations: kept.attestations };
}

/** These sales and no others. */
export function wholeOf(sales: readonly Sale[], now: Instant): Whole {
  return {
    // Not one call with a moment for each: 120,000 arguments are more than the stack holds.
    since: sales.reduce((least, sale) => Math.min(least, paidMoment(sale) ?? now - KEPT_FOR), now),
    eventIds: () => Promise.resolve(new Set(sales.flatMap((sale) => sale.pageviewEventId ?? []))),
    sharedClicks: () => Promise.resolve(null),
  };
}
