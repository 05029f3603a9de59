import fc from "fast-check";
import { violations } from "./guarantees.js";
import { play } from "./play.js";
import type { Schedule } from "./schedule.js";
import { schedules } from "./schedule.js";

/** What was met while schedules were played: a property that never met a case says nothing about it. */
export interface Met {
  played: number;
  /** Processes of ours that were killed in the middle. */
  killed: number;
  requests: number;
  /** Sales that were sent, or given back, because they were proven to be lost: these must hold without any folding. */
  proven: number;
  reverted: number;
  /** Worlds in which a run of reconcile came to its end. */
  reconciled: number;
  /** Of the reverted ones, those by reconcile. */
  givenBack: number;
  confirmed: number;
  left: number;
}

/** What was met, and the first failure made as small as it gets, as a story in words; null where there was none. */
export interface Proof {
  readonly met: Met;
  readonly failure: string | null;
}

/** Where schedules come from: the same seed (and path, for one that failed) brings the same again. */
export interface Drawing {
  readonly count: number;
  readonly seed?: number | undefined;
  readonly path?: string | undefined;
  readonly sources: boolean;
}

export async function prove({ count, seed, path, sources }: Drawing, folder: string): Promise<Proof> {
  const met: Met = {
    played: 0,
    killed: 0,
    requests: 0,
    proven: 0,
    reverted: 0,
    reconciled: 0,
    givenBack: 0,
    confirmed: 0,
    left: 0,
  };
  const property = fc.asyncProperty(schedules(sources), async (schedule) => {
    const wrong = await hold(schedule, folder, met);
    if (wrong !== null) throw new Error(wrong);
  });
  const given = { ...(seed === undefined ? {} : { seed }), ...(path === undefined ? {} : { path }) };
  const result = await fc.check(property, { numRuns: count, ...given });
  if (!result.failed) return { met, failure: null };
  const again = `--seed ${result.seed} --path ${result.counterexamplePath}${sources ? " --sources" : ""}`;
  const error = result.errorInstance;
  const story = error instanceof Error ? error.message : String(error);
  const small = JSON.stringify(result.counterexample?.[0], null, 1);
  return {
    met,
    failure: `${story}\n\nagain: npm run simulate -- --schedules ${count} ${again}\n${small}`,
  };
}

async function hold(schedule: Schedule, folder: string, met: Met): Promise<string | null> {
  const played = await play(schedule, folder);
  const { world, provenLost, last, died } = played;
  met.played += 1;
  met.killed += died;
  met.requests += world.graph.requests.length;
  met.proven += provenLost.size;
  met.reverted += world.shop.journal.filter(({ effect }) => effect === "reverted").length;
  met.reconciled += world.shop.success === null ? 0 : 1;
  met.givenBack += world.shop.journal.filter(
    ({ command, effect }) => command === "reconcile" && effect === "reverted",
  ).length;
  met.confirmed += last.outcomes.length;
  met.left += last.left.length;
  const wrong = violations(schedule, played);
  return wrong.length === 0 ? null : [...wrong, ...world.story].join("\n");
}
