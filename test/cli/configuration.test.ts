import { describe, expect, test as plain } from "vitest";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import { newFernetKey } from "../cast/shop.js";
import { list, test, tokenOf } from "./fixtures.js";
import { refusal } from "./refusal.js";

const anywhere = { DATABASE_URL: "postgresql://ana:senha-do-banco-7f@127.0.0.1:1/loja" };
keepSecret("the database password", "senha-do-banco-7f");

const attempt = async (words: string | readonly string[], env: Record<string, string> = anywhere) =>
  refusal(await purchaseFix(list(words), { env }));

describe.concurrent("a configuration that makes no sense exits with 2", () => {
  const notAnUrl = "is not an https URL without user, path or query (http only for localhost)";

  plain.for([
    "graph",
    "http://graph.facebook.com",
    "ftp://graph.facebook.com",
    "https://ana:senha-do-graph@graph.facebook.com",
    "https://graph.facebook.com/v26.0",
  ])("a Graph at %s", async (url) => {
    keepSecret("a password", "senha-do-graph");
    expect(await attempt(["resend", "--id", "1", "--graph-url", url])).toEqual([
      `error: --graph-url ${notAnUrl}`,
    ]);
    expect(await attempt("find-stuck", { ...anywhere, META_GRAPH_URL: url })).toEqual([
      `error: META_GRAPH_URL ${notAnUrl}`,
    ]);
  });

  plain.for<[string, Record<string, string>, string]>([
    ["--graph-version 26", {}, "--graph-version is not a Graph version such as v26.0"],
    ["--pixel-id abc", {}, "--pixel-id is not a pixel id (digits only)"],
    ["--currency reais", {}, "--currency is not a currency of three letters such as BRL"],
    ["--db-timezone Mars/Olympus", {}, "--db-timezone is not a time zone such as America/Sao_Paulo or UTC"],
    [
      "",
      { PURCHASE_FIX_DB_TIMEZONE: "+03:00" },
      "PURCHASE_FIX_DB_TIMEZONE is not a time zone such as America/Sao_Paulo or UTC",
    ],
    ["", { META_ACCESS_TOKEN: "two words" }, "META_ACCESS_TOKEN is not one access token"],
  ])("%s %o", async ([words, env, error]) => {
    expect((await attempt(`resend --id 1 ${words}`, { ...anywhere, ...env }))[0]).toBe(`error: ${error}`);
  });

  plain("an --env-file that is missing", async () => {
    // Node itself looks for the file, even behind the script's name, and then exits with 9 (nodejs/node#54232).
    const { code, stdout, stderr } = await purchaseFix(list("find-stuck --env-file nowhere.env"), {
      env: anywhere,
    });
    expect([2, 9]).toContain(code);
    expect(stderr).toMatch(/nowhere\.env(: not found| is missing or cannot be read)\n$/);
    expect(stdout).toBe("");
  });

  plain("everything that is wrong is told at once", async () => {
    const lines = await attempt("find-stuck --currency reais", {
      DATABASE_URL: "mysql://ana:senha-do-banco-7f@localhost/loja",
      META_GRAPH_URL: "http://graph.facebook.com",
    });
    const errors = lines.filter((line) => line.startsWith("error: "));
    expect(errors).toHaveLength(3);
    expect(errors.join("\n")).toMatch(/DATABASE_URL/);
  });
});

describe.concurrent("an access token's file", () => {
  test("that is missing is an error, which does not show the path: it might be the token itself", async ({
    shop,
  }) => {
    const env = {
      ...shop.env,
      META_PIXEL_ID: shop.pixels[0],
      META_ACCESS_TOKEN_FILE: tokenOf(shop.pixels[0]),
    };
    expect(await attempt("resend --id 1", env)).toEqual([
      "error: The access token file of META_ACCESS_TOKEN_FILE is missing or cannot be read",
    ]);
  });

  test.for([
    ["", "is empty"],
    ["one\ntwo\n", "is not one access token"],
  ] as const)("that holds %j is an error", async ([text, complaint], { folder, shop }) => {
    const file = folder.write("token", text, 0o600);
    const lines = await attempt(`resend --id 1 --pixel-id 1 --access-token-file ${file}`, shop.env);
    expect(lines).toEqual([
      `error: The access token file ${file} ${complaint}`,
      "  next: it must hold the token and nothing else",
    ]);
  });

  test("that others can read is used, with a warning, also with --quiet", async ({ folder, shop }) => {
    await shop.db.query("drop table pool_bots, redirect_pools cascade");
    const [sale, other] = [await shop.sale(), await shop.sale()];
    const file = folder.write("token", tokenOf(shop.pixels[0]), 0o644);
    const { code, stderr } = await shop.run(
      `resend --id ${sale} --quiet --pixel-id ${shop.pixels[0]} --access-token-file ${file}`,
    );
    expect(stderr).toBe(`warning: The access token file ${file} can be read by others: chmod 600 it\n`);
    expect(code).toBe(0);
    expect(await shop.states()).toEqual({ [sale]: `confirmed as pageview_${sale}`, [other]: "stuck" });
  });
});

describe.concurrent("what this invocation lacks", () => {
  const none = "no-key-of-fernet-nor-of-anything";
  keepSecret("ENCRYPTION_KEY", none);

  test.for<[string, string | undefined, string, string]>([
    ["that is not set", undefined, "is not set", "set the application's ENCRYPTION_KEY"],
    [
      "that is none",
      none,
      "is no Fernet key",
      "copy it from the application's environment, without quotes: 44 characters that end in '='",
    ],
  ])(
    "ENCRYPTION_KEY %s: find-stuck says what was not checked, resend exits with 2, revert needs none",
    async ([, key, fault, next], { shop }) => {
      const [sale, other] = [await shop.sale(), await shop.sale()];
      const env = { ENCRYPTION_KEY: key };
      const what = `ENCRYPTION_KEY ${fault}, so the pools' access tokens cannot be decrypted`;
      const found = await shop.run("find-stuck", { env });
      const told = found.stderr.split("\n").filter((line) => line.includes("ENCRYPTION_KEY"));
      expect(told).toEqual([`whether they can be sent was not checked: ${what} (${next})`]);
      expect(found.stdout.match(/\tambiguous\tnone\t/g)).toHaveLength(2);
      expect(found.code).toBe(0);
      expect(refusal(await shop.run(`resend --id ${sale}`, { env }))).toEqual([
        `error: Cannot send: ${what}`,
        "  why: nothing was changed",
        `  next: ${next}`,
      ]);
      expect(await shop.states()).toEqual({ [sale]: "stuck", [other]: "stuck" });
      expect((await shop.run(`revert --id ${sale}`, { env })).code).toBe(0);
      expect(await shop.states()).toEqual({ [sale]: "not flagged", [other]: "stuck" });
    },
  );

  test("a pixel in a shop without pools: likewise", async ({ shop }) => {
    await shop.db.query("drop table pool_bots, redirect_pools cascade");
    const sale = await shop.sale();
    expect((await shop.run("find-stuck")).stderr).toContain("was not checked: this shop has no pools");
    expect(refusal(await shop.run(`resend --id ${sale}`))[0]).toBe(
      "error: Cannot send: this shop has no pools (redirect_pools, pool_bots), and no pixel is configured",
    );
    const half = await shop.run("find-stuck", { env: { META_PIXEL_ID: shop.pixels[0] } });
    expect(half.stderr).toContain("warning: META_PIXEL_ID and an access token work only together");
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
    expect(await shop.requests()).toEqual([]);
  });

  test("the right ENCRYPTION_KEY: another one makes the sales unsendable, not the command fail", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    const other = newFernetKey();
    keepSecret("ENCRYPTION_KEY", other);
    const { code, stdout } = await shop.run(`resend --id ${sale}`, { env: { ENCRYPTION_KEY: other } });
    expect(stdout).toMatch(
      new RegExp(`^${sale}\\t.*redirect_pools ${shop.pools[0]}: meta_access_token is `, "m"),
    );
    expect(code).toBe(1);
    expect(await shop.requests()).toEqual([]);
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });
});

describe.concurrent("settings", () => {
  test("are read from .env in the working directory, below the environment, below flags", async ({
    shop,
    folder,
  }) => {
    const sale = await shop.sale();
    const { DATABASE_URL, ENCRYPTION_KEY, META_GRAPH_URL } = shop.env;
    folder.write(
      ".env",
      `DATABASE_URL=${DATABASE_URL}\nENCRYPTION_KEY="${ENCRYPTION_KEY}"\nexport META_GRAPH_URL='${META_GRAPH_URL}'
       PURCHASE_FIX_CURRENCY=USD\nPURCHASE_FIX_DB_TIMEZONE=Asia/Tokyo\n`,
      0o600,
    );
    folder.write("other.env", `DATABASE_URL=${DATABASE_URL}\nPURCHASE_FIX_CURRENCY=GBP\n`, 0o600);
    const env = { PURCHASE_FIX_DB_TIMEZONE: "UTC" };
    const run = async (words: string) => await purchaseFix(list(words), { cwd: folder.path, env });
    const created = async (words: string) => {
      const { sales } = JSON.parse((await run(words)).stdout) as {
        sales: { createdAt: string; currency: string }[];
      };
      return [sales[0]?.createdAt, sales[0]?.currency];
    };
    const [row] = await shop.db.query<{ utc: string; brazil: string }>(
      `select to_json(created_at at time zone 'UTC')#>>'{}' as utc,
              to_json(created_at at time zone 'America/Sao_Paulo')#>>'{}' as brazil from payments`,
    );
    const iso = (text: string | undefined) => new Date(text ?? "").toISOString();
    expect(await created(`find-stuck --json --id ${sale}`)).toEqual([iso(row?.utc), "USD"]);
    expect(
      await created(`find-stuck --json --id ${sale} --db-timezone America/Sao_Paulo --currency eur`),
    ).toEqual([iso(row?.brazil), "EUR"]);
    expect((await created(`find-stuck --json --id ${sale} --env-file other.env`))[1]).toBe("GBP");
    expect((await run(`resend --id ${sale} --db-timezone America/Sao_Paulo`)).code).toBe(0);
    expect(await shop.ledger()).toMatchObject([{ eventId: `pageview_${sale}`, currency: "USD" }]);
  });
});
