import { setTimeout as sleep } from "node:timers/promises";
import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, play, ratioOf, speed } from "../engine/pairs.js";
import { atLeast, pairsOr } from "../engine/row.js";
import { count, number, perSecond } from "../engine/table.js";
import { textOf } from "../ground/answers.js";
import { child } from "../ground/root.js";
import type { Shop } from "../ground/shops.js";

/** Seconds for which a row of the shop may be locked. */
const LONGEST_LOCK = 0.3;
const UPDATE = `update payments set meta_purchase_sent = false, meta_purchase_sent_at = null
  where status = 'paid' and meta_purchase_sent and meta_event_id is null
    and created_at >= (now() - interval '168 hours') at time zone 'America/Sao_Paulo'`;

export const revert: Group = {
  name: "revert",
  about: "a journalled revert beside one update in psql and beside row by row, and its longest lock",
  async *play(bench) {
    const many = bench.size.pick(20_000, 200_000);
    const what = `revert of ${count(many)}, journalled, witnessed`;
    const ours = () => onCopy(bench, many, giveBack);
    yield await pairsOr(
      what,
      "one `update` in psql, no journal",
      () => play(ours, () => onCopy(bench, many, updateAll), bench.size.longRounds, 0),
      (pairs) => ({ ratio: ratioOf(pairs, speed), goal: atLeast(0.5), figures: perSecond(pairs, "rows") }),
    );
    const sample = bench.size.pick(2_000, 5_000);
    yield await pairsOr(
      what,
      `row by row with autocommit (of ${count(sample)})`,
      () =>
        play(
          ours,
          () => onCopy(bench, many, (b, shop) => oneByOne(b, shop, sample)),
          bench.size.longRounds,
          0,
        ),
      (pairs) => ({ ratio: ratioOf(pairs, speed), goal: atLeast(35), figures: perSecond(pairs, "rows") }),
    );
    yield await pairsOr(
      "its longest lock",
      `${LONGEST_LOCK} s`,
      async () => {
        const longest = await onCopy(bench, many, longestLock);
        return [{ ours: longest, beside: { ...longest, wallMs: LONGEST_LOCK * 1000 } }];
      },
      (pairs) => ({
        ratio: ratioOf(pairs, ({ ours: { wallMs }, beside }) => wallMs / beside.wallMs),
        goal: { is: "at most", value: 1 },
        figures: `${number((pairs[0]?.ours.wallMs ?? 0) / 1000)} s`,
      }),
    );
  },
};

type Work = (bench: Bench, shop: Shop, many: number) => Promise<Sample>;

/** Each run has a shop of its own, of which nothing was changed yet. */
async function onCopy(bench: Bench, many: number, work: Work): Promise<Sample> {
  const shop = await (await bench.shops()).stuck(many);
  try {
    return await work(bench, shop, many);
  } finally {
    await shop.drop();
  }
}

const giveBack: Work = async (bench, shop, many) => {
  const words = ["--hours", "168", "--without-proof", "--ignore-workers", "--yes", "--quiet"];
  const ran = await bench.product(["revert", ...words], shop);
  await demandReverted(shop, many);
  const [journal] = await shop.query<{ n: number }>(
    "select count(distinct sale_id)::int as n from purchase_fix.attempt where effect = 'reverted'",
  );
  check(journal?.n === many, `${journal?.n} reverts on record, not ${many}`);
  return { ...ran, units: many };
};

const updateAll: Work = async (bench, shop, many) => {
  const ran = await bench.run([bench.tools.psql(), "-X", shop.url, "-c", UPDATE]);
  check(textOf(ran.stdout).trim() === `UPDATE ${many}`, `psql said ${textOf(ran.stdout).trim()}`);
  await demandReverted(shop, many);
  return { ...ran, units: many };
};

/** Timed in the process, without its start. */
async function oneByOne(bench: Bench, shop: Shop, sample: number): Promise<Sample> {
  const ran = await bench.run([process.execPath, child("row-by-row"), shop.url, String(sample)]);
  const { wallMs } = JSON.parse(textOf(ran.stdout)) as { wallMs: number };
  await demandReverted(shop, sample);
  return { wallMs, cpuMs: null, peakMb: null, units: sample };
}

async function demandReverted(shop: Shop, wanted: number): Promise<void> {
  const [found] = await shop.query<{ n: number }>(
    "select count(*)::int as n from payments where not meta_purchase_sent and meta_purchase_sent_at is null",
  );
  check(found?.n === wanted, `${found?.n} rows were reverted, not ${wanted}`);
}

/**
 * How long a transaction of ours had written, by the server's own clock and looked at 50 times a second: locks are held
 * no longer than that.
 */
const longestLock: Work = async (bench, shop, many) => {
  const over = new AbortController();
  let longest = 0;
  const work = giveBack(bench, shop, many).finally(() => over.abort());
  const watch = async () => {
    while (!over.signal.aborted) {
      const [held] = await shop.query<{ ms: number | null }>(`
        select (extract(epoch from max(clock_timestamp() - xact_start)) * 1000)::float8 as ms
        from pg_stat_activity where application_name like 'purchase-fix%' and backend_xid is not null`);
      longest = Math.max(longest, held?.ms ?? 0);
      await sleep(20);
    }
  };
  const [ran] = await Promise.all([work, watch()]);
  return { ...ran, wallMs: longest };
};
