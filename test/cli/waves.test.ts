import { describe, expect } from "vitest";
import { MANY } from "../../src/acting/waves.js";
import { test } from "./fixtures.js";

/** Over this many sales a window is carried through in waves: one more, and the second wave ends with a third. */
const count = MANY + 1;

const words = "revert --hours 24 --without-proof --ignore-workers --no-broker";

interface Line {
  readonly outcome?: { readonly id: number; readonly effect: string };
  readonly planned?: { readonly id: number };
  readonly left?: { readonly id: number };
  readonly run?: string;
  readonly totals?: object;
}

const linesOf = (stdout: string): Line[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe("a window of more sales than are held at once", () => {
  test(
    "is planned and then carried through, each sale once, as one run; others are left alone",
    { timeout: 90_000 },
    async ({ shop }) => {
      const confirmed = await shop.sale({ metaEventId: "pageview_before" });
      const refunded = await shop.sale({ status: "refunded" });
      const ids = await shop.manySales(count);
      // Their tasks retry no more.
      await shop.db.query(
        `update payments set created_at = created_at - span, paid_at = paid_at - span, updated_at = updated_at - span,
           meta_purchase_sent_at = meta_purchase_sent_at - span
         from (select interval '17 hours' as span) s where payment_id like '%_many_%'`,
      );
      const stuck = await shop.snapshot();
      const plan = await shop.run(`${words} --dry-run --jsonl`);
      expect([plan.code, await shop.snapshot(), await shop.attempts()]).toEqual([0, stuck, null]);
      const planned = linesOf(plan.stdout);
      expect(new Set(planned.flatMap((line) => line.planned?.id ?? []))).toEqual(new Set(ids));
      expect(planned).toHaveLength(count + 1);

      const { code, stdout, stderr } = await shop.run(`${words} --yes --jsonl`);
      const lines = linesOf(stdout);
      expect([code, lines.length]).toEqual([0, count + 1]);
      expect(
        new Set(lines.flatMap(({ outcome }) => (outcome?.effect === "reverted" ? outcome.id : []))),
      ).toEqual(new Set(ids));
      expect(lines.at(-1)).toMatchObject({ totals: { count, reverted: { count } } });
      expect(stderr).toContain(`reverted ${count} (BRL `);
      const states = await shop.states();
      expect([states[confirmed], states[refunded]]).toEqual([
        "confirmed as pageview_before",
        expect.anything(),
      ]);
      expect(ids.filter((id) => states[id] !== "not flagged")).toEqual([]);
      const journal = await shop.db.query<{ entries: number; sales: number; runs: number }>(
        "select count(*)::int as entries, count(distinct sale_id)::int as sales, count(distinct run_id)::int as runs from purchase_fix.attempt where effect = 'reverted'",
      );
      expect(journal).toEqual([{ entries: count, sales: count, runs: 1 }]);
      expect(await shop.requests()).toEqual([]);
    },
  );

  test("asks nobody and takes no lock where nothing is permitted", { timeout: 90_000 }, async ({ shop }) => {
    const ids = await shop.manySales(count);
    const before = await shop.snapshot();
    const { code, stdout, stderr } = await shop.run("confirm --hours 24 --no-broker --jsonl");
    expect(code).toBe(0);
    expect(linesOf(stdout).filter(({ left }) => left)).toHaveLength(ids.length);
    expect(stderr).toContain("nothing to confirm");
    expect([await shop.snapshot(), await shop.attempts()]).toEqual([before, null]);
  });
});
