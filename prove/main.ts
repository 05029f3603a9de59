import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startPostgres } from "../demo/postgres.js";
import type { Case } from "./crash.js";
import { crashCases } from "./crash.js";
import { networkCases } from "./network.js";
import { atPlaces } from "./places.js";
import type { Place } from "./shops.js";
import { openPlace } from "./shops.js";
import { soakCase } from "./soak.js";
import type { Tally } from "./table.js";
import { table } from "./table.js";

/*
 * The proof: npm run prove [-- --quick] [-- --only 'resend many kill before@37']
 * Exit code 1 where an invariant of the README does not hold, with a line that plays the case again.
 */

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});

/** Cases of each command, size and blow at most. Only `resend many` has more points than are killed here. */
const full = { kill: 100, twoRunners: 8, cut: 12 };
const quick = { kill: 4, twoRunners: 2, cut: 6 };
const every = { kill: Infinity, twoRunners: Infinity, cut: Infinity };

/** More than cores: a run whose connection was cut mostly waits. */
const WORKERS = 4;

const begun = performance.now();
const isWanted = (start: string) => values.only?.startsWith(start) ?? true;
// Stopped in `finally`; a run that is killed takes its server with it all the same.
const postgres = await startPostgres();
const first = await openPlace(postgres.url);
const places = [first];
for (let n = 1; n < WORKERS; n += 1) places.push(await openPlace(postgres.url, first.key));
try {
  const limits = values.only !== undefined ? every : values.quick ? quick : full;
  const { cases, messages } = await crashCases(places, limits, isWanted);
  const network = isWanted("network") ? await networkCases(first) : [];
  // The longest first.
  const all = [soakCase(values.quick ? 200 : 10_000), ...network, ...cases];
  const chosen = values.only === undefined ? all : all.filter(({ name }) => name === values.only);
  if (chosen.length === 0) throw new Error(`no case is called ${values.only}`);
  const tallies = await playAll(chosen);
  const seconds = Math.round((performance.now() - begun) / 1000);
  const load = loadavg().map((minutes) => minutes.toFixed(1));
  console.log(`${table(tallies)}\n${messages} messages of PostgreSQL's protocol recorded`);
  console.log(`${seconds} s on ${availableParallelism()} cores, load ${load.join(" ")}`);
  if ([...tallies.values()].some(({ violations }) => violations > 0)) process.exitCode = 1;
} finally {
  for (const place of places) await place.graph.stop();
  await postgres.stop();
}

async function playAll(cases: readonly Case[]): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for (const { group } of cases) tallies.set(group, { cases: 0, struck: 0, violations: 0 });
  let done = 0;
  await atPlaces(places, cases, async (place, one) => {
    const { struck, violations } = await played(place, one);
    const tally = tallies.get(one.group);
    if (!tally) return;
    tally.cases += 1;
    tally.struck += struck ? 1 : 0;
    tally.violations += violations.length;
    done += 1;
    if (done % 25 === 0) process.stderr.write(`${done} of ${cases.length}\n`);
    if (violations.length > 0)
      console.log(`${violations.join("\n")}\n  again: npm run prove -- --only '${one.name}'`);
  });
  return tallies;
}

async function played(place: Place, one: Case) {
  return await one.play(place).catch((error: unknown) => ({
    struck: false,
    violations: [`the case itself failed: ${error instanceof Error ? error.stack : String(error)}`],
  }));
}
