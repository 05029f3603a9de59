import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config.js";
import { lostBetween, originsOf } from "../../src/config/origins.js";
import { settings } from "../../src/config/settings.js";

function input(
  env: Readonly<Record<string, string>>,
  dotenv: string | null = null,
  flags: ConfigInput["flags"] = {},
  cwd = "/srv/shop",
): ConfigInput {
  const files = { read: (path: string) => (path === "/srv/shop/.env" ? dotenv : null), mode: () => null };
  return { flags, env, cwd, home: "/home/ana", user: "ana", files };
}

const of = (given: ConfigInput, variable: string) =>
  originsOf(given).find((one) => one.variable === variable);

describe("where a setting stands", () => {
  test("every one of the table is told, in its order", () => {
    expect(originsOf(input({})).map(({ variable }) => variable)).toEqual(
      settings.map(({ variable }) => variable),
    );
  });

  test("an option wins over the environment, that over the settings file, and that over the default", () => {
    const dotenv = "PURCHASE_FIX_CURRENCY=USD\n";
    const told = (given: ConfigInput) => {
      const { value, origin } = of(given, "PURCHASE_FIX_CURRENCY") ?? {};
      return [value, origin];
    };
    expect(told(input({}))).toEqual(["BRL", "default"]);
    expect(told(input({}, dotenv))).toEqual(["USD", ".env"]);
    expect(told(input({ PURCHASE_FIX_CURRENCY: "EUR" }, dotenv))).toEqual(["EUR", "environment"]);
    expect(told(input({ PURCHASE_FIX_CURRENCY: "EUR" }, dotenv, { currency: "ARS" }))).toEqual([
      "ARS",
      "--currency",
    ]);
    // An empty variable counts as none.
    expect(told(input({ PURCHASE_FIX_CURRENCY: "" }, dotenv))).toEqual(["USD", ".env"]);
  });

  test("options that repeat or deny are told too", () => {
    const given = input({}, null, { evidenceLog: ["a.log", "b.log"], browserPixel: false });
    expect(of(given, "PURCHASE_FIX_EVIDENCE_LOGS")).toMatchObject({
      value: "a.log b.log",
      origin: "--evidence-log",
    });
    expect(of(given, "PURCHASE_FIX_NO_BROWSER_PIXEL")).toMatchObject({
      value: "true",
      origin: "--no-browser-pixel",
    });
    // Commander's own mark of the option's absence.
    expect(of(input({}, null, { browserPixel: true }), "PURCHASE_FIX_NO_BROWSER_PIXEL")?.origin).toBe(
      "default",
    );
  });

  test.each([
    ["ENCRYPTION_KEY", "a-key-of-the-shop", "set, not shown"],
    ["PGPASSWORD", "a-password", "set, not shown"],
    ["META_ACCESS_TOKEN", "a-token", "set, not shown"],
    ["PGOPTIONS", "-c shop.password=x", "set, not shown"],
    ["DATABASE_URL", "postgresql://ana:a-password@db:5433/shop?sslmode=require", "db:5433/shop"],
    ["DATABASE_URL", "no URL, but a-password", "set, not shown"],
    ["REDIS_URL", "redis://:a-password@cache:6379/2", "cache:6379/2"],
    ["META_PIXEL_ID", "410000000000017", "…0017"],
  ])("%s is shown without what must not be", (variable, value, shown) => {
    expect(of(input({ [variable]: value }), variable)?.value).toBe(shown);
  });
});

describe("what another place lacks", () => {
  const cron = (dotenv: string | null = null) =>
    input({}, dotenv, {}, dotenv === null ? "/home/ana" : "/srv/shop");

  test("is each variable that is not there, or is there with another value", () => {
    const here = input({ DATABASE_URL: "x", PURCHASE_FIX_CURRENCY: "BRL" }, "REDIS_URL=redis://a\n");
    expect(lostBetween(here, cron())).toEqual([
      { variable: "DATABASE_URL", from: "environment", differs: false },
      { variable: "PURCHASE_FIX_CURRENCY", from: "environment", differs: false },
      { variable: "REDIS_URL", from: ".env", differs: false },
    ]);
    expect(
      lostBetween(here, cron("DATABASE_URL=y\nPURCHASE_FIX_CURRENCY=BRL\nREDIS_URL=redis://a\n")),
    ).toEqual([{ variable: "DATABASE_URL", from: "environment", differs: true }]);
  });

  test("is not what an option says: it stands in the crontab's line as well", () => {
    const here = input({ PURCHASE_FIX_CURRENCY: "EUR" }, null, { currency: "BRL" });
    expect(lostBetween(here, { ...cron(), flags: here.flags })).toEqual([]);
  });
});
