import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { check, play, ratioOf, time } from "../engine/pairs.js";
import { atMost, pairsOr } from "../engine/row.js";
import { percentile } from "../engine/spread.js";
import { count, inMs } from "../engine/table.js";
import type { Shop } from "../ground/shops.js";

/** Updates a second of the application; on two cores it leaves room for somebody else. */
const RATE = 300;
const LATENCY = 200;
/** Payments that the application works on: sold and confirmed, none of them stuck. */
const ORDINARY = 20_000;
const FIRST = 50_000_001;

export const neighbour: Group = {
  name: "neighbour",
  about: "an application's updates (pgbench) while resend runs beside the same while it does not",
  async *play(bench) {
    // Enough for `resend` to outlast the updates by far; it is interrupted then.
    const many = bench.size.pick(60_000, 300_000);
    const seconds = bench.size.pick(5, 15);
    yield await pairsOr(
      `p99 of an application's updates (pgbench, ${RATE} a second for ${seconds} s) while \`resend\` of ${count(many)} runs`,
      "while it does not",
      async () => {
        const shop = await (await bench.shops()).stuck(many);
        try {
          await shop.query(ordinary);
          const alone = () => updates(bench, shop, seconds);
          return await play(() => beside(bench, shop, alone), alone, bench.size.longRounds, 0);
        } finally {
          await shop.drop();
        }
      },
      (pairs) => ({
        ratio: ratioOf(pairs, time),
        goal: atMost(1.25),
        figures: `${inMs(pairs)}, two cores shared by all`,
      }),
    );
  },
};

const ordinary = `
  insert into payments (id, bot_id, payment_id, status, amount, meta_purchase_sent, meta_event_id, created_at, updated_at, paid_at)
  select ${FIRST} - 1 + n, 1, 'sold_' || n, 'paid', 97, true, 'sold_' || n, now(), now(), now()
  from generate_series(1, ${ORDINARY}) n`;

const update = `\\set id random(${FIRST}, ${FIRST + ORDINARY - 1})
update payments set updated_at = now() where id = :id;
`;

/** The 99th percentile of an update, from the moment for which it was due: a late start counts as waiting. */
async function updates(bench: Bench, shop: Shop, seconds: number): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-pgbench-"));
  try {
    const script = join(folder, "update.sql");
    writeFileSync(script, update);
    const words = [
      "-n",
      "-f",
      script,
      "-c",
      "2",
      "-R",
      RATE,
      "-T",
      seconds,
      "-l",
      `--log-prefix=${folder}/log`,
    ];
    await bench.run([bench.tools.pgbench(), ...words.map(String), shop.url]);
    const logs = readdirSync(folder).filter((name) => name.startsWith("log"));
    const lines = logs.flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"));
    const times = lines.map((line) => Number(line.split(" ")[2]) / 1000).filter((ms) => Number.isFinite(ms));
    check(times.length > (RATE * seconds) / 2, `pgbench made ${times.length} updates`);
    return { wallMs: percentile(times, 0.99), cpuMs: null, peakMb: null, units: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the start of `resend` on, so that reading and judging count as well; it is interrupted afterwards, and settles. */
async function beside(bench: Bench, shop: Shop, work: () => Promise<Sample>): Promise<Sample> {
  const graph = await bench.graph();
  await graph.reset(LATENCY);
  const before = await confirmed(shop);
  let pid = 0;
  let over = false;
  const started = (id: number) => (pid = id);
  const words = ["resend", "--hours", "168", "--yes", "--quiet"];
  const run = bench.product(words, shop, { started }, { launcher: 1, codes: [0, 1, 130] });
  const ended = run.then(
    () => (over = true),
    () => (over = true),
  );
  try {
    const sample = await work();
    if (over) throw new Error("resend ended before the updates did: there was nothing to compare");
    return sample;
  } finally {
    if (!over) process.kill(pid, "SIGINT");
    await ended;
    await run;
    await demandSettled(bench, shop, before);
  }
}

/** What Meta counted is what the rows say, also of a run that was interrupted. */
async function demandSettled(bench: Bench, shop: Shop, before: number): Promise<void> {
  const { events } = await (await bench.graph()).arrived();
  const settled = (await confirmed(shop)) - before;
  if (events === 0) throw new Error("nothing was sent while the updates ran");
  check(events === settled, `${events} events arrived, and ${settled} rows were confirmed`);
}

async function confirmed(shop: Shop): Promise<number> {
  const [found] = await shop.query<{ n: number }>(
    `select count(*)::int as n from payments where meta_event_id is not null and id < ${FIRST}`,
  );
  return found?.n ?? 0;
}
