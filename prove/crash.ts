import type { Blow, Recording } from "./matrix.js";
import { record, strike } from "./matrix.js";
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

/** The cases of the crash matrix, and how many messages were seen while they were recorded. */
export async function crashCases(
  place: Place,
  limits: Limits,
  sizes: readonly ("one" | "many")[] = ["one", "many"],
): Promise<{ readonly cases: readonly Case[]; readonly messages: number }> {
  const cases: Case[] = [];
  let messages = 0;
  for (const command of commands) {
    for (const size of sizes) {
      const scenario = await prepare(place, command, size);
      const recording = await record(place, scenario);
      messages += recording.messages;
      cases.push(
        ...casesOf(scenario, recording, "kill", limits.kill),
        ...casesOf(scenario, recording, "kill, two runners", limits.twoRunners),
        ...casesOf(scenario, recording, "cut", limits.cut),
      );
    }
  }
  return { cases, messages };
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
