import { describe, expect, test } from "vitest";
import { keepSecret, purchaseFix } from "../cast/binary.js";
import { list } from "./fixtures.js";
import { refusal } from "./refusal.js";

const anywhere = { DATABASE_URL: "postgresql://ana:senha-do-banco-7f@127.0.0.1:1/loja" };
keepSecret("the database password", "senha-do-banco-7f");

const attempt = async (words: string | readonly string[], env: Record<string, string> = anywhere) =>
  refusal(await purchaseFix(list(words), { env }));

describe.concurrent("a command line that makes no sense exits with 2", () => {
  test.for<[string, string]>([
    ["find-stuck --nonsense", "error: unknown option '--nonsense'"],
    ["find-stuck --yes", "error: unknown option '--yes'"],
    ["resend --id 1 --without-proof", "error: unknown option '--without-proof'"],
    ["nonsense", "error: unknown command 'nonsense'"],
    ["help nonsense", "error: no help on 'nonsense'"],
    ["resend 9445", "error: too many arguments for 'resend'. Expected 0 arguments but got 1."],
    ["resend --id", "error: option '--id <id>' argument missing"],
    ["find-stuck --json --jsonl", "error: option '--json' cannot be used with option '--jsonl'"],
    [
      "find-stuck --hours 5 --since 2025-11-20",
      "error: option '--hours <n>' cannot be used with option '--since <time>'",
    ],
  ])("%s", async ([words, error]) => {
    expect(await attempt(words)).toEqual([error, "(add --help for the options)"]);
  });

  test("no command at all shows the help, but on stderr", async () => {
    const { code, stdout, stderr } = await purchaseFix([]);
    expect(stderr).toContain("Usage: purchase-fix [options] [command]");
    expect([code, stdout]).toEqual([2, ""]);
  });

  test.for(["0", "-1", "text", "99999", "1e3", "", "NaN"])("--hours %s", async (hours) => {
    const [error] = await attempt(["resend", "--hours", hours]);
    expect(error).toBe(
      `error: option '--hours <n>' argument '${hours}' is invalid. Give a number of hours from above 0 to 8784.`,
    );
  });

  test.for<[string, string]>([
    ["--limit 0", "Give a whole number from 1."],
    ["--wait forever", "Give seconds, or a number with s, m or h, such as 20m; at most 168h."],
    ["--timeout 0", "Give more than 0."],
    ["--timeout 1000h", "at most 168h."],
    ["--accept-duplicate much", "Give an amount of money, such as 500 or 497.00."],
    ["--since yesterday", "Give a time such as 2026-11-20, 2026-11-20T14:00 or 2026-11-20T17:00:00Z."],
    ["--id ,", "Give an id such as 9445, or a payment id such as BOT19_1763607031_ab12cd."],
  ])("resend %s", async ([words, advice]) => {
    expect((await attempt(`resend ${words}`))[0]).toContain(advice);
  });

  test("both --id and a window", async () => {
    expect(await attempt("resend --id 9445 --hours 24")).toContain(
      "error: option '--hours <n>' cannot be used with option '--id <id>'",
    );
    expect(await attempt("find-stuck --id 9445 --since 2025-11-20")).toContain(
      "error: option '--since <time>' cannot be used with option '--id <id>'",
    );
  });

  test.for(["resend", "revert", "confirm"])("%s with neither --id nor a window", async (command) => {
    expect(await attempt(`${command} --yes`)).toEqual([
      "error: Which sales? A command that changes something needs --id or a window",
      "  next: add --id 9445, or --hours 24 (with --dry-run to look first)",
    ]);
  });

  test("a window that ends before it begins, or does not begin", async () => {
    const swapped = await attempt("find-stuck --since 2025-11-20 --until 2025-11-19");
    expect(swapped[0]).toBe("error: --until is not after --since");
    expect((await attempt("find-stuck --until 2025-11-19"))[0]).toBe("error: --until needs --since");
  });

  test("standard input that names no sale", async () => {
    const ended = await purchaseFix(list("resend --id -"), { env: anywhere, input: "\n \n" });
    expect(refusal(ended)[0]).toBe("error: Standard input names no sale");
  });

  test.for(["find-stuck", "resend", "revert", "confirm"])(
    "%s: standard input with a name that no database can hold",
    async (command) => {
      const ended = await purchaseFix([command, "--id", "-"], {
        env: anywhere,
        input: "9445\n9\u00004\u0000",
      });
      expect(refusal(ended)).toEqual([
        String.raw`error: The name "9\u00004\u0000" holds U+0000, which no text in PostgreSQL can`,
        "  why: a NUL after every letter is the mark of a UTF-16 file",
        "  next: give the names as UTF-8 text, separated by commas or line ends",
      ]);
    },
  );

  test("a secret where no option takes one is not repeated", async () => {
    const lines = await attempt(`find-stuck --database-url=${anywhere.DATABASE_URL}`);
    expect(lines[0]).toBe(
      "error: unknown option '--database-url=postgresql://ana:[secret]@127.0.0.1:1/loja'",
    );
  });
});

describe.concurrent("no configuration at all", () => {
  test.for(["find-stuck", "resend --id 9445", "journal", "init"])(
    "%s says how to give one, and mentions the demo",
    async (words) => {
      expect(await attempt(words, {})).toEqual([
        "error: No database is configured",
        "  why: set DATABASE_URL, or PGHOST, PGDATABASE and PGUSER, in the environment or in .env (--env-file)",
        "  next: to try it without a database of yours: npm run demo",
      ]);
    },
  );
});

describe.concurrent("celery-status without Celery", () => {
  test("exits with 2 and says what to do", async () => {
    const lines = await attempt("celery-status --celery-bin /nowhere/celery", {});
    expect(lines[0]).toContain("/nowhere/celery");
    expect(lines.at(-1)).toMatch(/^ {2}next: /);
  });
});
