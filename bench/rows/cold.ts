import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, cpuOf, play, ratioOf, time } from "../engine/pairs.js";
import type { Row } from "../engine/row.js";
import { atMost, pairsOr } from "../engine/row.js";
import { inMs } from "../engine/table.js";
import { idsOf, sizeOf, textOf } from "../ground/answers.js";
import type { Shop } from "../ground/shops.js";

const WINDOW = ["--hours", "24"];

export const cold: Group = {
  name: "cold",
  about: "find-stuck --hours 24, from the shell and back, beside psql and the first line of a Python script",
  async *play(bench) {
    const what = `\`find-stuck ${WINDOW.join(" ")}\`, cold`;
    const shop = await (await bench.shops()).year();
    const sql = await statement(bench, shop, WINDOW);
    const ids: number[] = [];
    const ours = () => find(bench, shop, ids);
    const beside = async (name: string, other: () => Promise<Sample>, goal: Partial<Row>) =>
      await pairsOr(
        what,
        name,
        () => play(ours, other, bench.size.shortRounds),
        (pairs) => ({
          ratio: ratioOf(pairs, time),
          cpu: cpuOf(pairs),
          figures: `${inMs(pairs)}, ${ids.length} sales`,
          ...goal,
        }),
      );
    yield await beside("`psql -c`, the same query", () => ask(bench, bench.tools.psql(), shop, sql, ids), {
      goal: atMost(2.2),
    });
    yield await beside(
      "the same without Debian's wrapper",
      () => ask(bench, bench.tools.barePsql(), shop, sql, ids),
      {},
    );
    yield await beside("`python3 -c 'import requests'`", () => importRequests(bench), { goal: atMost(0.5) });
  },
};

/** The statement of a window, as the program prints it. */
export async function statement(bench: Bench, shop: Shop, window: readonly string[]): Promise<string> {
  const { stdout } = await bench.product(["find-stuck", ...window, "--sql"], shop);
  return textOf(stdout);
}

/** Notes the ids of what it found. */
async function find(bench: Bench, shop: Shop, ids: number[]): Promise<Sample> {
  const ran = await bench.product(["find-stuck", ...WINDOW], shop);
  ids.splice(0, ids.length, ...idsOf(ran.stdout, "\t"));
  check(ids.length > 0, "find-stuck found no sale");
  return { ...ran, units: 1 };
}

async function ask(bench: Bench, program: string, shop: Shop, sql: string, ids: readonly number[]) {
  const ran = await bench.run([program, "-XAt", shop.url, "-c", sql]);
  const theirs = idsOf(ran.stdout, "|");
  check(theirs.length === ids.length && theirs.every((id, at) => id === ids[at]), "psql found other sales");
  return { ...ran, units: 1 };
}

async function importRequests(bench: Bench): Promise<Sample> {
  const ran = await bench.run([bench.tools.pythonWithRequests(), "-c", "import requests"]);
  check(sizeOf(ran.stdout) === 0, "python said something");
  return { ...ran, units: 1 };
}
