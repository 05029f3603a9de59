import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres } from "../demo/postgres.js";
import { insertBot, insertPool, insertSale } from "../demo/shop.js";
import { cronHindrance, startCron } from "./cron-daemon.js";
import { startListener } from "./listener.js";
import { root } from "./program.js";
import { newDatabase } from "./server.js";
import { openPlace } from "./shops.js";

/*
 * npm run prove:cron: reconcile by a real cron daemon every minute, for five minutes, over a shop that goes on making
 * stuck sales. Then mail, pings, metrics, ledger and rows are held to what was promised. Exit code 1 where one is not.
 */

const MINUTE = 60_000;
const MINUTES = 5;
const pixel = "410000000000001";

const hindrance = cronHindrance();
if (hindrance === null) await prove();
else {
  process.stderr.write(`${hindrance}\n`);
  process.exitCode = 2;
}

async function prove(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-cron-"));
  const postgres = await startPostgres();
  const place = await openPlace(postgres.url);
  const [db, listener] = [await newDatabase(postgres.url), await startListener()];
  const bot = await insertBot(db.client, { id: 19 });
  await insertPool(db.client, { pixelId: pixel, key: place.key, bots: [bot] });
  const metrics = join(folder, "purchase_fix.prom");
  const env = {
    DATABASE_URL: db.url,
    ENCRYPTION_KEY: place.key,
    META_GRAPH_URL: place.graph.url,
    PURCHASE_FIX_PING_URL: `${listener.url}/ping/5c1d`,
    PURCHASE_FIX_NOTIFY_URL: `${listener.url}/services/T/B`,
    PURCHASE_FIX_METRICS_FILE: metrics,
  };
  writeFileSync(join(folder, "env"), lines(Object.entries(env).map(([name, value]) => `${name}=${value}`)), {
    mode: 0o600,
  });
  const cron = startCron(folder, crontabOf(folder));
  try {
    const begun = Date.now();
    await sleep(MINUTE + 20_000);
    const early = { mails: cron.mails().length, runs: listener.heard.length };
    const sold = await sell(begun, async (n, known) =>
      insertSale(db.client, {
        botId: bot,
        pageviewEventId: known ? `pageview_cron_${n}` : null,
        paidHoursAgo: 2,
      }),
    );
    // The last sales' minute, and the one after.
    await sleep(begun + (MINUTES + 1) * MINUTE + 15_000 - Date.now());
    const rows = await db.query<{ id: number; event: string | null }>(
      "select id::integer, meta_event_id as event from payments",
    );
    const ledger = await place.graph.ledger();
    const [held] = await db.query<{ held: boolean }>(
      "select exists (select from purchase_fix.lease where expires_at > clock_timestamp()) as held",
    );
    const [starts, ends] = [/\/ping\/5c1d\/start$/, /\/ping\/5c1d\/\d+$/].map((path) =>
      listener.heard.filter((one) => path.test(one.path)),
    );
    const mails = cron.mails();
    const text = readFileSync(metrics, "utf8");
    const gauge = (name: string) => Number(new RegExp(`^purchase_fix_${name} (\\S+)$`, "m").exec(text)?.[1]);
    const counts = (event: string | null) =>
      ledger.filter((one) => one.eventId === event && one.counted).length;
    const knownIds = new Set(sold.known);
    const secrets = [place.key, `token-of-pixel-${pixel}`];
    const checks: readonly [string, boolean][] = [
      ["cron ran it every minute", (starts?.length ?? 0) >= MINUTES],
      ["each start was followed by its end", starts?.length === ends?.length],
      ["no run failed", ends?.every(({ path }) => /\/[01]$/.test(path)) === true],
      ["nothing was mailed while there was nothing to do", early.runs > 0 && early.mails === 0],
      [
        "each mail is the line of the summary",
        mails.every((mail) => mail.split("\n").every((one) => one.startsWith("reconcile: "))),
      ],
      ["mail was sent when sales were mended", mails.length > 0 && mails.length < (ends?.length ?? 0)],
      [
        "no secret is in mails, pings or metrics",
        secrets.every(
          (one) => ![...mails, text, ...listener.heard.map(({ body }) => body)].join("\n").includes(one),
        ),
      ],
      [
        "every sale that may be sent is confirmed",
        rows.every(({ id, event }) => !knownIds.has(id) || event !== null),
      ],
      ["each of them counts once", rows.every(({ id, event }) => !knownIds.has(id) || counts(event) === 1)],
      ["Meta counts no other purchase", ledger.filter(({ counted }) => counted).length === knownIds.size],
      [
        "what nobody can tell was left to a person",
        rows.filter(({ id }) => sold.unknown.includes(id)).every(({ event }) => event === null),
      ],
      ["the metrics say how many need one", gauge("needs_person_sales") === sold.unknown.length],
      [
        "the metrics are of the last minute",
        Date.now() / 1000 - gauge("last_success_timestamp_seconds") < 90,
      ],
      [
        "somebody was told of money and of the person needed",
        listener.heard.some(({ path }) => path.startsWith("/services/")),
      ],
      ["no lock is left", held?.held === false],
    ];
    for (const [what, holds] of checks) process.stdout.write(`${holds ? "ok     " : "FAILED "} ${what}\n`);
    process.stdout.write(
      `${starts?.length} runs by cron, ${knownIds.size} sales sent, ${sold.unknown.length} left to a person, ${mails.length} mails, ${listener.heard.length} pings and messages\n`,
    );
    if (checks.some(([, holds]) => !holds)) {
      process.exitCode = 1;
      process.stderr.write(
        `${mails.join("\n---\n")}\n${text}\n${listener.heard.map(({ path, body }) => `${path} ${body}`).join("\n")}\n`,
      );
    }
  } finally {
    await cron.stop();
    listener.close();
    await db.leave();
    await place.graph.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The sample that users install, every minute instead of every ten. */
function crontabOf(folder: string): string {
  const sample = readFileSync(join(root(), "docs", "deploy", "crontab"), "utf8");
  const line = sample.split("\n").find((one) => /^\S.* reconcile /.test(one)) ?? "";
  const job = line
    .replace(/^\*\/10 /, "* ")
    .replace(/ purchase-fix {2}purchase-fix /, "  root  purchase-fix ")
    .replace("--jitter 60s", "--jitter 3s")
    .replace("/etc/purchase-fix/env", join(folder, "env"));
  return lines([
    "SHELL=/bin/sh",
    `PATH=${join(folder, "bin")}:/usr/local/bin:/usr/bin:/bin`,
    "MAILTO=root",
    job,
  ]);
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join("");

/** A sale every four seconds; in the end one whose event id nobody knows. */
async function sell(begun: number, insert: (n: number, known: boolean) => Promise<number>) {
  const sold: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
  for (let n = 1; Date.now() < begun + MINUTES * MINUTE; n += 1) {
    sold.known.push(await insert(n, true));
    await sleep(4_000);
  }
  sold.unknown.push(await insert(0, false));
  return sold;
}
