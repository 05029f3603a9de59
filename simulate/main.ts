import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareAll } from "./table.js";
import { usualRates } from "./rates.js";

const usage = `npm run simulate [-- --seed N --sales N --rate NAME=SHARE …]   the strategies of the field, in one world each
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
    process.stdout.write(await compareAll({ ...wish, folder }));
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function wishes() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: "string", default: "1" },
        sales: { type: "string", default: "10000" },
        rate: { type: "string", multiple: true, default: [] },
      },
    });
    const rates = { ...usualRates, ...Object.fromEntries(values.rate.map(rateOf)) };
    const [seed, sales] = [Number(values.seed), Number(values.sales)];
    return Number.isSafeInteger(seed) && Number.isSafeInteger(sales) && sales > 0
      ? { seed, sales, rates }
      : null;
  } catch {
    return null;
  }
}

function rateOf(text: string): [string, number] {
  const [name = "", share] = text.split("=");
  const value = Number(share);
  if (!(name in usualRates) || !(value >= 0 && value <= 1)) throw new RangeError(text);
  return [name, value];
}
