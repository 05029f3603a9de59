import { randomUUID } from "node:crypto";
import { appendFileSync, readFileSync, readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { keepSecret, refuseSecrets } from "../cast/binary.js";
import type { CeleryLab } from "../cast/celery.js";
import { celeryParts, startCelery } from "../cast/celery.js";
import { logPerson, logSecret } from "../cast/logs.js";
import { message, unackedValue } from "../cast/messages.js";
import type { Shop } from "./fixtures.js";
import { test } from "./fixtures.js";
import { logsOf } from "./logs.js";

/*
 * One token and one person who exist nowhere but in the broker, its results, the workers, the tracking data and the
 * logs. Whatever any command says or keeps is searched for them.
 */
// In two parts: whoever searches the sources for tokens finds none.
const token = ["EAA", "unseenTokenOfTheBroker0123456789"].join("");
const person = "pessoa.secreta.do.broker@loja-secreta.test";
const phone = "5511900112233";
const password = "senha-do-redis-8c1f";
const databasePassword = "senha-do-banco-7f";
for (const [what, text] of Object.entries({ token, person, phone, password }))
  keepSecret(`the ${what} of the broker`, text);
keepSecret("a piece of the token", token.slice(3, 20));
keepSecret("a piece of the address", person.slice(0, 16));

const parts = celeryParts();
let lab: CeleryLab;

beforeAll(async () => {
  if (parts.available) lab = await startCelery();
});
afterAll(async () => {
  await lab?.stop();
});

/** With a password, which Redis' own first user takes whatever it is. */
function withPassword(url: string): string {
  const given = new URL(url);
  given.username = "default";
  given.password = password;
  return given.href;
}

function environment(logs: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...logs,
    CELERY_BROKER_URL: withPassword(lab.brokerUrl),
    CELERY_RESULT_BACKEND: withPassword(`${lab.env["CELERY_RESULT_BACKEND"]}`),
    REDIS_URL: withPassword(lab.brokerUrl),
    PURCHASE_FIX_CELERY_BIN: lab.binary,
    PURCHASE_FIX_CELERY_CWD: lab.cwd,
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

/** Queued, unacknowledged, running, failed and tracked: with token and person in their places, and in others. */
async function fill(shop: Shop, sale: number): Promise<void> {
  const pixelId = shop.pixels[0];
  const eventId = `pageview_${sale}`;
  const words = async (...args: readonly string[]) => await lab.redis("-n", "0", ...args);
  const odd = [
    { eventId: token },
    { eventId: person },
    { taskId: token },
    { tag: `access_token=${token}` },
    { task: `x.${token}.send_meta_event` },
    { pixelId: token, token: pixelId },
    { name: `Purchase ${person}` },
    { eta: token },
    { inKwargs: true },
  ];
  // Nobody takes from this queue: its messages stay.
  for (const mail of [{ eventId }, ...odd])
    await words("lpush", "slow", message({ pixelId, token, ...mail }));
  await words("lpush", "slow", `{"access_token":"${token}","em":"${person}"`, token, `"${person}"`);
  for (const mail of [{ eventId }, { eventId: token }]) {
    await words("hset", "unacked", randomUUID(), unackedValue({ pixelId, token, ...mail }));
    await words("hset", "unacked", `access_token=${token}`, unackedValue({ pixelId, token, ...mail }));
  }
  const tracked = { pageview_event_id: eventId, client_ip: "203.0.113.9", fbclid: token, em: person, phone };
  await words("set", "tracking:unseen-click", JSON.stringify(tracked));
  await words("set", "tracking:unseen-odd", `${token} ${person}`);
  const task = randomUUID();
  const failed = {
    task_id: task,
    status: "FAILURE",
    result: {
      exc_type: `ValueError${token}`,
      exc_module: person,
      exc_message: [`${token} ${person} ${phone}`],
    },
    traceback: `Traceback: ('${pixelId}', '${token}', {'em': '${person}', 'ph': '${phone}'})`,
    children: [{ [token]: person }],
    date_done: new Date().toISOString(),
  };
  await lab.redis("-n", "1", "set", `celery-task-meta-${task}`, JSON.stringify(failed));
  for (const one of ["not json " + token, JSON.stringify({ status: token, result: person })])
    await lab.redis("-n", "1", "set", `celery-task-meta-${randomUUID()}`, one);
}

/** Lines of the kinds that the application writes, and of others, with everything that must not get out. */
function tellLogs(file: string, task: string): void {
  const stamp = () => new Date(Date.now() - 4 * 3_600_000).toISOString().replace("T", " ").slice(0, 19);
  const dump = `('123456789012345', '${token}', {'event_name': 'Purchase', 'user_data': {'em': '${person}', 'ph': '${phone}'}})`;
  const lines = [
    `ERROR - ❌ ERRO CRÍTICO ao enfileirar Purchase no Celery: ${dump}`,
    `INFO - 📤 Purchase enfileirado: R$ 97.00 | Pool: ${person} | Event ID: ${token} | Task: ${task} | Type: initial`,
    `INFO - 🚀 [META PURCHASE] Purchase - Event Data: event_name=Purchase, event_id=${token}, em=${person}`,
    `ERROR - Traceback (most recent call last): access_token=${token}`,
    `ERROR - ValueError: Event data inválido: ${dump}, ${token}`,
    `ERROR - FAILED | Meta Event | Purchase | Status: 400 | Error: {"error":{"message":"${token} ${person}","code":190}}`,
    `INFO - SUCCESS | Meta Event | Purchase | ID: ${person} | Pixel: 1 | Latency: 3ms | EventsReceived: 1`,
    `ERROR - Event: Purchase | ID: ${token}`,
    `INFO - ✅ Purchase ENVIADO: ${person} | Events Received: 1 | event_id: ${person}`,
    `INFO - SUCCESS | Meta Event | Purchase | ID: ${token} | Pixel: ${token} | Latency: 3ms | EventsReceived: 1`,
  ];
  appendFileSync(file, lines.map((line, ms) => `${stamp()},10${ms} - ${line}\n`).join(""));
}

/** Everything in our schema, to the last character. */
async function allKept(shop: Shop): Promise<string[]> {
  const tables = await shop.db.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'purchase_fix'::regnamespace and relkind = 'r'",
  );
  expect(tables.length).toBeGreaterThan(6);
  const rows = [];
  for (const { name } of tables)
    rows.push(...(await shop.db.query<{ row: string }>(`select t::text as row from purchase_fix.${name} t`)));
  return rows.map(({ row }) => row);
}

describe.skipIf(!parts.available)("what broker, workers, results, tracking data and logs hold", () => {
  test("is on no output of any command, and nowhere in our schema", async ({ shop, folder }) => {
    const sale = await shop.sale({ paymentId: "BOT19_unseen", extra: { tracking_token: "unseen-click" } });
    const other = await shop.sale({ extra: { tracking_token: "unseen-odd" } });
    const given = await shop.sale({ paidHoursAgo: 6 });
    const told = [{ saleId: sale, paymentId: "BOT19_unseen", route: { runs: ["exception"] }, hoursAgo: 4.5 }];
    const logs = logsOf(shop, folder.path, told as Parameters<typeof logsOf>[2]);
    tellLogs(`${folder.path}/gunicorn.log`, randomUUID());
    tellLogs(`${folder.path}/celery.log`, randomUUID());
    await fill(shop, sale);
    const held = lab.hold();
    const behaviour = { event_id: `pageview_${other}`, while_exists: held.path, user_data: { em: person } };
    await lab.send(token, [behaviour, { ...behaviour, event_id: token }, { invalid: true, countdown: 1 }]);
    const env = { ...environment(logs), PURCHASE_FIX_CELERY_QUEUES: "celery,slow" };

    const spoken: string[] = [];
    const say = async (words: string): Promise<void> => {
      const { code, stdout, stderr } = await shop.run(words, { env });
      expect(`${words}: ${code} ${/unexpected/.exec(stderr)?.[0] ?? ""}`).toMatch(/: [01] $/);
      spoken.push(stdout);
    };
    // Each waits three seconds between its two looks at the broker.
    await Promise.all(
      [
        "find-stuck --hours 24 --why",
        "find-stuck --hours 24 --json",
        `explain ${sale}`,
        `explain ${other} --json`,
        `resend --id ${sale},${other} --dry-run --json`,
        "celery-status",
        "celery-status --json",
        "celery-status --passive --json",
      ].map(say),
    );
    const last = ["observe --json", `revert --id ${given} --json`, "celery-status --via cli --json"];
    for (const words of [...last, `resend --id ${other} --accept-duplicate --json`]) await say(words);
    await Promise.all(["journal --json", "attest --list --json", "doctor", "doctor --json"].map(say));
    held.release();
    const all = spoken.join("\n");
    // The sources were truly read: what may be said of them was.
    expect(all).toContain(`pageview_${sale}`);
    expect(all).toContain('"slow"');
    const kept = await allKept(shop);
    expect(kept.join("\n")).toContain(`pageview_${sale}`);
    for (const row of kept) expect(() => refuseSecrets(row)).not.toThrow();
    expect(kept.join("\n")).not.toContain(logSecret);
    expect(kept.join("\n")).not.toContain(logPerson);
  }, 90_000);

  test("nor is a password among the words of the children that ask the workers", async ({ shop, folder }) => {
    const env = environment({});
    const running = shop.start(["celery-status", "--via", "cli"], { env, cwd: folder.path });
    const over = new AbortController();
    const ended = running.ended.finally(() => over.abort());
    const seen = new Set<string>();
    while (!over.signal.aborted) {
      for (const line of commandLines()) seen.add(line);
      await pause(5);
    }
    expect((await ended).code).toBeLessThan(2);
    const children = [...seen].filter((line) => line.includes("inspect") && line.includes("--json"));
    expect(children.length).toBeGreaterThan(0);
    for (const line of seen) {
      expect(line).not.toContain(password);
      expect(line).not.toContain(databasePassword);
      expect(line).not.toContain(shop.key);
    }
  });
});

/** The words of every process that this user may see. */
function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    });
}
