import type { Bench, Group } from "../bench.js";
import type { Pair, Sample } from "../engine/pairs.js";
import { check, cpuOf, memory, play, ratioOf, speed } from "../engine/pairs.js";
import { atLeast, atMost, pairsOr } from "../engine/row.js";
import { count, megabytes, perSecond } from "../engine/table.js";
import { linesOf } from "../ground/answers.js";
import type { Shop } from "../ground/shops.js";
import { statement } from "./cold.js";

const WINDOW = ["--hours", "168"];
const FEW = 10_000;
/** Megabytes, at the larger number. */
const MOST_MEMORY = 150;

export const lines: Group = {
  name: "lines",
  about: "stuck sales through find-stuck --jsonl beside psql's copy, and its memory",
  async *play(bench) {
    const many = bench.size.pick(100_000, 1_000_000);
    const what = `${count(many)} stuck sales through \`find-stuck --jsonl\``;
    const shops = await bench.shops();
    const shop = await shops.stuck(many);
    const few = await shops.stuck(FEW);
    const listed: Sample[] = [];
    const noted = async () => {
      const sample = await list(bench, shop, many);
      listed.push(sample);
      return sample;
    };
    try {
      const sql = await statement(bench, shop, WINDOW);
      yield await pairsOr(
        what,
        '`psql -c "copy (…) to stdout"`',
        () => play(noted, () => copy(bench, shop, sql, many), bench.size.longRounds, 0),
        (pairs) => ({
          ratio: ratioOf(pairs, speed),
          cpu: cpuOf(pairs),
          goal: atLeast(0.7),
          figures: perSecond(pairs, "rows"),
        }),
      );
      yield await pairsOr(
        "its peak memory",
        `at ${count(FEW)}`,
        // Of the lists above: their memory was measured with their time.
        async () => {
          check(listed.length > 0, "no list was right, so that none can be measured");
          const pairs: Pair[] = [];
          for (const ours of listed) pairs.push({ ours, beside: await list(bench, few, FEW) });
          return pairs;
        },
        (pairs) => ({ ratio: ratioOf(pairs, memory), goal: atMost(1.2), ...peak(pairs) }),
      );
    } finally {
      await shop.drop();
      await few.drop();
    }
  },
};

function peak(pairs: readonly Pair[]) {
  const most = Math.max(...pairs.map(({ ours: { peakMb } }) => peakMb ?? 0));
  return { figures: megabytes(pairs), unless: most > MOST_MEMORY ? `more than ${MOST_MEMORY} MB` : null };
}

async function list(bench: Bench, shop: Shop, sales: number): Promise<Sample> {
  const ran = await bench.product(["find-stuck", ...WINDOW, "--jsonl", "--quiet"], shop);
  // The last line has the totals.
  check(linesOf(ran.stdout) === sales + 1, `${linesOf(ran.stdout)} lines, not ${sales} and one`);
  return { ...ran, units: sales };
}

async function copy(bench: Bench, shop: Shop, sql: string, sales: number): Promise<Sample> {
  const words = `copy (${sql.trim().replace(/;$/, "")}) to stdout`;
  const ran = await bench.run([bench.tools.psql(), "-X", shop.url, "-c", words]);
  check(linesOf(ran.stdout) === sales, `${linesOf(ran.stdout)} lines, not ${sales}`);
  return { ...ran, units: sales };
}
