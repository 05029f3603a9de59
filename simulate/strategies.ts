import { reconcile } from "../src/commands/reconcile.js";
import { noRules } from "../src/sales/reconcile.js";
import { DAY, HOUR } from "../src/sales/sale.js";
import { isStuck } from "../src/sales/sale.js";
import type { Sale } from "../src/sales/sale.js";
import { options } from "../test/cast/doubles.js";
import type { World } from "./world.js";

/** What somebody does about stuck sales, every so often. */
export interface Strategy {
  readonly name: string;
  /** The application clears the flag itself when its wait ends in vain. */
  readonly givesBack?: boolean;
  /** It reads logs and broker. */
  readonly sources?: boolean;
  /** Answers the sales that it leaves, knowingly. */
  readonly tick: (world: World) => Promise<readonly number[]>;
}

const nobody: readonly number[] = [];

/** As the public scripts do: whatever is flagged and has no id is sent, and its id stored if Meta takes it. */
function script(eventIdOf: (sale: Sale, seconds: number) => string): Strategy["tick"] {
  return (world) => {
    const { shop, graph, timeline } = world;
    const now = timeline.now();
    const stuck = [...shop.rows.keys()].map((id) => shop.read(id)).filter(isStuck);
    for (const sale of stuck.filter(({ createdAt }) => now - (createdAt ?? 0) < DAY)) {
      if (world.isUnfit(sale.id)) continue;
      const eventId = eventIdOf(sale, Math.floor(now / 1000));
      graph.receive(sale.id, sale.pools?.[0]?.pixelId ?? "", eventId, now);
      shop.write(sale.id, { metaEventId: eventId });
    }
    return Promise.resolve(nobody);
  };
}

const window = { by: "last", hours: 168 } as const;

/** The cron job: what is proven to be at Meta is confirmed, what may be sent without a risk is sent. */
function ours(sources: boolean): Strategy["tick"] {
  return async (world) => {
    const { wishes, ...carrying } = options({ maxRuntimeMs: 4 * HOUR });
    const asked = { ...carrying, wishes, window, rules: () => noRules, quiet: false };
    const { ctx, output } = world.context("reconcile", world.evidence({ sources, freshFor: 5_000 }));
    await world.timeline.during(reconcile(ctx, asked));
    // Told once: when the sale beside it is confirmed, no later run looks at either.
    const { uncounted } = output.documents.at(-1) as unknown as Told;
    for (const id of uncounted) world.uncounted.add(id);
    const told = output.documents.at(-1) as unknown as Told;
    const kept = told.outcomes.filter(({ effect }) => effect !== "confirmed");
    return [...[...told.left, ...kept].map(({ id }) => id), ...world.uncounted];
  };
}

interface Told {
  readonly uncounted: readonly number[];
  readonly left: readonly { readonly id: number }[];
  readonly outcomes: readonly { readonly id: number; readonly effect: string }[];
}

const doNothing: Strategy["tick"] = () => Promise.resolve(nobody);

export const strategies: readonly Strategy[] = [
  { name: "wait, and do nothing", tick: doNothing },
  { name: "the application's own fix: revert after the time-out", givesBack: true, tick: doNothing },
  {
    name: "shop scripts: resend everything flagged",
    tick: script(({ id, pageviewEventId }, seconds) => pageviewEventId ?? `purchase_${id}_${seconds}`),
  },
  {
    name: "resend everything flagged, with a fresh event id",
    tick: script(({ id }, seconds) => `purchase_${id}_${seconds}`),
  },
  { name: "purchase-fix, without logs", tick: ours(false) },
  { name: "purchase-fix, with logs and broker", sources: true, tick: ours(true) },
];
