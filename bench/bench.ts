import type { Row } from "./engine/row.js";
import type { Receiver } from "./ground/graph.js";
import { startReceiver } from "./ground/graph.js";
import type { Ran, Surroundings } from "./ground/launcher.js";
import { Launcher, demandOk } from "./ground/launcher.js";
import { program } from "./ground/root.js";
import type { Shop, Shops } from "./ground/shops.js";
import { openShops } from "./ground/shops.js";
import { python } from "./ground/tools.js";

/** How large a run is: `--quick`, or full. */
export interface Size {
  readonly name: "tiny" | "quick" | "full";
  /** Payments of the shop of a year. */
  readonly rows: number;
  /** Pairs of what takes milliseconds. */
  readonly shortRounds: number;
  /** Pairs of what takes seconds. */
  readonly longRounds: number;
  /** Of a figure that is given for a full run, what a quick one takes. */
  pick(quick: number, full: number): number;
}

export const quick: Size = {
  name: "quick",
  rows: 1_000_000,
  shortRounds: 9,
  longRounds: 1,
  pick: (small) => small,
};

/** To see in a minute that every row works: its figures mean nothing. */
export const tiny: Size = {
  name: "tiny",
  rows: 50_000,
  shortRounds: 2,
  longRounds: 1,
  pick: (small) => Math.max(1, Math.ceil(small / 50)),
};

export const full: Size = {
  name: "full",
  rows: 10_000_000,
  shortRounds: 25,
  longRounds: 3,
  pick: (_small, large) => large,
};

/** A part of the table, as `npm run bench -- NAME` plays it. */
export interface Group {
  readonly name: string;
  readonly about: string;
  readonly play: (bench: Bench) => AsyncIterable<Row>;
}

/** What rows stand on. Each part is started by the first row that wants it. */
export class Bench {
  readonly size: Size;
  readonly #launchers: Launcher[] = [];
  #shops: Promise<Shops> | null = null;
  #graph: Promise<Receiver> | null = null;

  constructor(size: Size) {
    this.size = size;
  }

  shops(): Promise<Shops> {
    return (this.#shops ??= openShops(this.size.rows));
  }

  hasShops(): boolean {
    return this.#shops !== null;
  }

  graph(): Promise<Receiver> {
    return (this.#graph ??= startReceiver());
  }

  /** Whoever needs two children at once takes two. */
  launcher(n = 0): Launcher {
    return (this.#launchers[n] ??= new Launcher(python()));
  }

  async run(argv: readonly string[], around?: Surroundings): Promise<Ran> {
    return demandOk(await this.launcher().run(argv, around), argv.slice(0, 2).join(" "));
  }

  /** The built program on a shop. Exit code 1 is no failure: something needs a person. */
  async product(
    words: readonly string[],
    shop: Shop,
    around: Surroundings = {},
    { launcher = 0, codes = [0, 1] }: { launcher?: number; codes?: readonly number[] } = {},
  ): Promise<Ran> {
    const env = { ...(await this.settings(shop)), ...around.env };
    const ran = await this.launcher(launcher).run([process.execPath, program, ...words], { ...around, env });
    return demandOk(ran, `purchase-fix ${words[0]}`, codes);
  }

  async settings(shop: Shop): Promise<Record<string, string>> {
    const { key } = await this.shops();
    const graph = this.#graph === null ? {} : { META_GRAPH_URL: (await this.#graph).url };
    return { DATABASE_URL: shop.url, ENCRYPTION_KEY: key, ...graph };
  }

  async stop(): Promise<void> {
    for (const launcher of this.#launchers) launcher.close();
    await (await this.#graph)?.stop();
    await (await this.#shops)?.stop();
  }
}
