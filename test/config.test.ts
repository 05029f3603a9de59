import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig } from "../src/config.js";
import type { Config, ConfigInput, Flags } from "../src/config.js";
import { settings } from "../src/config/settings.js";
import { KnownErrors } from "../src/errors.js";
import { redact } from "../src/redact.js";

interface Given {
  readonly flags?: Flags;
  readonly env?: ConfigInput["env"];
  /** The text of /shop/.env. */
  readonly dotenv?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
}

function configured({ flags = {}, env = {}, dotenv, files = {}, modes = {} }: Given): Config {
  const all: Readonly<Record<string, string>> = {
    ...files,
    ...(dotenv === undefined ? {} : { "/shop/.env": dotenv }),
  };
  return readConfig({
    flags,
    env,
    cwd: "/shop",
    home: "/home/ana",
    user: "ana",
    files: { read: (path) => all[path] ?? null, mode: (path) => modes[path] ?? (path in all ? 0o600 : null) },
  });
}

/** What each problem says first. */
function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof KnownErrors) return error.problems.map(({ what }) => what);
    throw error;
  }
  throw new Error("It was not refused.");
}

/** A setting under all its names, how to read it back, and a value for each of three layers. */
const layered: [
  string,
  keyof Flags | null,
  (config: Config) => unknown,
  [unknown, string, string, string],
][] = [
  [
    "META_GRAPH_URL",
    "graphUrl",
    (c) => c.graphUrl.href,
    ["https://graph.facebook.com/", "https://a.br/", "https://b.br/", "http://localhost:8080/"],
  ],
  ["META_GRAPH_VERSION", "graphVersion", (c) => c.graphVersion, ["v26.0", "v27.0", "v28.1", "v3.10"]],
  [
    "PURCHASE_FIX_DB_TIMEZONE",
    "dbTimezone",
    (c) => c.dbTimezone,
    ["America/Sao_Paulo", "UTC", "America/Manaus", "Etc/GMT+3"],
  ],
  ["PURCHASE_FIX_CURRENCY", "currency", (c) => c.currency, ["BRL", "USD", "EUR", "ARS"]],
  ["PURCHASE_FIX_CELERY_APP", "celeryApp", (c) => c.celery.app, ["celery_app", "a", "shop.celery:app", "b"]],
  ["PURCHASE_FIX_CELERY_BIN", "celeryBin", (c) => c.celery.binary, ["celery", "/venv/bin/celery", "b", "c"]],
  ["PURCHASE_FIX_CELERY_CWD", "celeryCwd", (c) => c.celery.cwd, [null, "/srv/a", "/srv/b", "/srv/c"]],
  [
    "ENCRYPTION_KEY",
    null,
    (c) => c.encryptionKey?.reveal() ?? null,
    [null, "key-of-env", "key-of-dotenv", "x"],
  ],
  [
    "CELERY_BROKER_URL",
    null,
    (c) => c.brokerUrl?.reveal() ?? null,
    [null, "redis://a/0", "redis://b/0", "x"],
  ],
  [
    "CELERY_RESULT_BACKEND",
    null,
    (c) => c.resultBackendUrl?.reveal() ?? null,
    [null, "redis://a/1", "redis://b/1", "x"],
  ],
  ["REDIS_URL", null, (c) => c.redisUrl?.reveal() ?? null, [null, "redis://a/0", "redis://b/0", "x"]],
  [
    "PURCHASE_FIX_RABBITMQ_API",
    null,
    (c) => c.rabbitmqApi?.reveal() ?? null,
    [null, "http://a:15672", "http://b:15672", "x"],
  ],
  [
    "PURCHASE_FIX_PING_URL",
    "pingUrl",
    (c) => c.outlets.pingUrl?.reveal() ?? null,
    [null, "https://a.br/x", "https://b.br/x", "http://localhost:8080/x?y=1"],
  ],
  ["PURCHASE_FIX_METRICS_FILE", "metricsFile", (c) => c.outlets.metricsFile, [null, "/a.prom", "/b", "/c"]],
  ["PURCHASE_FIX_CELERY_QUEUES", null, (c) => c.celery.queues.join(), ["celery", "a,b", "c", "x"]],
  ["PURCHASE_FIX_CELERY_KEYPREFIX", null, (c) => c.celery.keyPrefix, ["", "shop:", "b", "x"]],
];

describe("flags > environment > .env > defaults", () => {
  test.each(layered)("%s", (variable, flag, read, [usual, inEnv, inDotenv, byFlag]) => {
    const env = { [variable]: inEnv };
    const dotenv = `${variable}="${inDotenv}"\n`;
    expect(read(configured({}))).toBe(usual);
    expect(read(configured({ dotenv }))).toBe(inDotenv);
    expect(read(configured({ env, dotenv }))).toBe(inEnv);
    expect(read(configured({ env: { [variable]: "" }, dotenv }))).toBe(inDotenv);
    expect(read(configured({ env: { [variable]: "" } }))).toBe(usual);
    if (flag !== null) expect(read(configured({ flags: { [flag]: byFlag }, env, dotenv }))).toBe(byFlag);
  });

  test("the pixel goes with its token", () => {
    const { pixelId, accessToken } = configured({
      flags: { pixelId: "3" },
      env: { META_PIXEL_ID: "2", META_ACCESS_TOKEN: "token-of-pixel-3" },
      dotenv: "META_PIXEL_ID=1\n",
    });
    expect([pixelId, accessToken?.reveal()]).toEqual(["3", "token-of-pixel-3"]);
  });

  test.each([{ META_PIXEL_ID: "1" }, { META_ACCESS_TOKEN: "token-of-pixel-1" }])(
    "alone, neither is used: %j",
    (env) => {
      const { pixelId, accessToken, warnings } = configured({ env });
      expect([pixelId, accessToken]).toEqual([null, null]);
      expect(warnings).toEqual([expect.stringContaining("only together")]);
    },
  );

  test("the application's cache is not taken for its broker", () => {
    expect(configured({ env: { REDIS_URL: "redis://cache/0" } }).brokerUrl).toBeNull();
  });

  test.each<[Flags, string | undefined, boolean]>([
    [{}, undefined, false],
    [{ browserPixel: true }, undefined, false],
    [{ browserPixel: true }, "true", true],
    [{ browserPixel: false }, undefined, true],
    [{ browserPixel: false }, "no", true],
    [{}, "1", true],
    [{}, "On", true],
    [{}, "0", false],
  ])("no browser pixel, with %j and the variable %j: %s", (flags, value, expected) => {
    expect(configured({ flags, env: { PURCHASE_FIX_NO_BROWSER_PIXEL: value } }).noBrowserPixel).toBe(
      expected,
    );
  });

  test("a currency is upper-cased, and a folder is taken from here", () => {
    const { currency, celery } = configured({ flags: { currency: "usd", celeryCwd: "app" } });
    expect([currency, celery.cwd]).toEqual(["USD", "/shop/app"]);
  });

  test("with nothing at all there is no warning", () => {
    expect(configured({}).warnings).toEqual([]);
  });
});

describe("where a run is told about", () => {
  const revealed = (given: Given) => configured(given).outlets.notifyUrls.map((url) => url.reveal());
  const env = { PURCHASE_FIX_NOTIFY_URL: " https://a.br/x  https://b.br/y\thttps://a.br/x" };

  test("messages go to every URL of the variable once, or to those of the flags", () => {
    expect(revealed({})).toEqual([]);
    expect(revealed({ env })).toEqual(["https://a.br/x", "https://b.br/y"]);
    expect(revealed({ env, flags: { notifyUrl: ["https://c.br/z", "https://d.br/"] } })).toEqual([
      "https://c.br/z",
      "https://d.br/",
    ]);
  });

  test.each([
    "http://a.br/key-of-the-hook",
    "https://u:p@a.br/",
    "https://a.br/#key-of-the-hook",
    "key-of-the-hook",
  ])("%s is refused under each of its names, and not repeated", (url) => {
    const good = "https://a.br/x";
    const givens: Given[] = [
      { flags: { pingUrl: url } },
      { flags: { notifyUrl: [good, url] } },
      { env: { PURCHASE_FIX_PING_URL: url } },
      { env: { PURCHASE_FIX_NOTIFY_URL: `${good} ${url}` } },
    ];
    for (const given of givens) {
      const [problem = "", ...more] = problemsOf(() => configured(given));
      expect(problem).toMatch(/^(--|PURCHASE_FIX_)\S+ is not an https URL without user or fragment/);
      expect([more, problem.includes("key-of-the-hook")]).toEqual([[], false]);
    }
  });

  test("the metrics file is taken from here, and the keys in paths are known to the filter", () => {
    const { outlets } = configured({
      flags: { metricsFile: "m.prom" },
      env: { PURCHASE_FIX_NOTIFY_URL: "https://t.br/bot123:key-of-the-bot/sendMessage?chat_id=-10098765432" },
    });
    expect(outlets.metricsFile).toBe("/shop/m.prom");
    expect(redact("got 123:key-of-the-bot for chat -10098765432")).toBe("got [secret] for chat [secret]");
  });
});

describe("values that are refused", () => {
  test.each<[keyof Flags, string, string[]]>([
    [
      "graphUrl",
      "--graph-url is not an https URL",
      [
        "graph.facebook.com",
        "http://graph.facebook.com",
        "http://10.0.0.1",
        "ftp://x",
        "https://u:p@x",
        "https://x/v26.0",
        "https://x/?a",
        "http://localhost.evil.br",
        "http://127.0.0.1.evil.br",
        "",
      ],
    ],
    ["graphVersion", "--graph-version is not a Graph version", ["26.0", "v26", "v26.0/", "latest", ""]],
    [
      "dbTimezone",
      "--db-timezone is not a time zone",
      ["BRT", "+03:00", "-03", "Sao_Paulo", "America/Sao Paulo", ""],
    ],
    ["currency", "--currency is not a currency", ["R$", "REAL", "B", ""]],
    ["pixelId", "--pixel-id is not a pixel id", ["12a", "-1", "1.0", "token-of-pixel-1", ""]],
    ["celeryApp", "--celery-app is not a Python module", ["--broker=x", "-A", "a b", ""]],
    ["celeryBin", "--celery-bin is not a path", ["\0", ""]],
  ])("%s", (flag, message, values) => {
    for (const value of values) {
      const problems = problemsOf(() => configured({ flags: { [flag]: value } }));
      expect(problems, JSON.stringify(value)).toEqual([expect.stringContaining(message)]);
    }
  });

  test.each(["http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1", "https://graph.facebook.com/"])(
    "%s is a Graph URL",
    (graphUrl) => {
      expect(configured({ flags: { graphUrl } }).graphUrl).toBeInstanceOf(URL);
    },
  );

  test("every problem is told at once, with the place where it stands, the database's too", () => {
    const problems = problemsOf(() =>
      configured({
        flags: { currency: "R$", envFile: "/etc/shop.env", accessTokenFile: "none" },
        env: { META_GRAPH_VERSION: "26", PURCHASE_FIX_NO_BROWSER_PIXEL: "maybe", PGHOST: "db", PGPORT: "x" },
        files: { "/etc/shop.env": "META_PIXEL_ID=abc\n" },
      }),
    );
    expect(problems).toHaveLength(6);
    expect(problems.join("\n")).toMatch(/^META_PIXEL_ID \(\/etc\/shop.env\) is not a pixel id/m);
    expect(problems.join("\n")).toMatch(/^META_GRAPH_VERSION is not/m);
    expect(problems.join("\n")).toMatch(/^PGPORT is not a whole number/m);
  });

  test("a refused value is not repeated, for a token may stand in the wrong variable", () => {
    const env = Object.fromEntries(
      settings
        .filter(({ variable }) => /^(META|PURCHASE_FIX)_/.test(variable))
        .map(({ variable }) => [variable, "token of shop"]),
    );
    expect(problemsOf(() => configured({ env })).join("\n")).not.toContain("token of shop");
  });
});

describe(".env", () => {
  test("is read from the working directory, and may be missing", () => {
    expect(configured({ dotenv: "# shop\nexport PURCHASE_FIX_CURRENCY=USD # note\r\n" }).currency).toBe(
      "USD",
    );
    expect(configured({ dotenv: "\uFEFFPURCHASE_FIX_CURRENCY=USD\n" }).currency).toBe("USD");
    expect(configured({}).currency).toBe("BRL");
  });

  test("--env-file replaces it, and must be there", () => {
    const dotenv = "PURCHASE_FIX_CURRENCY=USD\nMETA_GRAPH_VERSION=v1.0\n";
    const flags = { envFile: "prod.env" };
    const { currency, graphVersion } = configured({
      flags,
      dotenv,
      files: { "/shop/prod.env": "PURCHASE_FIX_CURRENCY=EUR" },
    });
    expect([currency, graphVersion]).toEqual(["EUR", "v26.0"]);
    expect(problemsOf(() => configured({ flags, dotenv }))).toEqual([
      expect.stringContaining("--env-file prod.env"),
    ]);
  });

  test.each<[string, RegExp[]]>([
    ["PGPASSWORD=abc#def", [/PGPASSWORD in .env ends before its #/]],
    ["  export DATABASE_URL=postgresql://u:p#w@db/shop", [/DATABASE_URL in .env ends before its #/]],
    ["DATABASE_URL=postgresql://${USER}@db/shop", [/DATABASE_URL in .env holds \$\{…\}/]],
    ['PGPASSWORD="abc#def"', []],
    ["PGPASSWORD=abc # a note", []],
    ["PGPASSWORD= # a note", []],
    ["# PGPASSWORD=abc#def", []],
    ["OTHER=abc#def", []],
  ])("%s: what the application would read otherwise is a warning", (dotenv, expected) => {
    const { warnings } = configured({ dotenv });
    expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});

describe("the access token's file", () => {
  const env = { META_PIXEL_ID: "1" };
  const files = { "/shop/token": "token-of-file\n" };

  test("is read from here, without the line's end", () => {
    const { accessToken, warnings } = configured({ env, flags: { accessTokenFile: "token" }, files });
    expect([accessToken?.reveal(), warnings]).toEqual(["token-of-file", []]);
  });

  test.each([0o640, 0o604, 0o644])("readable by others (%o) is a warning", (mode) => {
    const { accessToken, warnings } = configured({
      env,
      flags: { accessTokenFile: "token" },
      files,
      modes: { "/shop/token": mode },
    });
    expect(accessToken?.reveal()).toBe("token-of-file");
    expect(warnings).toEqual([expect.stringContaining("chmod 600")]);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["missing", {}, /file of META_ACCESS_TOKEN_FILE is missing or cannot be read/],
    ["empty", { "/shop/token": " \n" }, /is empty/],
    ["of two lines", { "/shop/token": "token-a\ntoken-b" }, /is not one access token/],
    ["no plain text", { "/shop/token": "tóken" }, /is not one access token/],
  ])("%s is refused", (_, some, message) => {
    const problems = problemsOf(() =>
      configured({ env: { ...env, META_ACCESS_TOKEN_FILE: "token" }, files: some }),
    );
    expect(problems).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, Given, string, number]>([
    [
      "a flag wins over the variable",
      { flags: { accessTokenFile: "token" }, env: { META_ACCESS_TOKEN: "v" } },
      "token-of-file",
      0,
    ],
    [
      "the environment's file wins over .env's variable",
      { env: { META_ACCESS_TOKEN_FILE: "token" }, dotenv: "META_ACCESS_TOKEN=v" },
      "token-of-file",
      0,
    ],
    [
      "the environment's variable wins over .env's file",
      { env: { META_ACCESS_TOKEN: "v" }, dotenv: "META_ACCESS_TOKEN_FILE=token" },
      "v",
      0,
    ],
    [
      "side by side the file wins, with a warning",
      { env: { META_ACCESS_TOKEN: "v", META_ACCESS_TOKEN_FILE: "token" } },
      "token-of-file",
      1,
    ],
  ])("%s", (_, given, expected, warned) => {
    const { accessToken, warnings } = configured({ ...given, env: { ...env, ...given.env }, files });
    expect([accessToken?.reveal(), warnings.length]).toEqual([expected, warned]);
  });
});

describe("the database", () => {
  test("none at all is no problem until somebody asks, and then the error says how to give one", () => {
    const { connection } = configured({ env: { PGUSER: "bia", PGPORT: "x" } });
    try {
      connection();
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(KnownErrors);
      const { problem } = error as KnownErrors;
      expect(Object.values(problem).join("\n")).toMatch(
        /No database.*\n.*DATABASE_URL.*PGHOST.*\n.*npm run demo/,
      );
    }
  });

  test.each<[string, Given, string]>([
    ["DATABASE_URL", { env: { DATABASE_URL: "postgresql://u@db/shop" } }, "db:5432/shop as u"],
    ["DATABASE_URL of .env", { dotenv: "DATABASE_URL=postgresql://u@db/shop" }, "db:5432/shop as u"],
    ["PGHOST", { env: { PGHOST: "db" } }, "db:5432/ana as ana"],
    [
      "PGDATABASE of .env and PGHOST",
      { env: { PGHOST: "db" }, dotenv: "PGDATABASE=shop" },
      "db:5432/shop as ana",
    ],
    [
      "both in one place: the URL",
      { env: { DATABASE_URL: "postgresql://u@db/shop", PGHOST: "no", PGPORT: "6000" } },
      "db:6000/shop as u",
    ],
    [
      "an empty URL",
      { env: { DATABASE_URL: "", PGHOST: "db" }, dotenv: "DATABASE_URL=" },
      "db:5432/ana as ana",
    ],
  ])("%s", (_, given, expected) => {
    expect(configured(given).connection().describe()).toBe(expected);
    expect(configured(given).warnings).toEqual([]);
  });

  test("a PGHOST of the environment is not overruled by the URL of a .env", () => {
    const { connection, warnings } = configured({
      env: { PGHOST: "replica" },
      dotenv: "DATABASE_URL=postgresql://u:other-password@primary/shop",
    });
    expect([connection().host, connection().password]).toEqual(["replica", null]);
    expect(warnings).toEqual(["DATABASE_URL (.env) is not used, because PGHOST is set in the environment"]);
  });

  test("a wrong one is told to whoever asks, and stops nobody else", () => {
    const { connection } = configured({ env: { DATABASE_URL: "mysql://u:hunter2@db/shop" } });
    expect(problemsOf(connection)).toEqual(["DATABASE_URL is not a PostgreSQL URL"]);
  });
});

describe("secrets", () => {
  const word = fc.stringMatching(/^[!-~]{1,12}Zq9[!-~]{1,12}$/);

  test("none is shown by a configuration, its warnings or its errors", () => {
    fc.assert(
      fc.property(
        word,
        fc.constantFrom({}, { PGPORT: "x" }, { META_GRAPH_URL: "x" }, { PGSSLMODE: "x" }),
        (secret, wrong) => {
          const env = {
            ENCRYPTION_KEY: secret,
            META_ACCESS_TOKEN: secret,
            META_PIXEL_ID: "1",
            PGPASSWORD: secret,
            PGHOST: "db",
            CELERY_BROKER_URL: `redis://:${secret}@broker/0`,
            ...wrong,
          };
          let text: string;
          try {
            const config = configured({ env });
            text = JSON.stringify([config, config.connection(), config.connection().describe()]);
          } catch (error) {
            if (!(error instanceof KnownErrors)) throw error;
            text = JSON.stringify([error.problems, error.message]);
          }
          expect(text).not.toContain("Zq9");
        },
      ),
    );
  });

  test("the broker's password alone is known to redact()", () => {
    configured({ env: { CELERY_BROKER_URL: "redis://:sen%23ha-do-broker@broker/0" } });
    expect(redact("WRONGPASS sen#ha-do-broker, sen%23ha-do-broker")).toBe("WRONGPASS [secret], [secret]");
  });
});

describe(".env.example", () => {
  const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  const mentioned = [...text.matchAll(/^# ?([A-Z][A-Z0-9_]+)=(.*)$/gm)];

  test("names every setting once and nothing else", () => {
    expect(mentioned).toHaveLength(settings.length);
    expect(new Set(mentioned.map(([, name]) => name))).toEqual(
      new Set(settings.map(({ variable }) => variable)),
    );
  });

  test("sets nothing, and shows the true defaults", () => {
    expect(parseEnv(text)).toEqual({});
    for (const { variable, flag, default: usual } of settings) {
      const shown = mentioned.find(([, name]) => name === variable)?.[2];
      if (flag !== null && usual !== null) expect([variable, shown]).toEqual([variable, usual]);
    }
  });

  test("uncommented, it can be read", () => {
    const dotenv = text.replace(/^# ?(?=[A-Z][A-Z0-9_]+=)/gm, "");
    const pki = ["root.crt", "postgresql.crt", "postgresql.key"];
    const files = Object.fromEntries(pki.map((name) => [`/home/shop/.postgresql/${name}`, name]));
    const config = configured({
      dotenv,
      files: { ...files, "/run/secrets/meta_access_token": "token-of-pixel-1" },
      env: { META_PIXEL_ID: "1", PGSSLMODE: "require" },
    });
    expect(config.accessToken?.reveal()).toBe("token-of-pixel-1");
    expect(config.connection().describe()).toBe("localhost:5432/shop as user");
    expect(config.connection().options).toBe("-c search_path=shop");
  });
});

test("a secret has no flag", () => {
  const secrets = [
    "DATABASE_URL",
    "PGPASSWORD",
    "ENCRYPTION_KEY",
    "META_ACCESS_TOKEN",
    "CELERY_BROKER_URL",
    "CELERY_RESULT_BACKEND",
    "REDIS_URL",
  ];
  expect(settings.filter(({ variable, flag }) => secrets.includes(variable) && flag !== null)).toEqual([]);
});

describe("logs to read as evidence", () => {
  const disk = ["gunicorn.log", "gunicorn.log.1.gz", "celery.log", "other.txt"];
  const read = (flags: Flags, env: ConfigInput["env"] = {}) =>
    readConfig({
      flags,
      env,
      cwd: "/shop",
      home: null,
      user: null,
      files: {
        read: () => null,
        mode: (path) => (disk.some((name) => path === `/shop/logs/${name}`) ? 0o600 : null),
        list: (folder) => (folder === "/shop/logs" ? disk : null),
      },
    });

  test("are named one by one, or by a * in the last part of a path", () => {
    expect(read({ evidenceLog: ["logs/gunicorn.log*", "logs/celery.log"] }).logs.files).toEqual([
      "/shop/logs/gunicorn.log",
      "/shop/logs/gunicorn.log.1.gz",
      "/shop/logs/celery.log",
    ]);
  });

  test("stand in the variable with spaces between; options win over it", () => {
    const env = { PURCHASE_FIX_EVIDENCE_LOGS: "logs/celery.log  /shop/logs/gunicorn.log" };
    expect(read({}, env).logs.files).toEqual(["/shop/logs/celery.log", "/shop/logs/gunicorn.log"]);
    expect(read({ evidenceLog: ["logs/celery.log"] }, env).logs.files).toEqual(["/shop/logs/celery.log"]);
    expect(read({}).logs.files).toEqual([]);
  });

  test("that are not there are an error where they were typed, and a warning where a crontab names them", () => {
    expect(problemsOf(() => read({ evidenceLog: ["logs/worker.log*"] }))).toEqual([
      "--evidence-log: there is no file logs/worker.log*",
    ]);
    const { warnings, logs } = read({}, { PURCHASE_FIX_EVIDENCE_LOGS: "logs/worker.log logs/celery.log" });
    expect(warnings).toEqual(["PURCHASE_FIX_EVIDENCE_LOGS: there is no file logs/worker.log"]);
    expect(logs.files).toEqual(["/shop/logs/celery.log"]);
  });

  test("were written by this host's clock, unless told otherwise", () => {
    expect(read({}).logs.zone).toBe(new Intl.DateTimeFormat().resolvedOptions().timeZone);
    expect(read({ logTimezone: "America/Bahia" }).logs.zone).toBe("America/Bahia");
    expect(problemsOf(() => read({ logTimezone: "Mars" }))[0]).toContain("--log-timezone is not a time zone");
  });
});
