import type { Config } from "../config.js";
import type { Outlets } from "../ports.js";
import type { OutletSurroundings } from "../outlets/open.js";

/** Whom an unattended run tells; what speaks HTTP is loaded when somebody is to be told. */
export function outletsOf({ outlets }: Config, around: OutletSurroundings): Outlets {
  const { pingUrl, notifyUrls, metricsFile } = outlets;
  if (pingUrl === null && notifyUrls.length === 0 && metricsFile === null) return noOutlets;
  let made: Promise<Outlets> | null = null;
  const opened = () =>
    (made ??= import("../outlets/open.js").then(({ openOutlets }) => openOutlets(outlets, around)));
  return {
    started: async () => (await opened()).started(),
    ended: async (summary, previous) => (await opened()).ended(summary, previous),
  };
}

/** Where nothing outside is to be told. */
const noOutlets: Outlets = {
  started: () => Promise.resolve(),
  ended: () => Promise.resolve([]),
};
