import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import type { Shop } from "./fixtures.js";
import { refusal } from "./refusal.js";
import { shapeOf } from "./shape.js";
import { alarms, test, unknowns } from "./wells.js";

/** Everything in the database, to the last character: rows, catalogue, privileges, sequences. */
async function digest(shop: Shop): Promise<string> {
  const tables = await shop.db.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('public', 'purchase_fix') and c.relkind = 'r' order by 1`,
  );
  const hash = createHash("sha256");
  for (const { name } of tables)
    hash.update(JSON.stringify(await shop.db.query(`select t::text as row from ${name} t order by 1`)));
  hash.update(
    JSON.stringify(
      await shop.db.query(
        `select c.oid::text, c.relname, c.relacl::text, a.attname, a.atttypid::text, a.attacl::text
         from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid
         where n.nspname not in ('pg_catalog', 'pg_toast', 'information_schema') order by 1, 4`,
      ),
    ),
  );
  for (const view of ["pg_namespace", "pg_sequences", "pg_policies", "pg_indexes"])
    hash.update(JSON.stringify(await shop.db.query(`select t::text as row from ${view} t order by 1`)));
  return hash.digest("hex");
}

describe.concurrent("doctor in a shop in which all is well", { timeout: 60_000 }, () => {
  test("raises no alarm, exits with 0, and says what it looked at", async ({ well }) => {
    const diagnosis = await well.doctor();
    expect(alarms(diagnosis)).toEqual([]);
    expect(unknowns(diagnosis)).toEqual([]);
    expect([diagnosis.code, diagnosis.stderr]).toEqual([0, ""]);
    expect(diagnosis.findings.filter(({ level }) => level === "ok").map(({ name }) => name)).toEqual([
      "settings",
      "database-reachable",
      "columns",
      "stuck-index",
      "privileges",
      "clock-database",
      "clock-graph",
      "zone",
      "journal-schema",
      "encryption-key",
      "graph-version",
      "graph-reachable",
      "access-token",
      "pixel",
      "access-token",
      "pixel",
      "id-before-send",
    ]);
    // What is not configured is said, and is no fault.
    expect(diagnosis.findings.filter(({ level }) => level === "note").map(({ name }) => name)).toEqual([
      "celery-reachable",
      "logs",
    ]);
  });

  test("tells it to people by family, with a line to copy beneath what has one", async ({ well, shop }) => {
    const { code, stdout, stderr } = await shop.run("doctor", { env: well.env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^doctor: all is well\n\nSettings as they hold\n {2}DATABASE_URL +127\.0\.0\.1:\d+\/\w+ \(environment\)\n/,
    );
    expect(stdout).toContain("\n  ENCRYPTION_KEY                 set, not shown (environment)\n");
    expect(stdout).toContain("\nDatabase\n  ok  database-reachable: PostgreSQL ");
    expect(stdout).toContain("\n        CELERY_BROKER_URL=redis://localhost:6379/0\n");
    for (const line of stdout.split("\n")) expect(/=|redis:/.test(line) || line.length <= 80).toBe(true);
  });

  test("is a row per finding with --tsv", async ({ well, shop }) => {
    const { stdout } = await shop.run("doctor --tsv", { env: well.env });
    const rows = stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t"));
    expect(rows[0]).toEqual(["section", "label", "text", "command"]);
    expect(rows.every((row) => row.length === 4)).toBe(true);
    expect(rows).toContainEqual([
      "Time",
      "ok",
      "clock-database: this host's clock agrees with the database's clock",
      "",
    ]);
  });

  test("is looked at as a superuser too, when that is all there is", async ({ shop }) => {
    await shop.sale();
    const { code, stdout } = await shop.run("doctor --json");
    const { findings } = JSON.parse(stdout) as { findings: { name: string; level: string }[] };
    expect(
      findings.filter(({ level }) => level === "warning" || level === "fault").map(({ name }) => name),
    ).toEqual(["superuser"]);
    expect(code).toBe(1);
  });
});

describe.concurrent("the document of doctor --json", { timeout: 60_000 }, () => {
  test("is version 1, and has these fields", async ({ well, shop }) => {
    // As a superuser, so that a finding with a reason is among them.
    const { stdout } = await shop.run("doctor --json");
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(shapeOf(document)).toEqual({
      version: "number",
      command: "string",
      generatedAt: "string",
      asCron: "boolean",
      settings: [{ variable: "string", value: "string | null", origin: "string" }],
      findings: [
        {
          family: "string",
          name: "string",
          subject: "string | null",
          level: "string",
          what: "string",
          why: "string | null",
          mend: "string | null",
        },
      ],
      totals: { ok: "number", note: "number", unknown: "number", warning: "number", fault: "number" },
    });
    expect([document["version"], document["command"], document["asCron"]]).toEqual([1, "doctor", false]);
    expect(document["totals"]).toEqual({ ok: 16, note: 2, unknown: 0, warning: 1, fault: 0 });
    expect((await well.doctor()).findings).toHaveLength(19);
  });

  test("says of each setting what holds and where it stands, and shows no secret", async ({
    well,
    shop,
    folder,
  }) => {
    keepSecret("a password of Redis", "senha-do-redis-99");
    const file = folder.write(
      "shop.env",
      "PURCHASE_FIX_CURRENCY=USD\nPGPASSWORD=senha-do-banco-8g\nREDIS_URL=redis://:senha-do-redis-99@127.0.0.1:1/0\n",
    );
    keepSecret("the database password", "senha-do-banco-8g");
    const words = ["doctor", "--json", "--env-file", file, "--graph-version", "v25.0"];
    const { stdout } = await shop.run(words, { env: { ...well.env, META_PIXEL_ID: "123456789012345" } });
    const { settings } = JSON.parse(stdout) as {
      settings: { variable: string; value: string | null; origin: string }[];
    };
    const told = Object.fromEntries(
      settings.map(({ variable, value, origin }) => [variable, [value, origin]]),
    );
    expect(told).toMatchObject({
      PURCHASE_FIX_CURRENCY: ["USD", file],
      PGPASSWORD: ["set, not shown", file],
      REDIS_URL: ["127.0.0.1:1/0", file],
      META_GRAPH_VERSION: ["v25.0", "--graph-version"],
      META_PIXEL_ID: ["…2345", "environment"],
      PURCHASE_FIX_DB_TIMEZONE: ["America/Sao_Paulo", "default"],
      META_ACCESS_TOKEN: [null, "not set"],
    });
    expect(stdout).not.toContain("123456789012345");
  });
});

describe.concurrent("doctor changes nothing", { timeout: 60_000 }, () => {
  test("in no database, be all well or not, with a journal or without; and sends nothing", async ({
    well,
    shop,
  }) => {
    const before = await digest(shop);
    expect((await well.doctor()).code).toBe(0);
    // A superuser could.
    expect((await shop.run("doctor")).code).toBe(1);
    expect(await digest(shop)).toBe(before);
    await well.say("drop schema purchase_fix cascade");
    const without = await digest(shop);
    expect((await shop.run("doctor")).code).toBe(1);
    expect(await digest(shop)).toBe(without);
    expect(await shop.attempts()).toBeNull();
    expect(await shop.ledger()).toEqual([]);
    expect(
      (await shop.graph.requests()).filter(
        ({ kind, pixel }) => kind === "events" && shop.pixels.includes(String(pixel)),
      ),
    ).toEqual([]);
  });
});

describe.concurrent("doctor exits", { timeout: 60_000 }, () => {
  test("with 1 where the database cannot be reached, and looks at the rest all the same", async ({
    shop,
  }) => {
    const { code, stdout, stderr } = await shop.run("doctor --json", {
      env: { DATABASE_URL: "postgresql://ana@127.0.0.1:1/loja" },
    });
    const { findings } = JSON.parse(stdout) as { findings: { name: string; level: string; mend: string }[] };
    expect(findings.find(({ name }) => name === "database-reachable")).toMatchObject({
      level: "fault",
      mend: "check that the server runs and that DATABASE_URL (or PGHOST, PGPORT) names it",
    });
    expect(findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["graph-reachable", "celery-reachable", "logs"]),
    );
    expect([code, stderr]).toEqual([1, ""]);
  });

  test("with 1 where the database refuses, and where none is configured", async ({ shop }) => {
    const nobody = new URL(shop.env["DATABASE_URL"] ?? "");
    nobody.username = "nobody_of_that_name";
    for (const DATABASE_URL of [nobody.href, ""]) {
      const { code, stdout } = await shop.run("doctor --json", { env: { DATABASE_URL } });
      const { findings } = JSON.parse(stdout) as {
        findings: { name: string; level: string; what: string }[];
      };
      expect(findings.filter(({ level }) => level === "fault").map(({ name }) => name)).toEqual([
        "database-reachable",
      ]);
      expect(code).toBe(1);
    }
  });

  test("with 2 and an empty stdout where the configuration cannot be read", async ({ shop }) => {
    const ended = await shop.run("doctor --currency reais");
    expect(refusal(ended)).toEqual(["error: --currency is not a currency of three letters such as BRL"]);
    expect(ended.code).toBe(2);
  });

  test("with 2 for an option that it has not got: it can act on nothing", async () => {
    for (const option of ["--yes", "--hours=24", "--fix"])
      expect((await purchaseFix(["doctor", option])).code).toBe(2);
  });
});

describe.concurrent("doctor --as-cron", { timeout: 60_000 }, () => {
  test("says of each variable of this shell that a crontab line would not see it", async ({
    well,
    shop,
    folder,
  }) => {
    folder.write(".env", `META_GRAPH_URL=${well.env["META_GRAPH_URL"]}\n`, 0o600);
    const around = { env: { ...well.env, HOME: folder.path, PURCHASE_FIX_CURRENCY: "BRL" } };
    const { code, stdout } = await shop.run("doctor --json --as-cron", around);
    const { findings, settings, asCron } = JSON.parse(stdout) as Cron;
    const lost = findings.filter(({ name }) => name === "cron-variable");
    expect(lost.map(({ subject }) => subject)).toEqual([
      "DATABASE_URL",
      "PURCHASE_FIX_CURRENCY",
      "ENCRYPTION_KEY",
    ]);
    expect(lost[0]?.mend).toBe(
      `printf "%s='%s'\\n" DATABASE_URL "$DATABASE_URL" >> ${folder.path}/.env && chmod 600 ${folder.path}/.env`,
    );
    expect(findings.find(({ name }) => name === "database-reachable")?.what).toBe(
      "No database is configured",
    );
    expect(settings.find(({ variable }) => variable === "DATABASE_URL")).toMatchObject({
      value: null,
      origin: "not set",
    });
    expect([code, asCron]).toEqual([1, true]);
  });

  test("sees the .env of the home folder, and then all is well but for node, where that is elsewhere", async ({
    well,
    shop,
    folder,
  }) => {
    const lines = Object.entries(well.env).map(([name, value]) => `${name}='${value}'\n`);
    folder.write(".env", lines.join(""), 0o600);
    const around = { env: { ...well.env, HOME: folder.path } };
    const { stdout } = await shop.run("doctor --json --as-cron", around);
    const { findings } = JSON.parse(stdout) as Cron;
    const alarming = findings.filter(({ level }) => level === "warning" || level === "fault");
    expect(alarming.map(({ name }) => name).filter((name) => name !== "cron-path")).toEqual([]);
    expect(findings.find(({ name }) => name === "encryption-key")?.level).toBe("ok");
  });

  test("says that another value would hold, that the .env of this folder is not read, and what TZ does to logs", async ({
    well,
    shop,
    folder,
  }) => {
    const here = join(folder.path, "shop");
    mkdirSync(here);
    folder.write("shop/.env", "PURCHASE_FIX_CURRENCY=USD\n", 0o600);
    folder.write("shop/gunicorn.log", "2026-11-20 10:00:00,000 - INFO - boot\n");
    folder.write(
      ".env",
      `DATABASE_URL='${well.env["DATABASE_URL"]}'\nMETA_GRAPH_URL=${well.env["META_GRAPH_URL"]}\nENCRYPTION_KEY=other-key-of-long-ago\nPURCHASE_FIX_EVIDENCE_LOGS=${here}/gunicorn.log\n`,
      0o600,
    );
    keepSecret("a key", "other-key-of-long-ago");
    const around = { cwd: here, env: { ...well.env, HOME: folder.path, TZ: "America/Sao_Paulo" } };
    const { stdout } = await shop.run("doctor --json --as-cron", around);
    const { findings } = JSON.parse(stdout) as Cron;
    const of = (name: string) => findings.filter((finding) => finding.name === name);
    expect(of("cron-variable").map(({ what, mend }) => [what, mend?.split(" ").at(-1)])).toEqual([
      ["cron would not see PURCHASE_FIX_CURRENCY", `${here}/.env`],
      ["cron would see another ENCRYPTION_KEY than this shell", `${folder.path}/.env`],
    ]);
    expect(of("cron-zone")[0]?.mend).toBe(
      `echo PURCHASE_FIX_LOG_TIMEZONE=America/Sao_Paulo >> ${folder.path}/.env`,
    );
    // It is cron's key that is tried on the pools.
    expect(of("encryption-key")[0]?.level).toBe("fault");
  });

  test("finds that cron could not read its settings at all", async ({ well, shop, folder }) => {
    folder.write(".env", "PURCHASE_FIX_CURRENCY=reais\n", 0o600);
    const here = folder.path.replace(/[^/]*$/, "");
    const around = { cwd: here, env: { ...well.env, HOME: folder.path } };
    const { code, stdout } = await shop.run("doctor --json --as-cron", around);
    const { findings } = JSON.parse(stdout) as Cron;
    expect(findings.filter(({ name }) => name === "cron-settings")).toMatchObject([
      { level: "fault", what: "PURCHASE_FIX_CURRENCY (.env) is not a currency of three letters such as BRL" },
    ]);
    expect(code).toBe(1);
  });
});

interface Cron {
  readonly asCron: boolean;
  readonly settings: readonly {
    readonly variable: string;
    readonly value: string | null;
    readonly origin: string;
  }[];
  readonly findings: readonly {
    readonly name: string;
    readonly subject: string | null;
    readonly level: string;
    readonly what: string;
    readonly mend: string | null;
  }[];
}
