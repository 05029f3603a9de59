import { graphPhases } from "./graph-gate.js";
import type { GraphPhase } from "./graph-gate.js";
import type { Step, WirePhase } from "./wire-proxy.js";

/** Where a run is struck: at a step of the conversation with PostgreSQL, or at a request to Meta. */
export type Point =
  | { readonly with: "postgres"; readonly at: number; readonly phase: WirePhase }
  | { readonly with: "graph"; readonly at: number; readonly phase: GraphPhase };

/** `before@37`, `unread@2`: the phases of the two have no name in common. */
export const nameOf = ({ phase, at }: Point): string => `${phase}@${at}`;

/**
 * Every point at which a run can be struck with a result of its own, from a recording of an undisturbed one. Thinned are:
 * messages between two Syncs, at which the server does nothing yet; all but the first step of a transaction that only
 * reads, and what comes after the last write; the answers within a transaction, since before its commit nothing is done.
 */
export function pointsOf(steps: readonly Step[], requests: number): Point[] {
  const last = Math.max(0, ...steps.filter(({ writes }) => writes).map(({ n }) => n));
  const wire = steps
    .filter(({ n, kind, writes }) => n <= last + 1 && (writes || kind === "begin"))
    .flatMap(({ n, kind }): Point[] => {
      const before = { with: "postgres", at: n, phase: "before" } as const;
      if (kind !== "commit") return [before];
      return [
        before,
        { with: "postgres", at: n, phase: "after" },
        { with: "postgres", at: n, phase: "swallowed" },
      ];
    });
  const graph = Array.from({ length: requests }, (_, index) =>
    graphPhases.map((phase): Point => ({ with: "graph", at: index + 1, phase })),
  );
  return [...wire, ...graph.flat()];
}

/** At most so many, evenly spread, the requests to Meta before all others. */
export function spread(points: readonly Point[], most: number): Point[] {
  const graph = inTurn(
    points.filter((point) => point.with === "graph"),
    Math.ceil(most / 2),
  );
  const wire = points.filter((point) => point.with === "postgres");
  return [...even(wire, most - graph.length), ...graph];
}

/** Evenly over the requests, each with the next phase, so that a few have every phase among them. */
function inTurn(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  return graphPhases.flatMap((phase, turn) => {
    const all = points.filter((point) => point.phase === phase);
    return even(all, Math.ceil((most - turn) / graphPhases.length));
  });
}

function even<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from(
    { length: Math.max(0, most) },
    (_, at) => all[Math.floor((at * all.length) / most)],
  ).filter((one) => one !== undefined);
}
