import type { Bench, Group } from "../bench.js";
import type { Sample } from "../engine/pairs.js";
import { cpu, cpuOf, play, ratioOf, speed } from "../engine/pairs.js";
import type { Row } from "../engine/row.js";
import { atLeast, atMost, pairsOr } from "../engine/row.js";
import { count, number, perSecond } from "../engine/table.js";
import { textOf } from "../ground/answers.js";
import { child } from "../ground/root.js";

/** Of each latency in milliseconds: the goals, and how many sales keep a side busy for a second or more. */
const latencies = [
  { latency: 0, sequential: 140, batched: 3.3, many: 200_000, few: 1_000 },
  { latency: 50, sequential: 2_800, batched: 1.2, many: 200_000, few: 60 },
  { latency: 200, sequential: 3_500, batched: 1, many: 80_000, few: 20 },
] as const;

export const send: Group = {
  name: "send",
  about: "the client of Graph beside Meta's SDK, one event a request and 1000 × 4, at 0, 50 and 200 ms",
  async *play(bench) {
    for (const at of latencies) yield* rowsAt(bench, at);
  },
};

async function* rowsAt(bench: Bench, at: (typeof latencies)[number]): AsyncGenerator<Row> {
  const { size } = bench;
  const many = size.pick(at.many / 4, at.many);
  const few = size.pick(at.few / 2, at.few);
  const rounds = at.latency === 0 ? size.longRounds : size.fewRounds;
  const what = `send 1000 × 4 at ${at.latency} ms`;
  const ours = () => sender(bench, at.latency, { who: "ours", sales: many, batch: 1000, lanes: 4 });
  yield await pairsOr(
    what,
    `Meta's SDK, one event a request (of ${count(few)})`,
    () => {
      const theirs = { who: "sdk", sales: few, batch: 1, lanes: 1 } as const;
      return play(ours, () => sender(bench, at.latency, theirs), rounds, 0);
    },
    (pairs) => ({
      ratio: ratioOf(pairs, speed),
      cpu: cpuOf(pairs),
      goal: atLeast(at.sequential),
      figures: perSecond(pairs, "sales"),
    }),
  );
  const theirs = { who: "sdk", sales: many, batch: 1000, lanes: 4 } as const;
  const batched = async () => await play(ours, () => sender(bench, at.latency, theirs), rounds, 0);
  let cost: Row | null = null;
  yield await pairsOr(what, "**the SDK also 1000 × 4**", batched, (pairs) => {
    const perSale = (side: "ours" | "beside") =>
      `${number(((pairs[0]?.[side].cpuMs ?? 0) / many) * 1000)} µs`;
    cost = {
      what: "CPU per sale, 0 ms",
      beside: "the SDK also 1000 × 4",
      ratio: ratioOf(pairs, cpu),
      cpu: null,
      goal: atMost(0.3),
      figures: `${perSale("ours")} beside ${perSale("beside")}`,
      unless: null,
      fault: null,
    };
    return {
      ratio: ratioOf(pairs, speed),
      cpu: cpuOf(pairs),
      goal: atLeast(at.batched),
      figures: perSecond(pairs, "sales"),
    };
  });
  if (at.latency === 0 && cost !== null) yield cost;
}

interface Way {
  readonly who: "ours" | "sdk";
  readonly sales: number;
  readonly batch: number;
  readonly lanes: number;
}

async function sender(bench: Bench, latency: number, { who, sales, batch, lanes }: Way): Promise<Sample> {
  if (who === "sdk") bench.tools.sdk();
  const graph = await bench.graph();
  await graph.reset(latency);
  const words = [who, graph.url, sales, batch, lanes].map(String);
  const ran = await bench.run([process.execPath, child("send"), ...words]);
  await graph.demand(sales);
  const { wallMs, cpuMs } = JSON.parse(textOf(ran.stdout)) as { wallMs: number; cpuMs: number };
  return { wallMs, cpuMs, peakMb: ran.peakMb, units: sales };
}
