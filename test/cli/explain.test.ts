import { describe, expect } from "vitest";
import { test, type Shop } from "./fixtures.js";
import { logsOf, type Route } from "./logs.js";
import { shapeOf } from "./shape.js";

/** One stuck sale per route, half an hour apart, with what the application's logs tell of each. */
async function incident(shop: Shop, folder: string, routes: readonly Route[]) {
  const told: Parameters<typeof logsOf>[2][number][] = [];
  for (const [at, route] of routes.entries()) {
    const hoursAgo = 5 - at * 0.5;
    const paymentId = `BOT19_route_${at}`;
    const saleId = await shop.sale({
      paymentId,
      paidHoursAgo: hoursAgo + 0.01,
      createdHoursAgo: hoursAgo + 0.01,
    });
    told.push({ saleId, paymentId, route, hoursAgo });
  }
  return { ids: told.map(({ saleId }) => saleId), env: logsOf(shop, folder, told) };
}

const routes: readonly Route[] = [
  { runs: ["success"], waited: true },
  { runs: ["expired-token"], waited: true },
  { runs: ["invalid"], waited: true },
  "misconfigured",
  { runs: ["5xx", "5xx", "5xx", "5xx"], waited: true },
];

describe.concurrent("explain, with the application's logs", () => {
  test("tells a sale that Meta has: its story, the contradiction, the rule, and the command to type", async ({
    shop,
    folder,
  }) => {
    const { ids, env } = await incident(shop, folder.path, routes.slice(0, 1));
    const [sale] = ids;
    const before = await shop.snapshot();
    const { code, stdout, stderr } = await shop.run(`explain ${sale}`, { env });
    const text = stdout.replaceAll(/\n +/g, " ");
    expect(text).toContain(`Sale ${sale} (BOT19_route_0): stuck · Violão em Casa · BRL 97.00 · paid 5h ago`);
    expect(text).toContain("delivered  the worker log says that Meta received it");
    expect(text).toContain("reported failed (Celery timed out), and Meta accepted it: rule 2 decides");
    expect(text).toContain("Cause 1: Celery timed out");
    expect(text).toContain("purchase-fix celery-status");
    expect(text).toMatch(
      /worker log {7}Meta received it, event id pageview_\d+, pixel …\d{4}, events received 1 \(celery\.log/,
    );
    expect(text).toContain(`yes: stores pageview_${sale}; sends nothing purchase-fix confirm --id ${sale}`);
    expect(Math.max(...stdout.split("\n").map((line) => Array.from(line).length))).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain("\u001B");
    expect([code, stderr]).toEqual([0, ""]);
    expect(await shop.snapshot()).toEqual(before);
    expect([await shop.attempts(), await shop.requests()]).toEqual([null, []]);

    expect((await shop.run(`confirm --id ${sale}`, { env })).code).toBe(0);
    expect(await shop.states()).toEqual({ [sale ?? 0]: `confirmed as pageview_${sale}` });
    expect(await shop.requests()).toEqual([]);
  });

  test("tells of each route its verdict and its cause, by the payment's id too", async ({ shop, folder }) => {
    const { env } = await incident(shop, folder.path, routes);
    const told = await Promise.all(
      routes.map(async (_, at) => {
        const { stdout } = await shop.run(`explain BOT19_route_${at} --json`, { env });
        const { sale, cause, rule } = JSON.parse(stdout) as Document;
        return [sale["verdict"], rule, cause?.number, cause?.name];
      }),
    );
    expect(told).toEqual([
      ["delivered", 2, 1, "celery-timeout"],
      ["lost", 4, 2, "meta-refused"],
      ["lost", 4, 3, "task-failed"],
      ["lost", 4, null, "configuration"],
      ["ambiguous", 5, 2, "meta-refused"],
    ]);
  });

  test("types again the options that decided: what it offers works as it stands", async ({
    shop,
    folder,
  }) => {
    const { ids, env } = await incident(shop, folder.path, routes.slice(0, 1));
    const { PURCHASE_FIX_EVIDENCE_LOGS: files = "", ...zone } = env;
    const words = files.split(" ").flatMap((file) => ["--evidence-log", file]);
    const { stdout } = await shop.run(["explain", String(ids[0]), ...words], { env: zone });
    const [line = ""] = stdout.split("\n").filter((one) => one.includes("purchase-fix confirm "));
    const typed = line.trim().replaceAll("'", "").split(" ").slice(1);
    expect(typed).toEqual(["confirm", "--id", String(ids[0]), ...words]);
    expect((await shop.run(typed, { env: zone })).code).toBe(0);
    expect(await shop.states()).toEqual({ [ids[0] ?? 0]: `confirmed as pageview_${ids[0]}` });
  });

  test("folds what a task that retries repeats", async ({ shop, folder }) => {
    const { ids, env } = await incident(shop, folder.path, routes.slice(4));
    const { stdout } = await shop.run(`explain ${ids[0]} --json`, { env });
    const { story } = JSON.parse(stdout) as Document;
    const repeated = story.filter(({ times }) => Number(times) > 1);
    expect(repeated.map(({ times }) => times)).toEqual([4, 4, 3]);
    expect(repeated[0]?.["text"]).toContain("status 500");
  });
});

interface Document {
  readonly sale: Readonly<Record<string, unknown>>;
  readonly rule: number | null;
  readonly cause: { readonly name: string; readonly number: number | null } | null;
  readonly story: readonly Readonly<Record<string, unknown>>[];
}

describe.concurrent("explain, with rows and journal alone", () => {
  test("says which evidence would tell, what is permitted, and by which flag", async ({ shop }) => {
    const sale = await shop.sale({ paidHoursAgo: 60 });
    const { code, stdout } = await shop.run(`explain ${sale}`);
    expect(stdout).toContain("untraceable  no answer on record; over 47 h old");
    expect(stdout).toContain("Cause: unknown; this would tell");
    expect(stdout).toContain("--evidence-log 'logs/*.log*'");
    expect(stdout).toContain(`\n           purchase-fix resend --id ${sale} --accept-duplicate\n`);
    expect(stdout).toContain(`\n           purchase-fix revert --id ${sale}\n`);
    expect(code).toBe(0);
  });

  test("tells our own attempts with answer and effect, and a sale that is not stuck any more", async ({
    shop,
  }) => {
    const [sale, other] = [await shop.sale(), await shop.sale()];
    await shop.run(`revert --id ${sale}`);
    await shop.run(`resend --id ${sale},${other}`);
    const { code, stdout } = await shop.run(`explain ${sale}`);
    expect(stdout).toContain(`Sale ${sale} `);
    expect(stdout).toContain(": confirmed ·");
    expect(stdout).toContain("  not stuck: Meta confirmed it\n");
    expect(stdout.replaceAll(/\n +/g, " ")).toMatch(
      /our revert: reverted: given back.*our resend: accepted, confirmed \(run [\da-f]{12}\)/s,
    );
    expect(stdout.match(/our resend/g)).toHaveLength(1);
    expect(stdout).not.toContain(`pageview_${other}`);
    expect(stdout).not.toContain("What is permitted");
    expect(code).toBe(0);
  });

  test("says that a pending sale is none of its business", async ({ shop }) => {
    const sale = await shop.sale({ status: "pending", flagged: false });
    const { code, stdout } = await shop.run(`explain ${sale}`);
    expect(stdout).toContain("not paid: its status is pending");
    expect(code).toBe(0);
  });

  test("refuses a name that no sale bears, and more than one name, with exit code 2 and an empty stdout", async ({
    shop,
  }) => {
    const unknown = await shop.run("explain 4711");
    expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
    expect(unknown.stderr).toContain("error: No sale bears 4711\n");
    for (const words of ["explain 1 2", "explain 1,2", "explain"]) {
      const { code, stdout } = await shop.run(words);
      expect([words, code, stdout]).toEqual([words, 2, ""]);
    }
  });

  test("prints one document, whose fields and types are pinned", async ({ shop }) => {
    const sale = await shop.sale();
    const { stdout } = await shop.run(`explain ${sale} --json`);
    const text = "string";
    expect(shapeOf(JSON.parse(stdout))).toEqual({
      version: "number",
      command: text,
      generatedAt: text,
      sale: {
        id: "number",
        paymentId: text,
        botName: text,
        amount: text,
        currency: text,
        createdAt: text,
        paidAt: text,
        flaggedAt: text,
        state: text,
        cause: "null",
        eventId: text,
        eventIdOrigin: text,
        pixelId: text,
        deadline: text,
        status: text,
        metaEventId: "null",
        verdict: text,
        obstacle: text,
        restraint: text,
        because: text,
        eventIdKnowledge: text,
        foldedUntil: text,
        expiresAt: text,
        needsPerson: "boolean",
      },
      tries: { count: "number", lastAt: "null", because: "null" },
      rule: "number",
      rules: [{ question: text, answer: text, because: text }],
      contradictions: [],
      cause: "null",
      wouldTell: [text],
      workers: "null",
      story: [{ at: text, source: text, text, where: "null", times: "number", until: "null" }],
      permitted: [
        {
          action: text,
          allowed: "boolean",
          because: text,
          flag: "null",
          command: `${text} | null`,
          mayDouble: "boolean",
          named: "boolean",
        },
      ],
    });
  });
});

describe.concurrent("confirm", () => {
  test("never stores the id of a folded sale: Meta counted it for the other one, which is said", async ({
    shop,
    folder,
  }) => {
    const shared = "pageview_shared_click";
    const at = (hours: number, name: string) => ({
      paidHoursAgo: hours + 0.01,
      createdHoursAgo: hours + 0.01,
      paymentId: name,
      pageviewEventId: shared,
    });
    const first = await shop.sale(at(5, "BOT19_first"));
    const second = await shop.sale(at(4, "BOT19_second"));
    const route = { runs: ["success"], waited: true } as const;
    const env = logsOf(shop, folder.path, [
      { saleId: first, paymentId: "BOT19_first", route, hoursAgo: 5, eventId: shared },
      { saleId: second, paymentId: "BOT19_second", route, hoursAgo: 4, eventId: shared },
    ]);
    const { code, stdout, stderr } = await shop.run(`confirm --id ${first},${second}`, { env });
    expect(await shop.states()).toEqual({ [first]: `confirmed as ${shared}`, [second]: "stuck" });
    expect(stdout).toMatch(
      new RegExp(`^${second}\t.*\tfolded\tleft\t.*would hide that this one was never counted`, "m"),
    );
    expect(stderr).not.toContain("purchase-fix explain");
    expect(code).toBe(1);

    const told = await shop.run(`explain ${second}`, { env });
    expect(told.stdout.replaceAll(/\n +/g, " ")).toContain(
      `Meta accepted its event id, and had accepted it for sale ${first} before: rule 2 decides`,
    );
    expect((await shop.run(`resend --id ${second}`, { env })).code).toBe(0);
    expect(await shop.counted()).toEqual([`purchase_${second}`]);
  });
});
