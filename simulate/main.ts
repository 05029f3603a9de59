import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Drawing } from "./model.js";
import { prove } from "./model.js";
import { compareAll } from "./table.js";
import { usualRates } from "./rates.js";
import { differences, generated, withGenerated } from "./readme.js";

const usage = `npm run simulate [-- --seed N --sales N --rate NAME=SHARE …]   the strategies of the field, in one world each
npm run simulate -- --check | --write   the same as README.md has it: compared, or written
npm run simulate -- --schedules N [--sources] [--seed N] [--path P]   schedules that try to break the guarantees
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const wish = wishes();
  if (wish === null) {
    process.stderr.write(usage);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-simulate-"));
  try {
    if (wish.readme !== null) return await tellReadme(wish.readme, folder);
    if (wish.schedules !== null) return await tellProof({ ...wish, count: wish.schedules }, folder);
    process.stdout.write(await compareAll({ ...wish, seed: wish.seed ?? 1, folder }));
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** README's table, compared with what this code makes of its world, or written anew. */
async function tellReadme(wish: "check" | "write", folder: string): Promise<number> {
  const part = await generated(folder);
  process.stdout.write(part);
  const readme = readFileSync("README.md", "utf8");
  if (wish === "write") writeFileSync("README.md", withGenerated(readme, part));
  const found = wish === "write" ? [] : differences(readme, part);
  const well = wish === "write" ? "README.md has it now" : "README.md says the same";
  process.stdout.write(found.length === 0 ? `${well}\n` : "");
  for (const line of found) process.stderr.write(`${line}\n`);
  return found.length === 0 ? 0 : 1;
}

/** Fails with the smallest story that breaks a guarantee. */
async function tellProof(drawing: Drawing, folder: string): Promise<number> {
  const { met, failure } = await prove(drawing, folder);
  const figures = Object.entries(met).map(([what, count]) => `${what} ${count.toLocaleString("en")}`);
  process.stdout.write(`${figures.join(" · ")}\n`);
  if (failure === null) process.stdout.write("no guarantee was broken\n");
  else process.stderr.write(`${failure}\n`);
  return failure === null ? 0 : 1;
}

function wishes() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: "string" },
        schedules: { type: "string" },
        path: { type: "string" },
        sources: { type: "boolean", default: false },
        check: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        sales: { type: "string", default: "10000" },
        rate: { type: "string", multiple: true, default: [] },
      },
    });
    const rates = { ...usualRates, ...Object.fromEntries(values.rate.map(rateOf)) };
    const seed = numberOf(values.seed);
    const schedules = numberOf(values.schedules) ?? null;
    const sales = numberOf(values.sales) ?? 10_000;
    const readme = values.check ? ("check" as const) : values.write ? ("write" as const) : null;
    return { seed, sales, rates, schedules, readme, path: values.path, sources: values.sources };
  } catch {
    return null;
  }
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(text);
  return value;
}

function rateOf(text: string): [string, number] {
  const [name = "", share] = text.split("=");
  const value = Number(share);
  if (!(name in usualRates) || !(value >= 0 && value <= 1)) throw new RangeError(text);
  return [name, value];
}
