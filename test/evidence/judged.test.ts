import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makePlan, noWishes } from "../../src/sales/plan.js";
import { HOUR } from "../../src/sales/sale.js";
import type { Judged } from "../../src/sales/verdict.js";
import { corpus, queuedRoutes, routes } from "../cast/corpus.js";
import type { Mix } from "../cast/corpus.js";
import { confusionOf } from "../cast/confusion.js";
import { miscounted } from "../cast/counted.js";
import { judgeShop, shopOf } from "../cast/judged.js";
import type { Seen, Shop } from "../cast/judged.js";
import { policy } from "../cast/sales.js";

/*
 * The corpus, judged: rows, logs, broker and results of a shop of which it is known what Meta has, through all that the
 * product does with them.
 */

const folder = mkdtempSync(join(tmpdir(), "purchase-fix-judged-"));
afterAll(() => rmSync(folder, { recursive: true }));

const both: Seen = { logs: true, broker: true };

/** What may be given, from all to next to nothing. */
const sources: Readonly<Record<string, Seen>> = {
  "the database alone": {},
  "logs alone": { logs: true },
  "logs and broker": both,
  "logs, broker and all that an observer kept": { ...both, results: 48 * HOUR, observed: true },
  "logs and a broker whose workers are not well": { ...both, workers: "no worker listens" },
  "broker and observer, without logs": { broker: true, results: 48 * HOUR, observed: true },
  "the web process's log and the broker": { ...both, without: /celery/ },
  "the workers' log and the broker": { ...both, without: /gunicorn/ },
  "logs of which a worker's part is missing": { ...both, without: /celery\.log\.1$/ },
  "logs of which the newest part is missing": { ...both, without: /celery\.log$/ },
  "logs of which the web process's oldest part is missing": { ...both, without: /gunicorn\.log\.1$/ },
};

/** The routes of an incident as often as a shop meets them: what nobody can tell (a 5xx, a killed worker) is rare. */
const usual: Mix = {
  "wait timed out, then Meta accepted": 12,
  "wait timed out, then Meta refused": 4,
  "wait timed out, still waiting for a retry": 3,
  "wait timed out, still in the queue": 2,
  "web process died while it waited": 4,
  "Meta accepted, the id was not stored": 6,
  "delivery script alone": 5,
  "Meta refused": 7,
  "failed before sending": 3,
  "not allowed by the configuration": 2,
};

/** What no log, queue or result can tell: a request left, and its answer was lost. */
const untellable = new Set([
  "Meta answered 5xx and had stored it",
  "no answer in time, then Meta refused",
  "ended by the time limit",
  "worker killed before it sent, redelivered",
  "worker killed after it sent, then refused",
  // Of a task that no line of the web process names, a refusal tells no event.
  "web process died before it told the task id",
  // A worker that was killed since may have had the task, and no line would name it.
  "web process died before it queued",
  // The connection broke while it was spoken to: the task may have been written, and run by that worker.
  "never handed to the broker",
  // Two requests of one moment that bear one event id: no line tells which was whose.
  "shared click",
]);

const labelOf = ({ stuck }: Shop, at: number) => {
  const found = stuck[at];
  if (!found) throw new RangeError("a verdict about nobody");
  return found.label;
};

/** Verdicts that say what is not so. */
function wrong(shop: Shop, judged: readonly Judged[]): string[] {
  const kinds = new Map(judged.map(({ kind, sale }) => [sale.id, kind]));
  return judged.flatMap(({ kind, because }, at) => {
    const { truth, route, saleId, eventId } = labelOf(shop, at);
    // Whose an acceptance of a shared click is, no line may tell: it is given to one sale alone, and says so.
    const isGiven =
      because.includes("(risk R2)") &&
      shop.corpus.sales.some(
        (one) =>
          one.eventId === eventId &&
          one.saleId !== saleId &&
          one.truth === "received" &&
          kinds.get(one.saleId) !== "delivered",
      );
    const isWrong =
      (kind === "lost" && truth !== "lost") || (kind === "delivered" && truth !== "received" && !isGiven);
    return isWrong ? [`${saleId} (${route}) is ${truth}, and called ${kind}: ${because}`] : [];
  });
}

const isOpen = ({ kind }: Judged) => kind === "ambiguous" || kind === "untraceable";
/** Nothing that a server or worker writes tells of the browser's pixel. */
const isBrowsers = ({ because }: Judged) => because.includes("the browser's pixel may have sent it");

const shops = [
  ["every route as often", {}, [1, 2, 3]],
  ["the usual routes", usual, [11, 12, 13]],
] as const;

describe.each(shops)("a shop with %s", (name, mix, seeds) => {
  describe.each([...seeds])("seed %i", (seed) => {
    const shop = shopOf(corpus(seed, 480, mix));

    test.each(Object.entries(sources))(
      "by %s, nothing false is said and nothing counted wrong",
      async (_, seen) => {
        const judged = await judgeShop(shop, folder, seen);
        expect(judged).toHaveLength(shop.stuck.length);
        expect(wrong(shop, judged)).toEqual([]);
        for (const action of ["resend", "revert", "confirm"] as const) {
          const plan = makePlan(action, judged, noWishes, policy, shop.now);
          expect(plan.act.filter(({ mayDouble }) => mayDouble)).toEqual([]);
          expect([action, miscounted(shop, judged, plan)]).toEqual([action, []]);
        }
      },
    );

    test("by logs and broker, only what nobody can tell stays open, and every living task is seen", async () => {
      const judged = await judgeShop(shop, folder, both);
      const open = judged.flatMap((one, at) => (isOpen(one) ? [{ one, label: labelOf(shop, at) }] : []));
      const unexplained = open.filter(({ one, label }) => !untellable.has(label.route) && !isBrowsers(one));
      expect(unexplained.map(({ label, one }) => `${label.saleId} ${label.route}: ${one.because}`)).toEqual(
        [],
      );
      const living = judged.filter((_, at) => labelOf(shop, at).truth === "open");
      expect(new Set(living.map(({ kind }) => kind))).toEqual(new Set(["in-flight"]));
      if (name === "the usual routes") expect(open.length / judged.length).toBeLessThanOrEqual(0.1);
    });
  });
});

test("a shop of the usual routes, as three kinds of sources judge it", async () => {
  const shop = shopOf(corpus(11, 480, usual));
  expect(shop.stuck.length).toBeGreaterThanOrEqual(300);
  const met = new Set(shop.corpus.sales.map(({ route }) => route));
  for (const route of [...Object.keys(routes), ...Object.keys(queuedRoutes)]) expect(met).toContain(route);
  const shown = ["logs alone", "logs and broker", "the database alone"] as const;
  const table = await Promise.all(
    shown.map(async (name) => ({ name, judged: await judgeShop(shop, folder, sources[name] ?? {}) })),
  );
  process.stdout.write(`\n${confusionOf(shop, table)}\n\n`);
  const plans = table.map(({ judged }) => makePlan("confirm", judged, noWishes, policy, shop.now).act.length);
  expect(plans[0], "the logs confirm").toBeGreaterThan(80);
  expect(plans[2], "the database confirms").toBe(0);
});
