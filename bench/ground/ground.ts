import type { Bench, How, Size } from "../bench.js";
import type { Receiver } from "./graph.js";
import { startReceiver } from "./graph.js";
import type { Ran, Surroundings } from "./launcher.js";
import { Launcher, demandOk } from "./launcher.js";
import { program } from "./root.js";
import type { Shop, Shops } from "./shops.js";
import { openShops } from "./shops.js";
import { tools } from "./tools.js";

/** The real parts. */
export class Ground implements Bench {
  readonly tools = tools;
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

  /** Whether any row wanted a server. */
  hasShops(): boolean {
    return this.#shops !== null;
  }

  graph(): Promise<Receiver> {
    return (this.#graph ??= startReceiver());
  }

  #launcher(n = 0): Launcher {
    return (this.#launchers[n] ??= new Launcher(tools.python()));
  }

  async run(argv: readonly string[], around?: Surroundings): Promise<Ran> {
    return demandOk(await this.#launcher().run(argv, around), argv.slice(0, 2).join(" "));
  }

  async product(
    words: readonly string[],
    shop: Shop,
    around: Surroundings = {},
    { launcher = 0, codes = [0, 1] }: How = {},
  ): Promise<Ran> {
    const env = { ...(await this.settings(shop)), ...around.env };
    const ran = await this.#launcher(launcher).run([process.execPath, program, ...words], { ...around, env });
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
