import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, play, ratioOf, time } from "../engine/pairs.js";
import { atMost, pairsOr } from "../engine/row.js";
import { percentile } from "../engine/spread.js";
import { count, inMs } from "../engine/table.js";
import { textOf } from "../ground/answers.js";
import { scratch } from "../ground/scratch.js";
import type { Shop } from "../ground/shops.js";

/** Updates a second of the application; on two cores it leaves room for somebody else. */
const RATE = 500;
/** Milliseconds; so few sales as `--tiny` has would be sent before anybody could look. */
const latencyOf = ({ size }: Bench) => (size.name === "tiny" ? 5_000 : 200);
/** Payments that the application works on: sold and confirmed, none of them stuck. */
const ORDINARY = 20_000;
const FIRST = 50_000_001;

export const neighbour: Group = {
  name: "neighbour",
  about: "an application's updates (pgbench) while resend runs beside the same while it does not",
  async *play(bench) {
    // At 200 ms no more than 20,000 are sent a second: enough for `resend` to outlast the updates. It is interrupted then.
    const many = bench.size.pick(60_000, 400_000);
    const seconds = bench.size.pick(2, 8);
    const alone = async (shop: Shop) => sampleOf(await updates(bench, shop, seconds));
    yield await pairsOr(
      `p99 of an application's updates (pgbench, ${RATE} a second) while \`resend\` of ${count(many)} runs`,
      "while it does not",
      () =>
        play(
          () => onCopy(bench, many, (shop) => beside(bench, shop, seconds)),
          () => onCopy(bench, many, alone),
          bench.size.fewRounds,
          0,
        ),
      (pairs) => ({
        ratio: ratioOf(pairs, time),
        goal: atMost(1.25),
        figures: `${inMs(pairs)}, two cores shared by all`,
      }),
    );
  },
};

async function onCopy(bench: Bench, many: number, work: (shop: Shop) => Promise<Sample>): Promise<Sample> {
  const shop = await (await bench.shops()).stuck(many);
  try {
    await shop.query(ordinary);
    return await work(shop);
  } finally {
    await shop.drop();
  }
}

const ordinary = `
  insert into payments (id, bot_id, payment_id, status, amount, meta_purchase_sent, meta_event_id, created_at, updated_at, paid_at)
  select ${FIRST} - 1 + n, 1, 'sold_' || n, 'paid', 97, true, 'sold_' || n, now(), now(), now()
  from generate_series(1, ${ORDINARY}) n`;

const update = `\\set id random(${FIRST}, ${FIRST + ORDINARY - 1})
update payments set updated_at = now() where id = :id;
`;

/** Milliseconds of each update from the moment for which it was due: a late start counts as waiting. */
async function updates(bench: Bench, shop: Shop, seconds: number): Promise<number[]> {
  const folder = scratch();
  const script = join(folder, "update.sql");
  writeFileSync(script, update);
  const words = `-n -c 2 -R ${RATE} -T ${seconds} -l --log-prefix=${folder}/log -f ${script}`.split(" ");
  const { stdout } = await bench.run([bench.tools.pgbench(), ...words, shop.url]);
  const made = Number(/actually processed: (\d+)/.exec(textOf(stdout))?.[1] ?? Number.NaN);
  const logs = readdirSync(folder).filter((name) => name.startsWith("log"));
  const lines = logs.flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"));
  const times = lines.map((line) => Number(line.split(" ")[2]) / 1000);
  check(times.length === made && made > 0, `pgbench tells of ${made} updates and logged ${times.length}`);
  return times;
}

function sampleOf(times: readonly number[]): Sample {
  return { wallMs: percentile(times, 0.99), cpuMs: null, peakMb: null, units: 1 };
}

/**
 * From the start of `resend`, so that reading and judging count as well, until updates were made while it sent. It is
 * interrupted then, and settles.
 */
async function beside(bench: Bench, shop: Shop, seconds: number): Promise<Sample> {
  const graph = await bench.graph();
  await graph.reset(latencyOf(bench));
  let pid = 0;
  const over = new AbortController();
  const started = (id: number) => (pid = id);
  const words = ["resend", "--hours", "168", "--yes", "--quiet"];
  const run = bench.product(words, shop, { started }, { launcher: 1, codes: [0, 1, 130] });
  const ended = run.then(
    () => over.abort(),
    () => over.abort(),
  );
  const times: number[] = [];
  try {
    for (let isSending = false; !isSending && !over.signal.aborted;) {
      isSending = (await graph.arrived()).events > 0;
      times.push(...(await updates(bench, shop, seconds)));
    }
    if (over.signal.aborted)
      throw new Error("resend ended before the updates did: there was nothing to compare");
  } finally {
    if (!over.signal.aborted) process.kill(pid, "SIGINT");
    await ended;
  }
  await run;
  await demandSettled(bench, shop);
  return sampleOf(times);
}

/** What Meta counted is what the rows say, also of a run that was interrupted. */
async function demandSettled(bench: Bench, shop: Shop): Promise<void> {
  const { events } = await (await bench.graph()).arrived();
  const settled = await confirmed(shop);
  check(events === settled, `${events} events arrived, and ${settled} rows were confirmed`);
}

async function confirmed(shop: Shop): Promise<number> {
  const [found] = await shop.query<{ n: number }>(
    `select count(*)::int as n from payments where meta_event_id is not null and id < ${FIRST}`,
  );
  return found?.n ?? 0;
}
