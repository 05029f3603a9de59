import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres } from "../demo/postgres.js";
import { insertBot, insertPool, insertSale } from "../demo/shop.js";
import { promises, type Seen } from "./cron-promises.js";
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
if (hindrance === null) {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-cron-"));
  const seen = await live(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
  tell(seen);
} else {
  process.stderr.write(`${hindrance}\n`);
  process.exitCode = 2;
}

/** Six minutes of the shop's life, and what is to be seen then. */
async function live(folder: string): Promise<Seen> {
  const postgres = await startPostgres();
  const place = await openPlace(postgres.url);
  const [db, listener] = [await newDatabase(postgres.url), await startListener()];
  const bot = await insertBot(db.client, { id: 19 });
  await insertPool(db.client, { pixelId: pixel, key: place.key, bots: [bot] });
  const metrics = join(folder, "purchase_fix.prom");
  const settings = [
    `DATABASE_URL=${db.url}`,
    `ENCRYPTION_KEY=${place.key}`,
    `META_GRAPH_URL=${place.graph.url}`,
    `PURCHASE_FIX_PING_URL=${listener.url}/ping/5c1d`,
    `PURCHASE_FIX_NOTIFY_URL=${listener.url}/services/T/B`,
    `PURCHASE_FIX_METRICS_FILE=${metrics}`,
  ];
  writeFileSync(join(folder, "env"), lines(settings), { mode: 0o600 });
  const cron = startCron(folder, crontabOf(folder));
  try {
    const begun = Date.now();
    // In the first minute there is nothing to do.
    await sleep(MINUTE + 20_000);
    const early = { mails: cron.mails().length, pings: listener.heard.length };
    const sold = await sell(begun + MINUTES * MINUTE, (event) =>
      insertSale(db.client, { botId: bot, pageviewEventId: event, paidHoursAgo: 2 }),
    );
    // The last sales' minute, and the one after.
    await sleep(begun + (MINUTES + 1) * MINUTE + 15_000 - Date.now());
    const [lease] = await db.query<{ held: boolean }>(
      "select exists (select from purchase_fix.lease where expires_at > clock_timestamp()) as held",
    );
    return {
      early,
      sold,
      rows: await db.query("select id::integer, meta_event_id as event from payments"),
      ledger: await place.graph.ledger(),
      isLockHeld: lease?.held === true,
      mails: cron.mails(),
      heard: listener.heard,
      metrics: readFileSync(metrics, "utf8"),
      secrets: [place.key, `token-of-pixel-${pixel}`],
      minutes: MINUTES,
    };
  } finally {
    await cron.stop();
    listener.close();
    await db.leave();
    await place.graph.stop();
    await postgres.stop();
  }
}

/** A sale every four seconds; in the end one whose event id nobody knows. */
async function sell(until: number, insert: (event: string | null) => Promise<number>): Promise<Seen["sold"]> {
  const known: number[] = [];
  for (let n = 1; Date.now() < until; n += 1) {
    known.push(await insert(`pageview_cron_${n}`));
    await sleep(4_000);
  }
  return { known, unknown: [await insert(null)] };
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

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}

function tell(seen: Seen): void {
  const kept = promises(seen);
  for (const [what, holds] of kept) process.stdout.write(`${holds ? "ok     " : "FAILED "} ${what}\n`);
  const { known, unknown } = seen.sold;
  const told = `${seen.mails.length} mails, ${seen.heard.length} pings and messages`;
  process.stdout.write(`${known.length} sales sent, ${unknown.length} left to a person; ${told}\n`);
  if (kept.every(([, holds]) => holds)) return;
  process.exitCode = 1;
  const heard = seen.heard.map(({ path, body }) => `${path} ${body}`);
  process.stderr.write(`${[...seen.mails, seen.metrics, ...heard].join("\n---\n")}\n`);
}
