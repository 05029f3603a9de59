import { describe, expect } from "vitest";
import type { Shop } from "./fixtures.js";
import { test } from "./fixtures.js";
import { shapeOf } from "./shape.js";

interface Document {
  readonly run: string | null;
  readonly undoes: Readonly<Record<string, string>>;
  readonly planned: readonly Record<string, unknown>[];
  readonly outcomes: readonly { readonly id: number; readonly effect: string }[];
  readonly left: readonly {
    readonly id: number;
    readonly because: string;
    readonly wouldAllow: string | null;
  }[];
  readonly totals: Record<string, unknown>;
}

/** The run that was the last to change something. */
const lastRun = async (shop: Shop) => (await shop.attempts())?.at(-1)?.run ?? "none";

async function undoLast(shop: Shop, more = "") {
  const run = await lastRun(shop);
  const ended = await shop.run(`undo ${run} --yes --json --no-broker ${more}`);
  return { ...ended, document: JSON.parse(ended.stdout || "null") as Document, undone: run };
}

/** On an operator's own word. */
const confirmByWord = (shop: Shop, id: number) =>
  shop.run(["confirm", "--id", String(id), "--event-id", "seen_1", "--reason", "seen", "--no-broker"]);

const flag = (shop: Shop, id: number, set: string) =>
  shop.db.query(`update payments set ${set} where id = $1`, [id]);

describe.concurrent("undo of a revert", () => {
  test("makes the rows what they were to the last character, and leaves everybody else alone", async ({
    shop,
  }) => {
    const [a, b] = [await shop.sale({ paidHoursAgo: 30 }), await shop.sale({ paidHoursAgo: 30 })];
    await shop.sale();
    const before = await shop.snapshot();
    await shop.run(`revert --id ${a},${b}`);
    const { code, stderr, document, undone } = await undoLast(shop);
    expect(await shop.snapshot()).toEqual(before);
    expect(document.outcomes).toEqual([
      {
        id: a,
        answer: null,
        effect: "restored",
        eventId: null,
        because: `as it was before run ${undone} (revert)`,
      },
      {
        id: b,
        answer: null,
        effect: "restored",
        eventId: null,
        because: `as it was before run ${undone} (revert)`,
      },
    ]);
    expect(document.undoes).toMatchObject({ run: undone, command: "revert" });
    expect(stderr).toContain(`undoes run ${undone}: restored 2 (BRL 194.00)`);
    expect(code).toBe(0);
    expect(await shop.requests()).toEqual([]);
  });

  test("makes it stuck again: it is no longer listed as reverted", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(`revert --id ${sale}`);
    await undoLast(shop);
    const { stdout } = await shop.run("find-stuck --hours 48 --json --no-broker");
    expect(JSON.parse(stdout)).toMatchObject({ sales: [{ id: sale, state: "stuck" }] });
  });

  test("can itself be undone, and so on", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    const other = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(`revert --id ${sale}`);
    const reverted = await shop.snapshot();
    await undoLast(shop);
    const again = await undoLast(shop);
    expect(again).toMatchObject({ code: 0, document: { outcomes: [{ id: sale, effect: "reverted" }] } });
    expect(await shop.snapshot()).toEqual(reverted);
    const { stdout } = await shop.run("find-stuck --hours 48 --json --no-broker");
    expect(JSON.parse(stdout)).toMatchObject({
      sales: expect.arrayContaining([expect.objectContaining({ id: sale, state: "reverted" })]),
    });
    expect((await undoLast(shop)).document.outcomes).toMatchObject([{ effect: "restored" }]);
    expect(await shop.states()).toEqual({ [sale]: "stuck", [other]: "stuck" });
  });

  test("leaves what somebody touched since, and says what each is now", async ({ shop }) => {
    const ids = await shop.manySales(6);
    const [still, confirmed, flagged, refunded, gone, anew] = ids as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    await shop.run(`revert --id ${ids.join(",")}`);
    await flag(shop, confirmed, "meta_event_id = 'pageview_theirs'");
    await flag(shop, flagged, "meta_purchase_sent = true");
    await flag(shop, refunded, "status = 'refunded'");
    await flag(shop, anew, "meta_purchase_sent_at = now()");
    await shop.db.query("delete from payments where id = $1", [gone]);
    const { code, document } = await undoLast(shop);
    expect(document.outcomes.map(({ id }) => id)).toEqual([still]);
    expect(Object.fromEntries(document.left.map(({ id, because }) => [id, because]))).toEqual({
      [confirmed]: "confirmed meanwhile with event id pageview_theirs",
      [flagged]: "flagged again meanwhile",
      [refunded]: "the sale is refunded now",
      [anew]: expect.stringContaining("flagged anew at "),
      [gone]: "the sale is gone",
    });
    expect(await shop.states()).toEqual({
      [still]: "stuck",
      [confirmed]: "not flagged, with pageview_theirs",
      [flagged]: "flagged without a time",
      [refunded]: "refunded",
      [anew]: expect.any(String),
    });
    expect(code).toBe(1);
  });

  test("compares neither amount nor anything else that the run did not write", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(`revert --id ${sale}`);
    await flag(shop, sale, "amount = 12.34, updated_at = now()");
    expect((await undoLast(shop)).code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });

  test("does not flag a sale again that we tried to send since", async ({ shop }) => {
    const [tried, untried] = [await shop.sale({ paidHoursAgo: 30 }), await shop.sale({ paidHoursAgo: 30 })];
    await shop.run(`revert --id ${tried},${untried}`);
    const run = await lastRun(shop);
    await shop.fault({ fault: "credentials", times: 9 });
    await shop.run(`resend --id ${tried} --no-broker`);
    expect(await shop.states()).toEqual({ [tried]: "not flagged", [untried]: "not flagged" });
    const { code, stdout } = await shop.run(`undo ${run} --yes --json --no-broker`);
    const { left, outcomes } = JSON.parse(stdout) as Document;
    expect(left).toMatchObject([
      { id: tried, because: expect.stringContaining("an attempt was made since (journal, ") },
    ]);
    expect(outcomes).toMatchObject([{ id: untried, effect: "restored" }]);
    expect(await shop.states()).toEqual({ [tried]: "not flagged", [untried]: "stuck" });
    expect(code).toBe(1);
  });
});

describe.concurrent("undo of a resend or a confirm", () => {
  test("gives back nothing that Meta accepted, and the reason says so; --even-accepted does", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    const before = await shop.snapshot();
    await shop.run(`resend --id ${sale} --no-broker`);
    const sent = await shop.snapshot();
    const { code, document } = await undoLast(shop);
    expect(document.outcomes).toEqual([]);
    expect(document.left).toMatchObject([
      {
        id: sale,
        because: `Meta has it as pageview_${sale}: given back as if it was never sent, it may count twice`,
        wouldAllow: "--even-accepted",
      },
    ]);
    expect(code).toBe(1);
    expect(await shop.snapshot()).toEqual(sent);
    expect((await undoLast(shop, "--even-accepted")).document.outcomes).toMatchObject([
      { effect: "restored" },
    ]);
    expect(await shop.snapshot()).toEqual(before);
    // The acceptance stays on record.
    const { stdout } = await shop.run("find-stuck --json --no-broker");
    expect(JSON.parse(stdout)).toMatchObject({ sales: [{ id: sale, verdict: "delivered" }] });
    expect((await shop.run(`confirm --id ${sale} --no-broker`)).code).toBe(0);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });

  test("takes an operator's word back without it: the sale is stuck as before, and not delivered", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    const before = await shop.snapshot();
    await confirmByWord(shop, sale);
    expect(await shop.states()).toEqual({ [sale]: "confirmed as seen_1" });
    expect(await undoLast(shop)).toMatchObject({ code: 0, document: { outcomes: [{ effect: "restored" }] } });
    expect(await shop.snapshot()).toEqual(before);
    const { stdout } = await shop.run("find-stuck --json --no-broker");
    expect(JSON.parse(stdout)).toMatchObject({ sales: [{ id: sale, verdict: "ambiguous" }] });
  });

  test("that was undone gives the id back when that is undone", async ({ shop }) => {
    const sale = await shop.sale();
    await confirmByWord(shop, sale);
    const confirmed = await shop.snapshot();
    await undoLast(shop);
    expect((await undoLast(shop)).document.outcomes).toMatchObject([
      { effect: "confirmed", eventId: "seen_1" },
    ]);
    expect(await shop.snapshot()).toEqual(confirmed);
  });

  test("leaves a sale that it took back and that has no answer: it may have arrived", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(`revert --id ${sale}`);
    await shop.fault({ fault: "no-answer", times: 3 });
    await shop.run(`resend --id ${sale} --timeout 0.2s --no-broker`);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    const { code, document } = await undoLast(shop, "--even-accepted");
    expect(document.left).toMatchObject([
      { id: sale, because: expect.stringContaining("settle it first with resend") },
    ]);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect(code).toBe(1);
  });
});

describe.concurrent("undo", () => {
  test("asks with all that is at stake, and needs --yes where nobody can be asked", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(`revert --id ${sale}`);
    const before = await shop.snapshot();
    const run = await lastRun(shop);
    const { code, stdout, stderr } = await shop.run(`undo ${run} --no-broker`);
    expect(stderr).toMatch(
      new RegExp(
        `^error: undo 1 sale \\(BRL 97\\.00\\) of run ${run} \\(revert, 20\\S+Z, \\S+@\\S+\\) in .*: this needs a yes$`,
        "m",
      ),
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(await shop.snapshot()).toEqual(before);
  });

  test("prints with --dry-run what it would do, and does nothing", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 30 });
    await shop.run(`revert --id ${sale}`);
    const [before, journal] = [await shop.snapshot(), await shop.attempts()];
    const { code, document } = await undoLast(shop, "--dry-run");
    expect(document).toMatchObject({ run: null, dryRun: true, outcomes: [], left: [] });
    expect(document.planned).toMatchObject([
      {
        id: sale,
        from: { flagged: false, flaggedAt: null, metaEventId: null },
        to: { flagged: true, metaEventId: null },
      },
    ]);
    expect(code).toBe(0);
    expect([await shop.snapshot(), await shop.attempts()]).toEqual([before, journal]);
  });

  test("knows no other run than those on record, and none that changed nothing", async ({ shop }) => {
    const sale = await shop.sale();
    const nowhere = await shop.run("undo 000000000000 --yes");
    expect(nowhere).toMatchObject({ code: 2, stdout: "" });
    expect(nowhere.stderr).toContain("error: There is no run 000000000000 in this journal\n");
    await shop.fault({ fault: "credentials", times: 9 });
    await shop.run(`resend --id ${sale} --no-broker`);
    const nothing = await undoLast(shop);
    expect(nothing).toMatchObject({ code: 2, stdout: "" });
    expect(nothing.stderr).toContain(
      `error: Run ${nothing.undone} (resend) changed no row: there is nothing to undo\n`,
    );
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });

  test("costs no other row what is locked or refused by the shop, and takes a thousand at a time", async ({
    shop,
  }) => {
    const ids = await shop.manySales(1_200);
    const [locked, refused] = [ids[3] ?? 0, ids[1_100] ?? 0];
    await shop.run("revert --id - --quiet --no-broker", { input: ids.join("\n") });
    await shop.db.query(
      `alter table payments add constraint shop_rule check (id <> ${refused} or not meta_purchase_sent)`,
    );
    const run = await lastRun(shop);
    await shop.db.query("begin");
    await shop.db.query("select from payments where id = $1 for update", [locked]);
    const { code, stdout } = await shop.run(`undo ${run} --yes --json --no-broker`);
    await shop.db.query("rollback");
    const { outcomes, left } = JSON.parse(stdout) as Document;
    expect(left).toMatchObject([{ id: locked, because: "its row was locked by somebody else" }]);
    expect(outcomes.filter(({ effect }) => effect !== "restored")).toMatchObject([
      { id: refused, effect: "overtaken", because: expect.stringContaining("refused the write") },
    ]);
    const states = Object.values(await shop.states());
    expect(states.filter((state) => state === "stuck")).toHaveLength(1_198);
    expect(code).toBe(1);
  });

  test("has one document, whose fields stay", async ({ shop, expect }) => {
    const [a, b] = [await shop.sale({ paidHoursAgo: 30 }), await shop.sale({ paidHoursAgo: 30 })];
    await shop.run(`revert --id ${a},${b}`);
    await flag(shop, b, "status = 'refunded'");
    const dry = await undoLast(shop, "--dry-run");
    const real = await undoLast(shop);
    const shape = shapeOf(dry.document) as Record<string, unknown>;
    expect({
      ...shape,
      outcomes: shapeOf(real.document.outcomes),
      totals: shapeOf(real.document.totals),
    }).toMatchInlineSnapshot(`
      {
        "command": "string",
        "dryRun": "boolean",
        "generatedAt": "string",
        "left": [
          {
            "because": "string",
            "id": "number",
            "needsPerson": "boolean",
            "obstacle": "string",
            "restraint": "string",
            "verdict": "string",
            "wouldAllow": "null",
          },
        ],
        "outcomes": [
          {
            "answer": "null",
            "because": "string",
            "effect": "string",
            "eventId": "null",
            "id": "number",
          },
        ],
        "planned": [
          {
            "from": {
              "flagged": "boolean",
              "flaggedAt": "null",
              "metaEventId": "null",
            },
            "id": "number",
            "to": {
              "flagged": "boolean",
              "flaggedAt": "string",
              "metaEventId": "null",
            },
            "verdict": "string",
          },
        ],
        "run": "null",
        "totals": {
          "changed": "number",
          "left": "number",
          "restored": {
            "amount": "string",
            "count": "number",
          },
        },
        "undoes": {
          "command": "string",
          "host": "string",
          "run": "string",
          "startedAt": "string",
          "user": "string",
        },
        "version": "number",
      }
    `);
  });

  test("agrees with journal --sql, row by row", { timeout: 90_000 }, async ({ shop }) => {
    const ids = await shop.manySales(4);
    const [back, accepted, touched, worded] = ids as [number, number, number, number];
    await shop.run(`revert --id ${back},${accepted},${touched} --no-broker`);
    const reverted = await lastRun(shop);
    await shop.run(`resend --id ${accepted} --no-broker`);
    const sent = await lastRun(shop);
    await flag(shop, touched, "meta_purchase_sent = true, meta_purchase_sent_at = now()");
    await shop.run(["confirm", "--id", String(worded), "--event-id", "w", "--reason", "seen", "--no-broker"]);
    const word = await lastRun(shop);
    const shown = "meta_purchase_sent, meta_purchase_sent_at, meta_event_id";
    const rows = () => shop.db.query(`select id, ${shown} from payments order by id`);
    const start = await rows();
    for (const run of [reverted, sent, word])
      await shop.db.query((await shop.run(`journal --run ${run} --sql`)).stdout);
    const bySql = await rows();
    for (const row of start)
      await shop.db.query(
        "update payments set meta_purchase_sent = $2, meta_purchase_sent_at = $3, meta_event_id = $4 where id = $1",
        [row["id"], row["meta_purchase_sent"], row["meta_purchase_sent_at"], row["meta_event_id"]],
      );
    for (const run of [reverted, sent, word]) await shop.run(`undo ${run} --yes --no-broker`);
    expect(await rows()).toEqual(bySql);
    expect(await shop.states()).toMatchObject({
      [back]: "stuck",
      [accepted]: "confirmed as pageview_many_2",
      [worded]: "stuck",
    });
  });
});
