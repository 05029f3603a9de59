import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { corpus } from "../cast/corpus.js";
import { miscounted } from "../cast/counted.js";
import { judgeShop, shopOf } from "../cast/judged.js";
import { makePlan, noWishes } from "../../src/sales/plan.js";
import { policy } from "../cast/sales.js";

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-judged-"));
afterAll(() => rmSync(folder, { recursive: true }));
test.each([1, 2, 3])("x %i", async (seed) => {
  const shop = shopOf(corpus(seed, 320, {}));
  for (const [name, seen] of Object.entries({
    db: {},
    logs: { logs: true },
    both: { logs: true, broker: true },
    kept: { logs: true, broker: true, results: 48 * 3600_000 },
    brokerOnly: { broker: true, results: 48 * 3600_000 },
  })) {
    const judged = await judgeShop(shop, folder, seen);
    const t: Record<string, number> = {};
    judged.forEach((j, i) => {
      const k = `${shop.stuck[i]?.label.truth} ${j.kind}`;
      t[k] = (t[k] ?? 0) + 1;
      const { truth } = shop.stuck[i]!.label;
      if ((truth !== "lost" && j.kind === "lost") || (truth !== "received" && j.kind === "delivered"))
        console.log("WRONG", name, shop.stuck[i]?.label.route, truth, j.kind, j.because);
    });
    const r: Record<string, number> = {};
    judged.forEach((j, i) => {
      const k = `${shop.stuck[i]?.label.route}: ${j.kind}`;
      r[k] = (r[k] ?? 0) + 1;
    });
    console.log(name, t);
    if (seed === 1 && name === "both") console.log(r);
    for (const action of ["resend", "revert"] as const)
      console.log(action, miscounted(shop, judged, makePlan(action, judged, noWishes, policy, shop.now)));
  }
  expect(1).toBe(1);
});
