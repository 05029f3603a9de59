import type { Blow, Recording } from "./matrix.js";
import { record, strike } from "./matrix.js";
import { atPlaces } from "./places.js";
import type { Point } from "./points.js";
import { nameOf, spread } from "./points.js";
import type { Place, Scenario } from "./shops.js";
import { commands, prepare } from "./shops.js";

/** One case that can be told and played again. */
export interface Case {
  /** As `--only` takes it: `resend many kill before@37`. */
  readonly name: string;
  /** The row of the table. */
  readonly group: string;
  play(place: Place): Promise<{ readonly struck: boolean; readonly violations: readonly string[] }>;
}

/** How many points at most of each command and size, evenly spread. */
export interface Limits {
  readonly kill: number;
  readonly twoRunners: number;
  readonly cut: number;
}

const scenarios = commands.flatMap((command) =>
  (["one", "many"] as const).map((size) => ({ command, size, name: `${command} ${size}` })),
);

/** The cases of the crash matrix, and how many messages were seen while they were recorded. */
export async function crashCases(
  places: readonly Place[],
  limits: Limits,
  isWanted: (scenario: string) => boolean = () => true,
): Promise<{ readonly cases: readonly Case[]; readonly messages: number }> {
  const wanted = scenarios.filter(({ name }) => isWanted(name));
  const recorded = await atPlaces(places, wanted, async (place, { command, size }) => {
    const scenario = await prepare(place, command, size);
    return { scenario, recording: await record(place, scenario) };
  });
  return {
    cases: recorded.flatMap(({ scenario, recording }) => [
      ...casesOf(scenario, recording, "kill", limits.kill),
      ...casesOf(scenario, recording, "kill, two runners", limits.twoRunners),
      ...casesOf(scenario, recording, "cut", limits.cut),
    ]),
    messages: recorded.reduce((sum, { recording }) => sum + recording.messages, 0),
  };
}

function casesOf(scenario: Scenario, recording: Recording, blow: Blow, most: number): Case[] {
  // Nothing of an answer that lies unread is left to cut.
  const points = recording.points.filter(({ phase }) => blow !== "cut" || phase !== "unread");
  return spread(points, most).map((point: Point) => ({
    name: `${scenario.name} ${blow} ${nameOf(point)}`,
    group: `${scenario.name}, ${blow === "cut" ? "connection cut" : blow}`,
    play: async (place) => await strike(place, scenario, recording, { point, blow }),
  }));
}
