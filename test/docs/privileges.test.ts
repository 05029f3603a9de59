import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { schemaSql } from "../../src/queries/journal-schema.js";
import { purchaseFix } from "../cast/binary.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Graph } from "../cast/graph.js";
import { pixel1, startTwoPixels } from "../cast/graph.js";
import { insertBot, insertPool, insertSale, newFernetKey } from "../cast/shop.js";

const role = `purchase_fix_${randomBytes(4).toString("hex")}`;

/** The statements of a document's first block of SQL after a heading, for a role of our own: roles belong to the whole server. */
function statementsOf(file: string, heading: string): string[] {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const block = /```sql\n(.*?)```/s.exec(text.slice(text.indexOf(`\n## ${heading}\n`)))?.[1] ?? "";
  return block
    .replaceAll(/^--.*$/gm, "")
    .replaceAll(/\b(role|to|from) purchase_fix\b/g, `$1 ${role}`)
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

describe("a role with the privileges that the documents name, and no others", () => {
  let db: ShopDatabase;
  let graph: Graph;
  let bot: number;
  let env: Record<string, string>;

  beforeAll(async () => {
    [db, graph] = await Promise.all([shopDatabase(), startTwoPixels()]);
    const key = newFernetKey();
    bot = await insertBot(db.witness);
    await insertPool(db.witness, { pixelId: pixel1.id, token: pixel1.tokens[0] ?? "", key, bots: [bot] });
    await db.query(schemaSql);
    const statements = statementsOf("README.md", "Privileges");
    expect(statements).toHaveLength(6);
    for (const statement of statements) await db.query(statement);
    const url = new URL(db.url);
    url.username = role;
    env = { DATABASE_URL: url.href, META_GRAPH_URL: graph.url, ENCRYPTION_KEY: key };
  });

  afterAll(async () => {
    await db.query(`drop owned by ${role}`);
    await db.query(`drop role ${role}`);
    await Promise.all([db.close(), graph.stop()]);
  });

  test("resend, revert and journal work, the witness included", async () => {
    expect(await mending()).toEqual(mended);
  });

  test("they also work with the columns of payments granted one by one, and the tax number stays out of reach", async () => {
    for (const statement of statementsOf("docs/schema.md", "Privileges by column")) await db.query(statement);
    expect(await mending()).toEqual(mended);
    await db.query(`set role ${role}`);
    await expect(db.query("select customer_document from payments")).rejects.toThrow(/permission denied/);
    await db.query("reset role");
  });

  test("attest and observe work too, and observe may forget", async () => {
    const folder = mkdtempSync(join(tmpdir(), "purchase-fix-privileges-"));
    const log = join(folder, "gunicorn.log");
    writeFileSync(log, "2026-11-20 10:00:00,000 - INFO - boot\n");
    const at = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const words = ["--from", at(9), "--to", at(1), "--reason", "known", "--yes", "--no-broker"];
    const ends = [
      await purchaseFix(["attest", ...words], { env }),
      await purchaseFix(["attest", "--list"], { env }),
      await purchaseFix(["attest", "--withdraw", "1", "--reason", "wrong"], { env }),
      await purchaseFix(["observe", "--evidence-log", log], { env }),
    ];
    rmSync(folder, { recursive: true });
    expect(ends.map(({ code, stderr }) => [code, /warning|error/.test(stderr)])).toEqual(
      ends.map(() => [0, false]),
    );
  });

  test("reconcile, quarantine and acknowledge work too", async () => {
    const [sent, old] = [
      await insertSale(db.witness, { botId: bot }),
      await insertSale(db.witness, { botId: bot, paidHoursAgo: 60, pageviewEventId: "pageview_old" }),
    ];
    const words = ["--yes", "--no-broker"];
    const ends = [
      await purchaseFix(["acknowledge", String(old), "--reason", "known"], { env }),
      await purchaseFix(["reconcile", "--hours", "100", "--since", "last", ...words], { env }),
      await purchaseFix(["quarantine", "list"], { env }),
      await purchaseFix(["acknowledge", "--withdraw", String(old), "--reason", "wrong"], { env }),
    ];
    expect(ends.map(({ code, stderr }) => [code, /warning|error/.test(stderr)])).toEqual(
      ends.map(() => [0, false]),
    );
    expect(await states(sent, old)).toEqual([
      { flagged: true, confirmed: true },
      { flagged: true, confirmed: false },
    ]);
  });

  test("without one of the three columns nothing is sent: the privilege is missed before, not after Meta's answer", async () => {
    const sale = await insertSale(db.witness, { botId: bot });
    const before = await graph.requests();
    await db.query(`revoke update on payments from ${role}`);
    await db.query(
      `grant update (meta_purchase_sent, meta_purchase_sent_at) on payments to ${role}; revoke update (meta_event_id) on payments from ${role}`,
    );
    const { code, stdout, stderr } = await purchaseFix(["resend", "--id", String(sale)], { env });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("may not update payments.meta_event_id");
    expect(await graph.requests()).toEqual(before);
    expect(await states(sale)).toEqual([{ flagged: true, confirmed: false }]);
  });

  const mended = {
    codes: [0, 0, 0, 0, 0],
    warnings: [],
    rows: [
      { flagged: true, confirmed: true },
      { flagged: false, confirmed: false },
    ],
  };

  /** Sends one sale and gives another back, as the role. */
  async function mending() {
    const sent = await insertSale(db.witness, { botId: bot });
    const given = await insertSale(db.witness, { botId: bot });
    const commands = [
      "find-stuck --hours 24",
      `resend --id ${sent}`,
      `revert --id ${given}`,
      "journal",
      "report",
    ];
    const ends = [];
    for (const command of commands) ends.push(await purchaseFix(command.split(" "), { env }));
    return {
      codes: ends.map(({ code }) => code),
      warnings: ends.map(({ stderr }) => stderr).filter((text) => /warning|error/.test(text)),
      rows: await states(sent, given),
    };
  }

  async function states(...ids: readonly number[]) {
    return await db.query(
      `select meta_purchase_sent as flagged, meta_event_id is not null as confirmed
       from payments where id = any($1) order by id`,
      [ids],
    );
  }
});
