import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, cpuOf, memory, play, ratioOf, speed } from "../engine/pairs.js";
import type { Row } from "../engine/row.js";
import { atLeast, atMost, pairsOr } from "../engine/row.js";
import { count, megabytes, perSecond } from "../engine/table.js";
import { linesOf, textOf } from "../ground/answers.js";
import type { Log, Told } from "../ground/logs.js";
import { writeLog } from "../ground/logs.js";
import { scratch } from "../ground/scratch.js";
import type { Shop } from "../ground/shops.js";

const SALES = 500;
const MEGABYTE = 1e6;

interface Written extends Log {
  readonly path: string;
  readonly megabytes: number;
}

/** The incident report's. */
const PATTERN = "META|Purchase|send_meta_event";

export const logs: Group = {
  name: "logs",
  about:
    "evidence of a worker's log beside the incident report's grep, and its memory at five times the size",
  async *play(bench) {
    const size = bench.size.pick(200, 1_000);
    const folder = scratch();
    const shop = await (await bench.shops()).stuck(SALES);
    try {
      const sales = await told(shop);
      const [small, large] = [size, 5 * size].map((one) => {
        const path = join(folder, `${one}.log`);
        return { path, megabytes: one, ...writeLog(path, sales, one * MEGABYTE) };
      }) as [Written, Written];
      for (const log of [small, large]) yield await ratio(bench, shop, log);
      yield await pairsOr(
        `its peak memory, a log of ${count(large.megabytes)} MB`,
        `of ${count(small.megabytes)} MB`,
        () =>
          play(
            () => evidence(bench, shop, large),
            () => evidence(bench, shop, small),
            1,
            0,
          ),
        // "The same" within what two runs of one size differ by.
        (pairs) => ({ ratio: ratioOf(pairs, memory), goal: atMost(1.1), figures: megabytes(pairs) }),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await shop.drop();
    }
  },
};

/** The goal is that of a log of a gigabyte; of a smaller one, half of the time is a start's. */
async function ratio(bench: Bench, shop: Shop, log: Written): Promise<Row> {
  return await pairsOr(
    `log evidence of ${count(SALES)} sales, a log of ${count(log.megabytes)} MB, from the shell and back`,
    `\`grep -iE '${PATTERN}'\``,
    () =>
      play(
        () => evidence(bench, shop, log),
        () => search(bench, log),
        bench.size.longRounds,
        1,
      ),
    (pairs) => ({
      ratio: ratioOf(pairs, speed),
      cpu: cpuOf(pairs),
      figures: perSecond(pairs, "MB"),
      ...(log.megabytes === 1_000 ? { goal: atLeast(0.5) } : {}),
    }),
  );
}

/** Every sale was accepted, and the log alone says so. */
async function evidence(bench: Bench, shop: Shop, { path, bytes }: Written): Promise<Sample> {
  const words = ["find-stuck", "--hours", "168", "--jsonl", "--quiet"];
  const ran = await bench.product([...words, "--evidence-log", path, "--log-timezone", "UTC"], shop);
  const delivered = textOf(ran.stdout).match(/"verdict":"delivered"/g)?.length ?? 0;
  check(delivered === SALES, `the log proves ${delivered} sales delivered, not ${SALES}`);
  return { ...ran, units: bytes / MEGABYTE };
}

async function search(bench: Bench, { path, bytes, matching }: Written): Promise<Sample> {
  const ran = await bench.run([bench.tools.grep(), "-iE", PATTERN, path]);
  check(linesOf(ran.stdout) === matching, `grep printed ${linesOf(ran.stdout)} lines, not ${matching}`);
  return { ...ran, units: bytes / MEGABYTE };
}

async function told(shop: Shop): Promise<Told[]> {
  return await shop.query(`
    select id, payment_id as "paymentId", pageview_event_id as "eventId",
           (extract(epoch from meta_purchase_sent_at at time zone 'America/Sao_Paulo') * 1000)::float8 as "flaggedAt"
    from payments`);
}
