import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { freePort } from "../../demo/postgres-watchdog.js";
import { startBroker, type BrokerLab } from "../cast/broker.js";
import { celeryParts } from "../cast/celery.js";
import { LogBook, logPerson, logSecret, seeded, uuid, type Sending } from "../cast/logs.js";
import { mailOfCustomer, token } from "../cast/messages.js";
import type { Shop } from "./fixtures.js";
import { test } from "./fixtures.js";

const HOUR = 3_600_000;
const zone = "--log-timezone America/Sao_Paulo";

interface Found {
  readonly sales: readonly { readonly id: number; readonly verdict: string; readonly because: string }[];
}
async function verdicts(shop: Shop, words = "", env = {}): Promise<Record<number, string>> {
  const { stdout } = await shop.run(`find-stuck --hours 200 --json ${words}`, { env });
  return Object.fromEntries((JSON.parse(stdout) as Found).sales.map(({ id, verdict }) => [id, verdict]));
}

/** Everything in our schema, to the last character. */
async function allKept(shop: Shop): Promise<string> {
  const names = ["observation", "log_event", "log_position", "attestation", "run"];
  const rows = [];
  for (const name of names)
    rows.push(await shop.db.query(`select t::text as row from purchase_fix.${name} t`));
  return JSON.stringify(rows);
}

/** A sale of Ana's whose task Meta accepted, and one of Beto's whose wait timed out, as the logs tell it. */
async function logged(shop: Shop, folder: { write(name: string, text: string): string }) {
  const random = seeded(7);
  const book = new LogBook(random);
  const start = Date.now() - 5 * HOUR;
  const sending = (id: number): Sending => {
    return {
      paymentId: `BOT19_1763607031_${id}`,
      saleId: id,
      eventId: `pageview_${id}`,
      pixelId: shop.pixels[0],
    };
  };
  const sell = async () => {
    const id = await shop.sale({ paidHoursAgo: 5.001 });
    await shop.db.query("update payments set payment_id = $1 where id = $2", [sending(id).paymentId, id]);
    return id;
  };
  const [ana, beto] = [await sell(), await sell()];
  const tasks = [uuid(random), uuid(random)] as const;
  for (const [at, id] of [ana, beto].entries()) {
    const [sale, task = ""] = [sending(id), tasks[at]];
    const ready = book.prepare(start + at * 60_000, sale);
    book.queued(ready + 20, sale, task);
    book.received(ready + 30, task);
  }
  const { web, worker } = book.texts();
  const files = [
    folder.write("gunicorn.log", `${web.join("\n")}\n`),
    folder.write("celery.log", `${worker.join("\n")}\n`),
  ];
  const rest = new LogBook(random);
  rest.run(start + 2_000, tasks[0], sending(ana), "success");
  return {
    ana,
    beto,
    files,
    words: `${files.map((file) => `--evidence-log ${file}`).join(" ")} ${zone}`,
    finish: () => appendFileSync(files[1] ?? "", `${rest.texts().worker.join("\n")}\n`),
  };
}

describe.concurrent("observe", () => {
  test("keeps what the logs say: a later run reads only what is new, or needs no log at all", async ({
    shop,
    folder,
  }) => {
    const { ana, beto, words, finish } = await logged(shop, folder);
    const rows = await shop.snapshot();
    const first = await shop.run(`observe ${words}`);
    expect(first.stderr).toMatch(/^0 tasks under way, 0 results kept, \d\d log lines kept\n$/);
    expect([first.code, first.stdout]).toEqual([0, ""]);
    expect(await verdicts(shop)).toEqual({ [ana]: "ambiguous", [beto]: "ambiguous" });
    finish();
    // What is new beside what was kept; and none of that is kept by a run that only looks.
    expect(await verdicts(shop, words)).toEqual({ [ana]: "delivered", [beto]: "ambiguous" });
    expect(await verdicts(shop)).toEqual({ [ana]: "ambiguous", [beto]: "ambiguous" });
    const second = await shop.run(`observe ${words}`);
    expect(second.stderr).toMatch(/, 2 log lines kept\n$/);
    expect((await shop.run(`observe ${words}`)).stderr).toMatch(/, 0 log lines kept\n$/);
    expect(await verdicts(shop)).toEqual({ [ana]: "delivered", [beto]: "ambiguous" });
    expect(await shop.snapshot()).toEqual(rows);
    expect((await shop.run("confirm --hours 24 --yes")).code).toBe(0);
    expect(await shop.states()).toEqual({ [ana]: `confirmed as pageview_${ana}`, [beto]: "stuck" });
    for (const secret of [logSecret, logPerson]) expect(await allKept(shop)).not.toContain(secret);
  });

  test("is silent with --quiet, journals no run, and changes no sale", async ({ shop, folder }) => {
    const { words } = await logged(shop, folder);
    const before = await shop.snapshot();
    expect(await shop.run(`observe --quiet ${words}`)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await shop.db.query("select id from purchase_fix.run")).toEqual([]);
    expect(await shop.snapshot()).toEqual(before);
  });

  test("ends with 75 where another one of this host is at it, and does not wait for a run that acts", async ({
    shop,
    folder,
  }) => {
    const { words } = await logged(shop, folder);
    await shop.run(`observe ${words}`);
    await shop.db.query(
      "update purchase_fix.lease set expires_at = now() + interval '1 minute', run_id = 'other'",
    );
    const { code, stdout, stderr } = await shop.run(`observe ${words}`);
    expect(stderr).toContain("error: Another observe is at it on ");
    expect([code, stdout]).toEqual([75, ""]);
    await shop.db.query(
      "update purchase_fix.lease set name = 'run'; insert into purchase_fix.run (id, command, host, user_name, pid, program_version, token) values ('other', 'resend', 'web-2', 'eva', 1, '0', 1)",
    );
    expect((await shop.run(`observe ${words}`)).code).toBe(0);
  });

  test("exits with 2 where there is nothing to observe, and makes no schema for that", async ({ shop }) => {
    const { code, stdout, stderr } = await shop.run("observe");
    expect(stderr).toContain("error: There is nothing to observe\n");
    expect([code, stdout]).toEqual([2, ""]);
    expect(await shop.attempts()).toBeNull();
  });

  test("exits with 2 where the broker is gone, and keeps what the logs say all the same", async ({
    shop,
    folder,
  }) => {
    const { words } = await logged(shop, folder);
    const env = { CELERY_BROKER_URL: `redis://127.0.0.1:${await freePort()}/0` };
    const { code, stderr } = await shop.run(`observe ${words}`, { env });
    expect(stderr).toContain("the broker was not read: ");
    expect(stderr).toMatch(/ \d\d log lines kept\n$/);
    expect(code).toBe(2);
  });

  test("what it kept cannot be read by this role: that is said, and sales are judged without it", async ({
    shop,
    folder,
  }) => {
    const { ana, beto, words } = await logged(shop, folder);
    await shop.run(`observe ${words}`);
    const role = `reader_${shop.db.name}`;
    await shop.db.query(
      `create role ${role} login; grant select on all tables in schema public to ${role};
       grant usage on schema purchase_fix to ${role}; grant select on purchase_fix.attempt, purchase_fix.run to ${role}`,
    );
    const url = new URL(shop.env["DATABASE_URL"] ?? "");
    url.username = role;
    try {
      const { code, stdout, stderr } = await shop.run("find-stuck --hours 24 --json", {
        env: { DATABASE_URL: url.href },
      });
      expect(stderr).toContain("what earlier runs kept was not read: The database role lacks a privilege");
      expect(Object.keys(JSON.parse(stdout) as Found).length).toBeGreaterThan(0);
      expect((JSON.parse(stdout) as Found).sales.map(({ id }) => id)).toEqual(
        expect.arrayContaining([ana, beto]),
      );
      expect(code).toBe(0);
    } finally {
      await shop.db.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

const parts = celeryParts();
let lab: BrokerLab;
beforeAll(async () => {
  if (parts.available) lab = await startBroker();
});
afterAll(() => lab?.stop());

describe.skipIf(!parts.available)("observe with a real worker", { timeout: 60_000 }, () => {
  test("keeps which task bore which event id, and its result, which Redis forgets after an hour", async ({
    shop,
  }) => {
    const env = { CELERY_BROKER_URL: lab.redis.url(0), CELERY_RESULT_BACKEND: lab.redis.url(1) };
    const [sale, other, waiting] = [await shop.sale(), await shop.sale(), await shop.sale()];
    await lab.worker("w1");
    const held = lab.hold();
    await lab.queue(
      { eventId: `pageview_${sale}`, behaviour: { while_exists: held.path } },
      { eventId: `pageview_${waiting}`, behaviour: { while_exists: held.path } },
      { eventId: `pageview_${other}`, name: "PageView" },
    );
    await lab.until(
      ({ tasks }) => tasks.size === 2 && [...tasks.values()].some(({ state }) => state === "running"),
    );

    const first = await shop.run("observe", { env });
    expect(first.stderr).toBe("2 tasks under way, 0 results kept, 0 log lines kept\n");
    expect(first.code).toBe(0);
    expect(
      await shop.db.query(
        "select event_id, right(pixel_id, 4) as pixel, copies, last_seen_at is not null as seen from purchase_fix.observation order by 1",
      ),
    ).toEqual([
      { event_id: `pageview_${sale}`, pixel: "7890", copies: 1, seen: true },
      { event_id: `pageview_${waiting}`, pixel: "7890", copies: 1, seen: true },
    ]);

    held.release();
    await lab.until(({ tasks }) => tasks.size === 0);
    const second = await shop.run("observe", { env });
    expect(second.stderr).toBe("0 tasks under way, 2 results kept, 0 log lines kept\n");
    await lab.results().send(["FLUSHDB"]);
    const known = { [sale]: "delivered", [waiting]: "delivered", [other]: "ambiguous" };
    expect(await verdicts(shop, "", env)).toEqual(known);
    expect(await verdicts(shop, "--no-broker", env)).toEqual(known);
    // A host without a way to the broker knows it too.
    expect(await verdicts(shop)).toEqual(known);
    expect(await allKept(shop)).not.toMatch(new RegExp(`${token}|${mailOfCustomer}`));

    const { code } = await shop.run(`confirm --id ${sale}`, { env });
    expect(code).toBe(0);
    expect(await shop.states()).toEqual({
      [sale]: `confirmed as pageview_${sale}`,
      [waiting]: "stuck",
      [other]: "stuck",
    });
  });

  test("never concludes from what it kept that no task lives: a window's revert waits as before", async ({
    shop,
  }) => {
    const env = { CELERY_BROKER_URL: lab.redis.url(0), CELERY_RESULT_BACKEND: lab.redis.url(1) };
    const sale = await shop.sale({ paidHoursAgo: 5 });
    expect((await shop.run("observe", { env })).code).toBe(0);
    const { stdout } = await shop.run("revert --hours 24 --without-proof --yes --no-broker", { env });
    expect(stdout).toContain("its own task may retry for 17 h yet");
    expect(await shop.states()).toEqual({ [sale]: "stuck" });
  });
});
