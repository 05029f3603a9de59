import { DAY, HOUR, MINUTE } from "../src/sales/sale.js";
import type { Random } from "../test/cast/logs.js";
import { seeded } from "../test/cast/logs.js";
import type { RunFate, SaleDraft, VisitDraft, WorldDraft } from "./draft.js";

/**
 * How often each thing happens: assumptions, not measurements, since nobody publishes any. Each is a share (of visits
 * that send, unless told otherwise), and `--rate NAME=VALUE` sets it.
 */
export const usualRates = {
  /** The page's script sets the flag, and nothing is ever queued. */
  script: 0.015,
  /** The web process dies between the flag and the queue. */
  dies: 0.008,
  /** Handing the task to the broker fails. */
  unqueued: 0.005,
  /** The broker forgets the task. */
  vanishes: 0.005,
  /** Meta has it, and the id is not stored. */
  unstored: 0.006,
  /** The web process dies while it waits; the task goes on. */
  unwaited: 0.004,
  /** The task waits longer for a worker than the web process for the task. */
  slow: 0.03,
  "5xx": 0.008,
  "429": 0.005,
  unanswered: 0.006,
  killed: 0.003,
  /** The access token had expired; it is mended since. */
  expired: 0.006,
  /** The task raises before it sends. */
  invalid: 0.003,
  /** Of sales: Meta refuses the event, whoever sends it. */
  unfit: 0.002,
  /** Of pages: the browser's pixel fires. */
  browser: 0.3,
  /** Of sales: opened again within two days. */
  returns: 0.25,
  /** Of sales: the row has no page view. */
  clickless: 0.12,
  /** Of sales: an upsell that bears the click of the sale before it. */
  shared: 0.08,
  /** Of sales with a page view: the application passes on another event id than the row's (risk R1). */
  passed: 0.01,
  /** Of sales, within three days. */
  refunded: 0.01,
  /** Of our requests: Meta has them, and its answer is lost. */
  lostAnswers: 0.01,
};

export type Rates = Record<keyof typeof usualRates, number>;

/** Sales come for three days, and no worker runs for six hours of the second. */
export const SELLING = 3 * DAY;
const OUTAGE = [DAY + 9 * HOUR, DAY + 15 * HOUR] as const;
const START = Date.UTC(2025, 10, 20, 3, 0);

export function drawWorld(seed: number, count: number, rates: Rates): WorldDraft {
  const random = seeded(seed);
  const step = SELLING / count;
  const sales: SaleDraft[] = [];
  for (let id = 1; id <= count; id += 1) {
    const at = START + HOUR + Math.floor((id - 1 + random.next()) * step);
    sales.push(saleOf(random, id, at, sales.at(-1), rates));
  }
  return { seed, start: START, sales, outages: [[START + OUTAGE[0], START + OUTAGE[1]]] };
}

function saleOf(
  random: Random,
  id: number,
  paidAt: number,
  before: SaleDraft | undefined,
  rates: Rates,
): SaleDraft {
  const chance = (share: number) => random.next() < share;
  const isShared = chance(rates.shared) && before !== undefined && before.click !== null;
  const own = chance(rates.clickless) ? null : `pageview_${hex(random)}`;
  const click = isShared ? before.click : own;
  const visits = [visitOf(random, 5_000 + random.below(55_000), rates)];
  if (chance(rates.returns)) visits.push(visitOf(random, 30 * MINUTE + random.below(47 * HOUR), rates));
  const another = chance(rates.passed) ? `pageview_${hex(random)}` : null;
  return {
    id,
    paidAt,
    amount: `${random.pick([27, 47, 97, 197, 297])}.00`,
    pixelId: isShared ? before.pixelId : random.pick(["1234567890123401", "1234567890123402"]),
    click,
    passes: isShared || click === null ? null : another,
    visits,
    refunded: chance(rates.refunded) ? random.below(3 * DAY) : null,
    unfit: chance(rates.unfit),
  };
}

function visitOf(random: Random, after: number, rates: Rates): VisitDraft {
  const usual = { after, route: "queue", browser: random.next() < rates.browser, slow: 0, runs: [] } as const;
  const visit: VisitDraft = { ...usual, web: "stores the id" };
  const ways: readonly (readonly [number, () => Partial<VisitDraft>])[] = [
    [rates.script, () => ({ route: "script" })],
    [rates.dies, () => ({ route: "web process dies" })],
    [rates.unqueued, () => ({ route: "cannot queue" })],
    [rates.vanishes, () => ({ route: "vanishes" })],
    [rates.unstored, () => ({ web: "fails to store it" })],
    [rates.unwaited, () => ({ web: "dies waiting" })],
    [rates.slow, () => ({ slow: 11_000 + random.below(10 * MINUTE) })],
    [rates["5xx"], () => ({ runs: [random.pick<RunFate>(["5xx, stored", "5xx"])] })],
    [rates["429"], () => ({ runs: Array.from({ length: 1 + random.below(4) }, (): RunFate => "429") })],
    [rates.unanswered, () => ({ runs: [random.pick<RunFate>(["no answer, stored", "no answer"])] })],
    [
      rates.killed,
      () => ({ runs: [random.pick<RunFate>(["killed before it sent", "killed after Meta answered"])] }),
    ],
    [rates.expired, () => ({ runs: ["expired token" as const] })],
    [rates.invalid, () => ({ runs: ["invalid" as const] })],
  ];
  let lot = random.next();
  for (const [share, way] of ways) {
    if (lot < share) return { ...visit, ...way() };
    lot -= share;
  }
  return visit;
}

const hex = (random: Random) => Array.from({ length: 16 }, () => random.below(16).toString(16)).join("");
