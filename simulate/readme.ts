import { usualRates } from "./rates.js";
import type { Comparison } from "./table.js";
import { asMarkdown, compare } from "./table.js";

/** The world whose table README.md shows, and one that a test can live through in seconds. */
const shown = { seed: 1, sales: 10_000, rates: usualRates };
const small = { seed: 1, sales: 500, rates: usualRates };

const begin = "<!-- generated: simulate (npm run simulate -- --write) -->";
const end = "<!-- end -->";

/**
 * README's table as these strategies, rates and rules make it. The small world's counts stand beneath it, unseen: they
 * are only ever written together with the table, so that where they are out of date, so is the table.
 */
export async function generated(folder: string): Promise<string> {
  const table = asMarkdown(shown, await compare({ ...shown, folder }));
  return `${table}\n${await smallWorld(folder)}`;
}

/** What every strategy made of the small world, in counts. */
export async function smallWorld(folder: string): Promise<string> {
  const { results, stuck } = await compare({ ...small, folder });
  const lines = results.map(
    ({ name, lostUnseen, twice, money, left, leftLost }) =>
      `${name}: ${[lostUnseen, twice, money, left, leftLost].join(" ")}`,
  );
  const { seed, sales } = small satisfies Pick<Comparison, "seed" | "sales">;
  return `<!-- seed ${seed}, ${sales} sales, ${stuck} stuck\n${lines.join("\n")}\n-->\n`;
}

/** README with the generated part anew. */
export function withGenerated(readme: string, part: string): string {
  const [before, after] = around(readme);
  return `${before}${begin}\n\n${part}\n${end}${after}`;
}

/** The lines of the generated part that README does not have, and those that only README has. */
export function differences(readme: string, part: string): string[] {
  const [, , inside] = around(readme);
  const [are, shall] = [linesOf(inside), linesOf(part)];
  return [
    ...are.filter((line) => !shall.includes(line)).map((line) => `README: ${line}`),
    ...shall.filter((line) => !are.includes(line)).map((line) => `now:    ${line}`),
  ];
}

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

function around(readme: string): [string, string, string] {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`README.md has no part ${begin} … ${end}`);
  return [readme.slice(0, from), readme.slice(to + end.length), readme.slice(from + begin.length, to)];
}
