import type { Outlets, Restraints, Successes } from "../../../src/ports.js";
import type { RunSummary } from "../../../src/sales/summary.js";
import type { Trouble } from "../../../src/sales/trouble.js";
import type { ShopDouble } from "./shop.js";

/** What the outside was told, in order. */
export class OutletsDouble implements Outlets {
  readonly told: string[] = [];
  readonly summaries: RunSummary[] = [];
  /** What goes wrong with telling it. */
  troubles: readonly Trouble[] = [];

  readonly started = (): Promise<void> => {
    this.told.push("started");
    return Promise.resolve();
  };
  readonly ended = (summary: RunSummary): Promise<readonly Trouble[]> => {
    this.told.push(`ended ${summary.exitCode}`);
    this.summaries.push(summary);
    return Promise.resolve(this.troubles);
  };
}

export function successesOver(shop: ShopDouble): Successes {
  return {
    last: () => {
      if (shop.success === null) return Promise.resolve(null);
      const { beganAt, endedAt, summary } = shop.success;
      return Promise.resolve({ beganAt, endedAt, needsPerson: summary.needsPerson });
    },
    ready: () => Promise.resolve(),
    note: ({ beganAt, since, run, summary }) => {
      shop.success = { beganAt, since, run, summary, endedAt: shop.clock.now() };
      return Promise.resolve();
    },
  };
}

export function restraintsOver(shop: ShopDouble): Restraints {
  const at = () => shop.clock.now();
  return {
    release: (lease, ids) => {
      shop.hold(lease);
      for (const id of ids) shop.released.set(id, at());
      return Promise.resolve();
    },
    acknowledge: (lease, ids, reason, by) => {
      shop.hold(lease);
      for (const id of ids) shop.acknowledged.set(id, { reason, by, at: at() });
      return Promise.resolve(ids);
    },
    withdraw: (lease, ids) => {
      shop.hold(lease);
      for (const id of ids) shop.acknowledged.delete(id);
      return Promise.resolve(ids);
    },
    list: () => Promise.resolve([]),
  };
}
