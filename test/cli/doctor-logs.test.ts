import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { keepSecret } from "../cast/binary.js";
import type { Sending } from "../cast/logs.js";
import { LogBook, logPerson, logSecret, seeded, uuid } from "../cast/logs.js";
import type { Shop } from "./fixtures.js";
import { alarms, test, unknowns } from "./wells.js";

keepSecret("an access token of a log's dump", logSecret);
keepSecret("a customer of a log's dump", logPerson);

const MINUTE = 60_000;
const random = seeded(11);

/** A log book in which something is written every four minutes, from so many minutes ago until then. */
function written(from: number, to = 0): LogBook {
  const book = new LogBook(random);
  for (let minute = from; minute >= to; minute -= 4) {
    book.say(Date.now() - minute * MINUTE, "GET /");
    book.tell(Date.now() - minute * MINUTE, "MainProcess", "sync with celery@shop-1");
  }
  return book;
}

/** A Purchase that was queued and ran, told as the application does it. */
function sent(
  book: LogBook,
  sale: Sending,
  minutesAgo: number,
  outcome: "success" | "refused" = "success",
): void {
  const task = uuid(random);
  const at = book.prepare(Date.now() - minutesAgo * MINUTE, sale);
  book.queued(at + 5, sale, task);
  book.received(at + 8, task);
  const end = book.run(at + 10, task, sale, outcome);
  if (outcome === "success") book.confirmed(end + 5, sale);
}

function sending(shop: Shop, eventId: string): Sending {
  return { saleId: 1, paymentId: `BOT19_logged_${eventId}`, eventId, pixelId: shop.pixels[0] };
}

const zone = { PURCHASE_FIX_LOG_TIMEZONE: "America/Sao_Paulo" };

function envOf(folder: string, names = "gunicorn.log* celery.log*") {
  const files = names.split(" ").map((name) => join(folder, name));
  return { PURCHASE_FIX_EVIDENCE_LOGS: files.join(" "), ...zone };
}

/** That the application stores ids before it sends, and nothing else, is found. */
function expectSuspicion(diagnosis: Parameters<typeof alarms>[0], what: string): void {
  expect(alarms(diagnosis)).toEqual(["id-before-send"]);
  expect(diagnosis.findings.find(({ name }) => name === "id-before-send")?.what).toContain(what);
}

const HOURS = 10 * 60;

describe.concurrent("doctor and the logs", { timeout: 60_000 }, () => {
  test("raises no alarm where they are whole and recent", async ({ well, shop, folder }) => {
    const book = written(HOURS);
    sent(book, sending(shop, "pageview_confirmed_19"), 300);
    book.write(folder.path);
    const diagnosis = await well.doctor(envOf(folder.path));
    expect([alarms(diagnosis), unknowns(diagnosis)]).toEqual([[], []]);
    expect(diagnosis.findings.find(({ name }) => name === "logs")?.what).toMatch(
      /^5 log files read, the last line of /,
    );
    expect(diagnosis.code).toBe(0);
  });

  test("finds one that is not there, and one that cannot be read, and reads the others", async ({
    well,
    shop,
    folder,
  }) => {
    const book = written(HOURS);
    sent(book, sending(shop, "pageview_confirmed_19"), 300);
    book.write(folder.path);
    mkdirSync(join(folder.path, "folder.log"));
    const diagnosis = await well.doctor(
      envOf(folder.path, "gunicorn.log* celery.log* folder.log nowhere.log"),
    );
    expect(alarms(diagnosis)).toEqual([
      `log-missing ${folder.path}/nowhere.log`,
      `log-unreadable ${folder.path}/folder.log`,
    ]);
    expect(diagnosis.findings.find(({ name }) => name === "log-unreadable")?.mend).toBe(
      `setfacl -m u:$(id -un):r ${folder.path}/folder.log`,
    );
    expect(diagnosis.code).toBe(1);
  });

  test("finds those that are not written any more: a payment was made after their last line", async ({
    well,
    shop,
    folder,
  }) => {
    const book = written(HOURS, 90);
    sent(book, sending(shop, "pageview_confirmed_19"), 300);
    book.write(folder.path);
    const diagnosis = await well.doctor(envOf(folder.path));
    expect(alarms(diagnosis)).toEqual([`log-stale ${folder.path}/gunicorn.log`]);
    expect(diagnosis.findings.find(({ name }) => name === "log-stale")?.mend).toBe(`ls -lt ${folder.path}/`);
  });

  test("finds a zone in which their last line lies in the future", async ({ well, shop, folder }) => {
    const book = written(HOURS);
    sent(book, sending(shop, "pageview_confirmed_19"), 300);
    book.write(folder.path);
    const env = { ...envOf(folder.path), PURCHASE_FIX_LOG_TIMEZONE: "America/Denver" };
    const found = alarms(await well.doctor(env));
    expect(found).toEqual(
      expect.arrayContaining([
        `log-future ${folder.path}/gunicorn.log`,
        `log-future ${folder.path}/celery.log`,
      ]),
    );
    // Parts of the last hours too, whichever those are; and nothing else.
    expect(found.filter((name) => !name.startsWith("log-future "))).toEqual([]);
  });

  test("finds that they begin after the oldest sale that is stuck", async ({ well, shop, folder }) => {
    const book = written(60);
    sent(book, sending(shop, "pageview_confirmed_19"), 20);
    book.write(folder.path);
    const diagnosis = await well.doctor(envOf(folder.path));
    expect(alarms(diagnosis)).toEqual(["log-covering"]);
    expect(diagnosis.findings.find(({ name }) => name === "log-covering")?.what).toMatch(
      /^the logs are whole since .*, and the oldest stuck sale is 2h/,
    );
  });

  test("finds a file that is no log of the application's, and says that the workers' is missing", async ({
    well,
    shop,
    folder,
  }) => {
    const book = written(HOURS);
    sent(book, sending(shop, "pageview_confirmed_19"), 300);
    book.write(folder.path);
    folder.write("access.log", '203.0.113.7 - - [20/Nov/2025:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n');
    const diagnosis = await well.doctor(envOf(folder.path, "gunicorn.log* access.log"));
    expect(alarms(diagnosis)).toContain(`log-odd ${folder.path}/access.log`);
    expect(diagnosis.findings.filter(({ level }) => level === "note").map(({ name }) => name)).toContain(
      "log-kinds",
    );
  });
});

describe.concurrent(
  "doctor and an application that stores the event id before it sends",
  { timeout: 60_000 },
  () => {
    test("is found in the web process's log, where the id is stored before its event is queued", async ({
      well,
      shop,
      folder,
    }) => {
      const book = written(HOURS);
      sent(book, sending(shop, "pageview_confirmed_19"), 300);
      const early = sending(shop, "pageview_early");
      book.say(
        Date.now() - 200 * MINUTE,
        `[META PURCHASE] Purchase - meta_event_id atualizado: ${early.eventId}...`,
      );
      sent(book, early, 199);
      book.write(folder.path);
      const diagnosis = await well.doctor(envOf(folder.path));
      expectSuspicion(diagnosis, "1 event ids were stored before they were queued");
    });

    test("is found where a sale bears the id of an event that Meta refused", async ({
      well,
      shop,
      folder,
    }) => {
      const book = written(HOURS);
      sent(book, sending(shop, "pageview_confirmed_19"), 300, "refused");
      sent(book, sending(shop, "pageview_confirmed_43"), 290);
      book.write(folder.path);
      const diagnosis = await well.doctor(envOf(folder.path));
      expectSuspicion(diagnosis, "1 sales bear an event id that Meta refused");
    });
  },
);

test("doctor does not suspect the application where Meta refused an event, and we sent it since", async ({
  well,
  shop,
  folder,
}) => {
  const paymentId = "BOT19_refused_once";
  const sale = await shop.sale({ paymentId });
  const book = written(HOURS);
  sent(book, { ...sending(shop, `pageview_${sale}`), paymentId }, 290, "refused");
  book.write(folder.path);
  const env = envOf(folder.path);
  const resent = await shop.run(`resend --id ${sale}`, { env: { ...well.env, ...env } });
  expect([resent.code, (await shop.states())[sale]]).toEqual([0, `confirmed as pageview_${sale}`]);
  expect(alarms(await well.doctor(env))).toEqual([]);
}, 60_000);
