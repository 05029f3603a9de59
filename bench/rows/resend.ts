import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, memory, play, ratioOf, speed } from "../engine/pairs.js";
import { atLeast, atMost, pairsOr } from "../engine/row.js";
import { count, megabytes, perSecond } from "../engine/table.js";
import { textOf } from "../ground/answers.js";
import { child } from "../ground/root.js";
import type { Shop } from "../ground/shops.js";

const latencies = [
  { latency: 0, goal: 100, few: 1_000 },
  { latency: 50, goal: 2_200, few: 60 },
  { latency: 200, goal: 3_200, few: 20 },
] as const;

export const resend: Group = {
  name: "resend",
  about:
    "resend end to end beside an application's loop over Meta's SDK, at 0, 50 and 200 ms, and its memory",
  async *play(bench) {
    const { size } = bench;
    const many = size.pick(20_000, 100_000);
    for (const { latency, goal, few } of latencies) {
      const sample = size.pick(few / 2, few);
      const rounds = latency === 0 ? size.longRounds : size.fewRounds;
      yield await pairsOr(
        `\`resend\` of ${count(many)} at ${latency} ms, from the shell and back`,
        `an application's loop over the SDK (of ${count(sample)})`,
        () =>
          play(
            () => ours(bench, latency, many),
            () => theirs(bench, latency, sample),
            rounds,
            0,
          ),
        (pairs) => ({
          ratio: ratioOf(pairs, speed),
          goal: atLeast(goal),
          figures: perSecond(pairs, "sales"),
        }),
      );
    }
    const most = size.pick(40_000, 1_000_000);
    yield await pairsOr(
      `its peak memory at ${count(most)}`,
      `at ${count(most / 10)}`,
      () =>
        play(
          () => ours(bench, 0, most),
          () => ours(bench, 0, most / 10),
          1,
          0,
        ),
      (pairs) => ({ ratio: ratioOf(pairs, memory), goal: atMost(1.2), figures: megabytes(pairs) }),
    );
  },
};

/** Read, judge, claim, journal, send, settle, witness. */
async function ours(bench: Bench, latency: number, sales: number): Promise<Sample> {
  return await onCopy(bench, latency, sales, async (shop) => {
    const words = ["resend", "--hours", "168", "--yes", "--quiet"];
    const ran = await bench.product(words, shop);
    check(ran.code === 0, `resend ended with ${ran.code}`);
    const [journal] = await shop.query<{ n: number }>(
      `select count(distinct sale_id)::int as n from purchase_fix.attempt
       where answer = 'accepted' and effect = 'confirmed'`,
    );
    check(journal?.n === sales, `${journal?.n} acceptances on record, not ${sales}`);
    return { ...ran, units: sales };
  });
}

/** Timed in the process, without its start. */
async function theirs(bench: Bench, latency: number, sales: number): Promise<Sample> {
  bench.tools.sdk();
  const { url } = await bench.graph();
  return await onCopy(bench, latency, sales, async (shop) => {
    const ran = await bench.run([process.execPath, child("application"), shop.url, url, String(sales)]);
    const { wallMs } = JSON.parse(textOf(ran.stdout)) as { wallMs: number };
    return { wallMs, cpuMs: null, peakMb: null, units: sales };
  });
}

/** What Meta counted, and what the shop's rows say, must both be the sales. */
async function onCopy(
  bench: Bench,
  latency: number,
  sales: number,
  work: (shop: Shop) => Promise<Sample>,
): Promise<Sample> {
  const graph = await bench.graph();
  await graph.reset(latency);
  const shop = await (await bench.shops()).stuck(sales);
  try {
    const sample = await work(shop);
    await graph.demand(sales);
    const [rows] = await shop.query<{ n: number }>(
      "select count(*)::int as n from payments where meta_purchase_sent and meta_event_id = pageview_event_id",
    );
    check(rows?.n === sales, `${rows?.n} rows bear their event id, not ${sales}`);
    return sample;
  } finally {
    await shop.drop();
  }
}
