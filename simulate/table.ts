import type { Result, Scope } from "./compare.js";
import { live } from "./compare.js";
import type { Rates } from "./rates.js";
import { drawWorld } from "./rates.js";
import { strategies } from "./strategies.js";

export interface Comparison {
  readonly seed: number;
  readonly sales: number;
  readonly rates: Rates;
  readonly folder: string;
}

/** What the strategies made of one world. */
export interface Compared {
  readonly results: readonly Result[];
  /** How many sales stay stuck where nobody acts. */
  readonly stuck: number;
}

/** The strategies, each in a world of its own that differs in nothing else. */
export async function compare({ seed, sales, rates, folder }: Comparison): Promise<Compared> {
  const draft = drawWorld(seed, sales, rates);
  const results: Result[] = [];
  const scope: Scope = { stuck: null };
  for (const strategy of strategies) results.push(await live(draft, rates, strategy, folder, scope));
  return { results, stuck: scope.stuck?.size ?? 0 };
}

export async function compareAll(comparison: Comparison): Promise<string> {
  return asMarkdown(comparison, await compare(comparison));
}

/** The same as Markdown, so that a README can carry it. */
export function asMarkdown(
  { seed, sales }: Pick<Comparison, "seed" | "sales">,
  { results, stuck }: Compared,
): string {
  const share = (count: number) => Math.round((count * 10_000) / sales).toLocaleString("en");
  const rows = results.map(({ name, lostUnseen, left, leftLost, twice, money }) => [
    name,
    share(lostUnseen),
    share(twice),
    share(money),
    left === 0 ? "nobody is told" : `${share(left)} (${share(leftLost)} lost)`,
  ]);
  const head = [
    "per 10,000 paid sales",
    "lost, and nobody knows",
    "counted twice",
    "money off (BRL)",
    "left to a person",
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const rule = line(["---", "--:", "--:", "--:", "--:"]);
  return `Seed ${seed}, ${sales.toLocaleString("en")} sales, of which ${stuck.toLocaleString("en")} stay stuck where nobody acts:\n\n${line(head)}${rule}${rows.map(line).join("")}`;
}
