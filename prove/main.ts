import { parseArgs } from "node:util";
import { startPostgres } from "../demo/postgres.js";
import type { Case } from "./crash.js";
import { crashCases } from "./crash.js";
import { networkCases } from "./network.js";
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

/** Cases of each command, size and blow at most. Only `resend many` has more points. */
const full = { kill: 100, twoRunners: 8, cut: 12 };
const quick = { kill: 4, twoRunners: 2, cut: 6 };
const every = { kill: Infinity, twoRunners: Infinity, cut: Infinity };

/** More than cores: a run whose connection was cut mostly waits. */
const WORKERS = 4;

const begun = performance.now();
// Stopped in `finally`; a run that is killed takes its server with it all the same.
const postgres = await startPostgres();
const first = await openPlace(postgres.url);
const places = [first];
for (let n = 1; n < WORKERS; n += 1) places.push(await openPlace(postgres.url, first.key));
try {
  const limits = values.only !== undefined ? every : values.quick ? quick : full;
  const { cases, messages } = await crashCases(first, limits);
  // The longest first.
  const all = [soakCase(values.quick ? 200 : 2_000), ...(await networkCases(first)), ...cases];
  const chosen = values.only === undefined ? all : all.filter(({ name }) => name === values.only);
  if (chosen.length === 0) throw new Error(`no case is called ${values.only}`);
  const tallies = await playAll(chosen);
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${table(tallies)}\n${messages} messages of PostgreSQL's protocol recorded; ${seconds} s`);
  if ([...tallies.values()].some(({ violations }) => violations > 0)) process.exitCode = 1;
} finally {
  for (const place of places) await place.graph.stop();
  await postgres.stop();
}

async function playAll(cases: readonly Case[]): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for (const { group } of cases) tallies.set(group, { cases: 0, struck: 0, violations: 0 });
  const waiting = [...cases];
  let done = 0;
  const work = async (place: (typeof places)[number]) => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const { struck, violations } = await one.play(place).catch((error: unknown) => ({
        struck: false,
        violations: [`the case itself failed: ${error instanceof Error ? error.stack : String(error)}`],
      }));
      const tally = tallies.get(one.group);
      if (!tally) continue;
      tally.cases += 1;
      done += 1;
      if (done % 25 === 0) process.stderr.write(`${done} of ${cases.length}\n`);
      tally.struck += struck ? 1 : 0;
      tally.violations += violations.length;
      if (violations.length > 0)
        console.log(`${violations.join("\n")}\n  again: npm run prove -- --only '${one.name}'`);
    }
  };
  await Promise.all(places.map(work));
  return tallies;
}
