import type { Row } from "./engine/row.js";
import type { Receiver } from "./ground/graph.js";
import type { Ran, Surroundings } from "./ground/launcher.js";
import type { Shop, Shops } from "./ground/shops.js";
import type { Tools } from "./ground/tools.js";

/** How large a run is: `--quick`, or full. */
export interface Size {
  readonly name: "tiny" | "quick" | "full";
  /** Payments of the shop of a year. */
  readonly rows: number;
  /** Pairs of what takes milliseconds. */
  readonly shortRounds: number;
  /** Pairs of what takes seconds. */
  readonly longRounds: number;
  /** Pairs of what only varies what another row shows. */
  readonly fewRounds: number;
  /** Of a figure that is given for a full run, what a quick one takes. */
  pick(quick: number, full: number): number;
}

export const quick: Size = {
  name: "quick",
  rows: 1_000_000,
  shortRounds: 9,
  longRounds: 2,
  fewRounds: 1,
  pick: (small) => small,
};

/** To see in a minute that every row works: its figures mean nothing. */
export const tiny: Size = {
  name: "tiny",
  rows: 50_000,
  shortRounds: 2,
  longRounds: 1,
  fewRounds: 1,
  pick: (small) => Math.max(1, Math.ceil(small / 50)),
};

export const full: Size = {
  name: "full",
  rows: 10_000_000,
  shortRounds: 25,
  longRounds: 3,
  fewRounds: 3,
  pick: (_small, large) => large,
};

/** A part of the table, as `npm run bench -- NAME` plays it. */
export interface Group {
  readonly name: string;
  readonly about: string;
  readonly play: (bench: Bench) => AsyncIterable<Row>;
}

/** What rows stand on. Each part is started by the first row that wants it. */
export interface Bench {
  readonly size: Size;
  readonly tools: Tools;
  shops(): Promise<Shops>;
  graph(): Promise<Receiver>;
  /** @throws Error unless the program ended with 0 */
  run(argv: readonly string[], around?: Surroundings): Promise<Ran>;
  /** The built program on a shop. Exit code 1 is no failure: something needs a person. */
  product(words: readonly string[], shop: Shop, around?: Surroundings, how?: How): Promise<Ran>;
  /** The environment in which the program works on a shop. */
  settings(shop: Shop): Promise<Record<string, string>>;
}

/** Whoever needs two children at once takes another launcher. */
export interface How {
  readonly launcher?: number;
  readonly codes?: readonly number[];
}
