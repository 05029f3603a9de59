import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, play, ratioOf, time } from "../engine/pairs.js";
import { atMost, pairsOr } from "../engine/row.js";
import { median } from "../engine/spread.js";
import { inMs } from "../engine/table.js";
import { textOf } from "../ground/answers.js";
import { child } from "../ground/root.js";
import type { Shop } from "../ground/shops.js";
import { statement } from "./cold.js";

/** Queries of one psql, whose median counts, as that of a warm process does. */
const ROUNDS = 7;

const WINDOW = ["--hours", "168"];

export const query: Group = {
  name: "query",
  about:
    "the query of seven days with and without the partial index, and find in process beside psql's own timing",
  async *play(bench) {
    const shop = await (await bench.shops()).year();
    const sql = await statement(bench, shop, WINDOW);
    const millions = `${bench.size.rows / 1e6} million rows`;
    yield await pairsOr(
      `the query of 7 days on ${millions}, with the partial index`,
      "without it",
      () =>
        play(
          () => timed(shop, sql, true),
          () => timed(shop, sql, false),
          bench.size.pick(3, 5),
        ),
      (pairs) => ({
        ratio: ratioOf(pairs, time),
        // What the index saves grows with the table, and the goal is one of ten million rows.
        goal: bench.size.name === "full" ? atMost(1 / 150) : null,
        figures: inMs(pairs),
      }),
    );
    for (const [part, goal] of [
      ["read and judged", atMost(1.3)],
      ["read alone", null],
    ] as const) {
      yield await pairsOr(
        `find of 7 days in process, ${part}`,
        "the query, timed by psql",
        () =>
          play(
            () => inProcess(bench, shop, part),
            () => byPsql(bench, shop, sql),
            bench.size.pick(3, 9),
          ),
        (pairs) => ({ ratio: ratioOf(pairs, time), goal, figures: inMs(pairs) }),
      );
    }
  },
};

/**
 * The server's own time, since carrying the rows over costs as much as finding them by an index. The index is dropped in
 * a transaction that is rolled back: the next of the pair has it again.
 */
async function timed(shop: Shop, sql: string, withIndex: boolean): Promise<Sample> {
  await shop.query("begin");
  try {
    if (!withIndex) await shop.query("drop index payments_stuck");
    const [told] = await shop.query<{ "QUERY PLAN": readonly Explained[] }>(
      `explain (analyze, timing off, format json) ${sql}`,
    );
    const explained = told?.["QUERY PLAN"][0];
    check((explained?.Plan["Actual Rows"] ?? 0) > 0, "the query found no sale");
    return { wallMs: explained?.["Execution Time"] ?? Number.NaN, cpuMs: null, peakMb: null, units: 1 };
  } finally {
    await shop.query("rollback");
  }
}

/** What PostgreSQL says of a statement that it ran. */
interface Explained {
  readonly Plan: { readonly "Actual Rows": number };
  readonly "Execution Time": number;
}

/** A process that is warm: it finds several times, and tells of the median. */
async function inProcess(bench: Bench, shop: Shop, part: string): Promise<Sample> {
  const env = await bench.settings(shop);
  const ran = await bench.run([process.execPath, child("find"), part], { env });
  const { wallMs, sales } = JSON.parse(textOf(ran.stdout)) as { wallMs: number; sales: number };
  check(sales > 0, "found no sale in process");
  return { wallMs, cpuMs: null, peakMb: null, units: sales };
}

async function byPsql(bench: Bench, shop: Shop, sql: string): Promise<Sample> {
  const rounds = Array.from({ length: ROUNDS }, () => ["-c", sql]).flat();
  const ran = await bench.run([bench.tools.psql(), "-XAt", shop.url, "-c", "\\timing on", ...rounds]);
  const lines = textOf(ran.stdout).split("\n");
  const times = lines.flatMap((line) => /^Time: ([\d.]+) ms/.exec(line)?.[1] ?? []).map(Number);
  check(times.length === ROUNDS, `psql told ${times.length} times`);
  const sales = lines.filter((line) => line.includes("|")).length / ROUNDS;
  return { wallMs: median(times), cpuMs: null, peakMb: null, units: sales };
}
