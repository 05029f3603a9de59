import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect } from "vitest";
import type { CeleryLab } from "../cast/celery.js";
import { celeryParts, startCelery } from "../cast/celery.js";
import { keepSecret } from "../cast/binary.js";
import type { Shop } from "./fixtures.js";
import { test, tokenOf } from "./fixtures.js";

const parts = celeryParts();
let lab: CeleryLab;

beforeEach(async () => {
  if (parts.available) lab = await startCelery();
});
afterEach(async () => {
  await lab?.stop();
});

const env = () => ({
  CELERY_BROKER_URL: lab.brokerUrl,
  CELERY_RESULT_BACKEND: `${lab.env["CELERY_RESULT_BACKEND"]}`,
});

/** The application's own task of a sale, at the sale's pixel. */
async function queue(shop: Shop, sale: number, behaviour: object): Promise<string> {
  const [pixel] = shop.pixels;
  keepSecret("an access token", tokenOf(pixel));
  const [id = ""] = await lab.send(tokenOf(pixel), [{ event_id: `pageview_${sale}`, ...behaviour }], pixel);
  return id;
}

async function verdicts(shop: Shop, words = "find-stuck --json"): Promise<Record<number, string>> {
  const { stdout } = await shop.run(words, { env: env() });
  const { sales } = JSON.parse(stdout) as { sales: { id: number; verdict: string }[] };
  return Object.fromEntries(sales.map(({ id, verdict }) => [id, verdict]));
}

/** What the web process logs of a Purchase that it queues, five hours ago. */
async function queuedLines(shop: Shop, sale: number, task: string): Promise<string> {
  const [row] = await shop.db.query<{ payment_id: string }>("select payment_id from payments where id = $1", [
    sale,
  ]);
  const at = new Date(Date.now() - 5 * 3_600_000 + 60_000).toISOString().replace("T", " ").slice(0, 19);
  const [pixel] = shop.pixels;
  return [
    `🚀 [META PURCHASE] Purchase - INICIANDO ENFILEIRAMENTO: Payment ${row?.payment_id} | Pool: pool | Pixel: ${pixel}`,
    `🚀 [META PURCHASE] Purchase - Event Data: event_name=Purchase, event_id=pageview_${sale}, event_time=1763607031`,
    `📤 Purchase enfileirado: R$ 97.00 | Pool: pool | Event ID: pageview_${sale} | Task: ${task} | Type: initial`,
  ]
    .map((text, ms) => `${at},10${ms} - INFO - ${text}\n`)
    .join("");
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await pause(50);
}

const resultOf = async (task: string) => await lab.redis("-n", "1", "exists", `celery-task-meta-${task}`);

describe.skipIf(!parts.available)("with the application's broker", () => {
  test("a sale whose task runs is left to it; one whose task is done is confirmed without sending; the rest is sent", async ({
    shop,
    folder,
  }) => {
    const [running, done, plain] = [await shop.sale(), await shop.sale(), await shop.sale()];
    const held = lab.hold();
    await queue(shop, running, { while_exists: held.path });
    const task = await queue(shop, done, {});
    await until(async () => (await resultOf(task))[0] === "1");

    // The backend knows tasks by their ids alone: only a line of the log tells whose this one was.
    const log = folder.write("gunicorn.log", await queuedLines(shop, done, task));
    const words = `--evidence-log ${log} --log-timezone UTC`;
    expect(await verdicts(shop)).toMatchObject({ [running]: "in-flight", [done]: "ambiguous" });
    expect(await verdicts(shop, `find-stuck --json ${words}`)).toEqual({
      [running]: "in-flight",
      [done]: "delivered",
      [plain]: "ambiguous",
    });

    const confirmed = await shop.run(`confirm --hours 24 --yes --json ${words}`, { env: env() });
    expect((JSON.parse(confirmed.stdout) as { outcomes: object[] }).outcomes).toMatchObject([
      { id: done, answer: null, effect: "confirmed", eventId: `pageview_${done}` },
    ]);
    const sent = await shop.run("resend --hours 24 --yes", { env: env() });
    expect(sent.code).toBe(0);
    expect(await shop.states()).toEqual({
      [running]: "stuck",
      [done]: `confirmed as pageview_${done}`,
      [plain]: `confirmed as pageview_${plain}`,
    });
    expect(await shop.counted()).toEqual([`pageview_${plain}`]);
    held.release();
  });

  test("a task that failed at Meta's door is no proof while a copy of it waits for its retry", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    await queue(shop, sale, { statuses: [429, 429], countdown: 600 });
    await until(async () => (await verdicts(shop))[sale] === "in-flight");
    const { stdout, code } = await shop.run(`resend --id ${sale} --dry-run`, { env: env() });
    expect(stdout).toContain("would resend");
    expect(code).toBe(0);
    expect((await shop.run("resend --hours 24 --yes", { env: env() })).stderr).toContain("nothing to resend");
    expect(await shop.ledger()).toEqual([]);
    // Named, it goes all the same; and whoever named it is told what then waits beside a confirmed sale.
    const { stderr } = await shop.run(`resend --id ${sale}`, { env: env() });
    expect(stderr).toContain(`sale ${sale} is confirmed, and its own task`);
    expect(stderr).toMatch(/is still waiting: it must have run or been purged, by \d{4}-/);
    expect(await shop.counted()).toEqual([`pageview_${sale}`]);
  });

  test("workers that are gone hold the revert of a window back, and make a sale in flight a person's", async ({
    shop,
  }) => {
    const [queued, old] = [await shop.sale(), await shop.sale({ paidHoursAgo: 20, flaggedHoursAgo: 20 })];
    await lab.worker.kill();
    await queue(shop, queued, {});
    const { stdout, code } = await shop.run("revert --hours 24 --without-proof --yes --json", { env: env() });
    const { left } = JSON.parse(stdout) as {
      left: { id: number; because: string; wouldAllow: string; needsPerson: boolean }[];
    };
    const byId = new Map(left.map((one) => [one.id, one]));
    expect(byId.get(old)).toMatchObject({
      because: expect.stringContaining("the workers are not well"),
      wouldAllow: "--ignore-workers",
    });
    expect(byId.get(queued)).toMatchObject({ needsPerson: true });
    expect(code).toBe(1);
    expect(await shop.states()).toEqual({ [queued]: "stuck", [old]: "stuck" });
    await shop.run("revert --hours 24 --without-proof --ignore-workers --yes", { env: env() });
    expect(await shop.states()).toEqual({ [queued]: "stuck", [old]: "not flagged" });
  });

  test("celery-status names queued Purchases whose sale is confirmed already, and no others", async ({
    shop,
  }) => {
    const [confirmed, stuck] = [await shop.sale(), await shop.sale()];
    await lab.worker.kill();
    const task = await queue(shop, confirmed, {});
    await queue(shop, stuck, {});
    await shop.db.query("update payments set meta_event_id = pageview_event_id where id = $1", [confirmed]);
    const { stdout } = await shop.run("celery-status --json", { env: env() });
    const { confirmedPurchases, findings } = JSON.parse(stdout) as {
      confirmedPurchases: object[];
      findings: string[];
    };
    expect(confirmedPurchases).toEqual([
      { taskId: task, eventId: `pageview_${confirmed}`, saleId: confirmed },
    ]);
    expect(findings.join()).toContain("1 Purchase queued for sales that are confirmed already");
  });

  test("--no-broker asks nobody; a broker that is down is said once, and nothing is concluded from it", async ({
    shop,
  }) => {
    const sale = await shop.sale();
    const held = lab.hold();
    await queue(shop, sale, { while_exists: held.path });
    expect(await verdicts(shop, "find-stuck --json --no-broker")).toEqual({ [sale]: "ambiguous" });
    await lab.stopRedis();
    const { stderr, code } = await shop.run("find-stuck", { env: env() });
    expect(code).toBe(0);
    expect(stderr.match(/warning: the broker was not read/g)).toHaveLength(1);
    expect(stderr).toContain("1 ambiguous");
    held.release();
  });
});
