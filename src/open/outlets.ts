import type { Outlets } from "../ports.js";

/** Where nothing outside is to be told. */
export const noOutlets: Outlets = {
  started: () => Promise.resolve(),
  ended: () => Promise.resolve([]),
};
