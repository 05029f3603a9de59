import { describe, expect } from "vitest";
import { hasTerminal } from "../cast/binary.js";
import { test, type Shop } from "./fixtures.js";
import { logsOf, type Route } from "./logs.js";

interface Document {
  readonly sales: readonly Readonly<Record<string, unknown>>[];
  readonly totals: Readonly<Record<string, unknown>>;
}

/** A sale that Meta has, one that it refused, one whose task failed, and one of which no log tells. */
async function someCauses(shop: Shop, folder: string) {
  const routes: readonly Route[] = [
    { runs: ["success"], waited: true },
    { runs: ["refused"], waited: true },
    { runs: ["invalid"], waited: true },
  ];
  const told = [];
  for (const [at, route] of routes.entries()) {
    const hoursAgo = 5 - at;
    const paymentId = `BOT19_cause_${at}`;
    const saleId = await shop.sale({
      paymentId,
      paidHoursAgo: hoursAgo + 0.01,
      createdHoursAgo: hoursAgo + 0.01,
    });
    told.push({ saleId, paymentId, route, hoursAgo });
  }
  const silent = await shop.sale({ paidHoursAgo: 60, createdHoursAgo: 20 });
  const [timeout = 0, refused = 0, failed = 0] = told.map(({ saleId }) => saleId);
  return { timeout, refused, failed, silent, env: logsOf(shop, folder, told) };
}

const last = (text: string, lines: number) => text.trimEnd().split("\n").slice(-lines);

describe.concurrent("find-stuck and causes", () => {
  test("names the cause of each sale, and counts them", async ({ shop, folder }) => {
    const { timeout, refused, failed, silent, env } = await someCauses(shop, folder.path);
    const { stdout, stderr } = await shop.run("find-stuck --json", { env });
    expect(stderr).toContain("causes: 1 celery-timeout, 1 meta-refused, 1 task-failed, 1 unknown\n");
    const { sales, totals } = JSON.parse(stdout) as Document;
    expect(Object.fromEntries(sales.map(({ id, cause }) => [id, cause]))).toEqual({
      [timeout]: "celery-timeout",
      [refused]: "meta-refused",
      [failed]: "task-failed",
      [silent]: null,
    });
    expect(totals["byCause"]).toEqual({
      "celery-timeout": 1,
      "meta-refused": 1,
      "task-failed": 1,
      unknown: 1,
    });
  });

  test("keeps with --cause to those causes, says how many of how many, and names them in what to run next", async ({
    shop,
    folder,
  }) => {
    const { refused, failed, silent, env } = await someCauses(shop, folder.path);
    const two = await shop.run("find-stuck --json --cause meta-refused --cause task-failed", { env });
    const document = JSON.parse(two.stdout) as Document;
    expect(document.sales.map(({ id }) => id)).toEqual([failed, refused]);
    expect(document.totals).toMatchObject({ count: 4, shown: 2 });
    expect(two.stderr).toContain(
      "4 stuck sales, BRL 388.00 (showing 2 of 4, those with cause meta-refused or task-failed)\n",
    );
    expect(last(two.stderr, 1)).toEqual([`next: purchase-fix resend --id ${failed},${refused} --dry-run`]);

    const unknown = await shop.run("find-stuck --tsv --exit-code --cause unknown", { env });
    expect(
      unknown.stdout
        .split("\n")
        .slice(1)
        .map((line) => line.split("\t")[0]),
    ).toEqual([String(silent), ""]);
    expect(last(unknown.stderr, 2)).toEqual([
      `next: purchase-fix explain ${silent} (needs a person)`,
      `next: purchase-fix resend --id ${silent} --dry-run`,
    ]);
    expect(unknown.code).toBe(1);

    const none = await shop.run("find-stuck --exit-code --cause not-queued", { env });
    expect(last(none.stderr, 1)).toEqual(["nothing to do here"]);
    expect(none.code).toBe(0);
  });

  test("cuts with --limit what the causes let through", async ({ shop, folder }) => {
    const { refused, env } = await someCauses(shop, folder.path);
    const { stdout, stderr } = await shop.run(
      "find-stuck --json --cause meta-refused,task-failed --limit 1",
      { env },
    );
    expect((JSON.parse(stdout) as Document).sales.map(({ id }) => id)).toEqual([refused]);
    expect(stderr).toContain(
      "(showing 1 of 4, those with cause meta-refused or task-failed, the nearest deadlines)\n",
    );
    expect(last(stderr, 1)).toEqual([`next: purchase-fix resend --id ${refused} --dry-run`]);
  });

  test("shows with --why what weighed most, with its source and place", async ({ shop, folder }) => {
    const { timeout, silent, env } = await someCauses(shop, folder.path);
    const { stdout } = await shop.run("find-stuck --why --json", { env });
    const why = new Map((JSON.parse(stdout) as Document).sales.map((sale) => [sale["id"], sale["why"]]));
    expect(why.get(timeout)).toMatchObject({
      source: "worker log",
      text: "the worker log says that Meta received it",
    });
    expect(why.get(timeout)).toHaveProperty("where", expect.stringMatching(/celery\.log[.\d]*:\d+$/));
    expect(why.get(silent)).toBeNull();
    const tsv = await shop.run("find-stuck --why", { env });
    expect(tsv.stdout.split("\n")[0]?.endsWith("\tcause\tbecause\tevidence")).toBe(true);
  });

  test("refuses a cause that it does not know, and names those that it does", async ({ shop }) => {
    const { code, stdout, stderr } = await shop.run("find-stuck --cause tired");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.replaceAll(/\s+/g, " ")).toContain(
      "Give one of celery-timeout, meta-refused, task-failed, configuration, not-queued, unknown.",
    );
  });
});

describe.concurrent("what to run next", () => {
  test("is explain where a person must look, the nearest deadline first", async ({ shop }) => {
    const [later, sooner] = [
      await shop.sale({ paidHoursAgo: 60, createdHoursAgo: 3 }),
      await shop.sale({ paidHoursAgo: 70, createdHoursAgo: 4 }),
    ];
    await shop.sale();
    const { stderr } = await shop.run("find-stuck");
    expect(last(stderr, 2)).toEqual([
      `next: purchase-fix explain ${sooner} (needs a person, the first of 2)`,
      "next: purchase-fix resend --hours 24 --dry-run",
    ]);
    expect(stderr).not.toContain(`explain ${later}`);
  });

  test.for(["resend", "revert --without-proof"])(
    "is explain after %s has left a sale that needs a person",
    async (words, { shop }) => {
      const plain = await shop.sale({ paidHoursAgo: 20, createdHoursAgo: 20 });
      const expired = await shop.sale({ paidHoursAgo: 200, createdHoursAgo: 3 });
      const { stderr, code } = await shop.run(`${words} --hours 24 --yes`);
      expect(last(stderr, 2)).toEqual([
        "left 1 sale: 1 needs a person",
        `next: purchase-fix explain ${expired}`,
      ]);
      expect(stderr).not.toContain(`explain ${plain}`);
      expect(code).toBe(1);
    },
  );

  test("is explain after a refusal of Meta's, and nothing where all ended well", async ({ shop }) => {
    const sale = await shop.sale();
    await shop.fault({ fault: "event-refused", eventId: `pageview_${sale}`, times: 1 });
    expect(last((await shop.run(`resend --id ${sale}`)).stderr, 1)).toEqual([
      `next: purchase-fix explain ${sale}`,
    ]);
    const { stderr, code } = await shop.run(`resend --id ${sale}`);
    expect(stderr).not.toContain("explain");
    expect(code).toBe(0);
  });
});

describe.concurrent("find-stuck --watch", () => {
  test("looks again and again, writes nothing, and ends with Ctrl-C and 130", async ({ shop }) => {
    const sale = await shop.sale();
    const before = await shop.snapshot();
    const running = shop.start("find-stuck --watch=1");
    await running.said("1 stuck sale, BRL 97.00");
    await running.said("watching: what comes and goes shows from the next look on");
    const added = await shop.sale();
    await running.said("2 stuck sales, BRL 194.00");
    await running.said(": 1 came in (");
    const gone = await shop.sale();
    await running.said("3 stuck sales");
    await shop.db.query("update payments set status = 'refunded' where id = $1", [gone]);
    await running.said(": 2 came in (");
    await running.said(", 1 went out (");
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^ {2}ambiguous {8}2 {2}#{30} {2}BRL 194\.00$/m);
    expect(stderr).toContain("workers: not asked");
    expect(stderr).toMatch(/nearest deadline: sale \d+ in .* \(then a second copy is no longer folded\)/);
    const headers = stdout.split("\n").filter((line) => line.startsWith("id\t"));
    expect(headers.length).toBeGreaterThan(1);
    expect(stdout).toContain(`\n${added}\t`);
    expect((await shop.snapshot()).filter((row) => before.includes(row))).toEqual(before);
    expect(await shop.states()).toEqual({ [sale]: "stuck", [added]: "stuck", [gone]: "refunded" });
    expect(await shop.attempts()).toBeNull();
  });

  test("tells a database that goes away beneath what was known last, and goes on", async ({ shop }) => {
    const sale = await shop.sale();
    const running = shop.start("find-stuck --watch=1");
    await running.said("1 stuck sale");
    await shop.db.query("alter table payments rename to payments_gone");
    await running.said("could not look again: ");
    await shop.db.query("alter table payments_gone rename to payments");
    await shop.sale();
    await running.said("2 stuck sales");
    running.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(stdout.split("\n").filter((line) => line.startsWith(`${sale}\t`)).length).toBeGreaterThan(2);
    expect(code).toBe(130);
  });

  test("does not begin where the first look fails, nor with --sql", async ({ shop }) => {
    const unknown = await shop.run("find-stuck --watch --id 4711");
    expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
    const { code, stderr } = await shop.run("find-stuck --watch --sql");
    expect(code).toBe(2);
    expect(stderr).toContain("cannot be used with");
  });

  test.skipIf(!hasTerminal())("is drawn in place on a terminal", async ({ shop }) => {
    await shop.sale();
    const running = shop.onTerminal("find-stuck --watch=1 --no-color");
    await running.said("1 stuck sale");
    await shop.sale();
    await running.said("2 stuck sales");
    await running.type("\u0003");
    const { code, stdout } = await running.ended;
    expect(stdout.split("\u001B[H").length).toBeGreaterThan(2);
    expect(code).toBe(130);
  });
});
