import { DAY, HOUR, isStuck, MINUTE } from "../src/sales/sale.js";
import { accepted, lost, refused } from "../test/cast/doubles/graph.js";
import { seeded } from "../test/cast/logs.js";
import type { SaleDraft, WorldDraft } from "./draft.js";
import type { Copy } from "./ledger.js";
import { countedOf, grouped } from "./ledger.js";
import type { Rates } from "./rates.js";
import { SELLING } from "./rates.js";
import type { Strategy } from "./strategies.js";
import { World } from "./world.js";

/** What a strategy made of a world, in sales and money. */
export interface Result {
  readonly name: string;
  /** Meta never counted them, and nobody is told. */
  readonly lostUnseen: number;
  /** Left to a person, who is told why. */
  readonly left: number;
  /** Of these, how many Meta never counted. */
  readonly leftLost: number;
  readonly twice: number;
  /** What Meta's sum is off by, sale by sale (by click, where sales share one): too much and too little added up. */
  readonly money: number;
}

/** Everybody acts as often. */
const EVERY = 8 * HOUR;
const ACTING = SELLING + 2 * DAY;

/** The sales that stay stuck where nobody does anything; null until that is known. What the application lost without being stuck is beyond every strategy. */
export interface Scope {
  stuck: ReadonlySet<number> | null;
}

export async function live(
  draft: WorldDraft,
  rates: Rates,
  strategy: Strategy,
  folder: string | null,
  scope: Scope,
): Promise<Result> {
  const { name, tick, givesBack = false, sources = false } = strategy;
  const until = draft.start + ACTING;
  const world = new World(draft, { folder: sources ? folder : null, givesBack, until });
  answerAsMeta(world, draft, rates);
  let left: readonly number[] = [];
  for (let at = draft.start + EVERY; at <= until; at += EVERY) {
    world.timeline.pass(at + MINUTE);
    left = await tick(world);
  }
  world.timeline.pass(until + 4 * DAY);
  if (scope.stuck === null) {
    const rows = [...world.shop.rows.keys()].map((id) => world.shop.read(id)).filter(isStuck);
    scope.stuck = new Set(rows.map(({ id }) => id));
  }
  return { name, ...tally(draft.sales, world.graph.ledger, new Set(left), scope.stuck) };
}

function answerAsMeta(world: World, { seed }: WorldDraft, { lostAnswers }: Rates): void {
  const random = seeded(seed + 1);
  world.graph.script = ({ sales }) => {
    if (sales.some((id) => world.isUnfit(id))) return refused("event", { subcode: 2804050 });
    return random.next() < lostAnswers ? lost(sales.length) : accepted(sales.length);
  };
}

/** Sales of one click at one pixel are counted together: which of them Meta books the event on is another matter (risk R2). */
export function tally(
  sales: readonly SaleDraft[],
  ledger: readonly Copy[],
  left: ReadonlySet<number>,
  stuck: ReadonlySet<number>,
): Omit<Result, "name"> {
  const counted = grouped(countedOf(ledger), ({ saleId }) => saleId);
  const groups = grouped(sales, ({ id, click, pixelId }) => `${pixelId}|${click ?? id}`);
  const sum = { lostUnseen: 0, left: left.size, leftLost: 0, twice: 0, money: 0 };
  for (const group of groups.values()) {
    if (!group.some(({ id }) => stuck.has(id))) continue;
    const owed = group.filter((sale) => isOwed(sale, counted.get(sale.id) ?? []));
    const copies = group.flatMap(({ id, amount }) => (counted.get(id) ?? []).map(() => Number(amount)));
    const missing = Math.max(0, owed.length - copies.length);
    const told = Math.min(missing, group.filter(({ id }) => left.has(id)).length);
    sum.leftLost += told;
    sum.lostUnseen += missing - told;
    sum.twice += Math.max(0, copies.length - owed.length);
    const due = owed.map(({ amount }) => Number(amount));
    sum.money += Math.abs(total(copies) - total(due));
  }
  return sum;
}

/** A refunded sale is owed nothing, unless it was counted while it was paid. */
function isOwed({ paidAt, refunded }: SaleDraft, copies: readonly Copy[]): boolean {
  return refunded === null || copies.some(({ at }) => at <= paidAt + refunded);
}

const total = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
