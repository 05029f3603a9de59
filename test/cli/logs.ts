import { keepSecret } from "../cast/binary.js";
import type { Outcome, Sending } from "../cast/logs.js";
import { LogBook, logPerson, logSecret, seeded, uuid } from "../cast/logs.js";
import type { Shop } from "./fixtures.js";

/*
 * What the application's web process and its workers write while it sends the sales of a test: whole for the last ten
 * hours, so that every attempt since a payment is known.
 */

keepSecret("an access token of a log's dump", logSecret);
keepSecret("a customer of a log's dump", logPerson);

const HOURS = 10;

/** The web process queued it; how its runs ended; whether it waited in vain. Or it never came to that. */
export type Route =
  | { readonly runs: readonly Outcome[]; readonly waited?: boolean }
  | "not queued"
  | "misconfigured";

export interface Told {
  readonly saleId: number;
  readonly route: Route;
  readonly hoursAgo: number;
  /** The page view's id, unless told otherwise. */
  readonly eventId?: string;
  readonly paymentId: string;
}

/** Writes the logs into a folder; gives the environment that names them. */
export function logsOf(shop: Shop, folder: string, told: readonly Told[]): Record<string, string> {
  const random = seeded(7);
  const book = new LogBook(random);
  const now = Date.now();
  for (let minute = HOURS * 60; minute > 0; minute -= 4) {
    book.say(now - minute * 60_000, "GET /");
    book.tell(now - minute * 60_000, "MainProcess", "sync with celery@shop-1");
  }
  for (const one of told) tellOf(book, { ...one, pixelId: shop.pixels[0] }, uuid(random), now);
  book.write(folder);
  return {
    PURCHASE_FIX_EVIDENCE_LOGS: `${folder}/gunicorn.log* ${folder}/celery.log*`,
    PURCHASE_FIX_LOG_TIMEZONE: "America/Sao_Paulo",
  };
}

function tellOf(book: LogBook, one: Told & { readonly pixelId: string }, task: string, now: number): void {
  const { saleId, paymentId, route, pixelId, eventId = `pageview_${saleId}` } = one;
  const sending: Sending = { saleId, paymentId, pixelId, eventId };
  const start = now - one.hoursAgo * 3_600_000;
  if (route === "misconfigured") {
    const at = book.prepare(start, sending, "flag");
    book.say(
      at + 5,
      `❌ PROBLEMA RAIZ: Meta tracking DESABILITADO para pool 6 (Payment ${paymentId})`,
      "ERROR",
    );
    return;
  }
  const at = book.prepare(start, sending);
  if (route === "not queued") {
    book.say(
      at + 5,
      "❌ ERRO CRÍTICO ao enfileirar Purchase no Celery: Error 111 connecting: Connection refused",
      "ERROR",
    );
    return;
  }
  book.queued(at + 5, sending, task);
  if (route.waited === true) book.waitedInVain(at + 10_005, task);
  book.received(at + 8, task);
  let from = at + 12_000;
  for (const [index, outcome] of route.runs.entries()) {
    const end = book.run(from, task, sending, outcome, { attempt: index + 1 });
    from = end + 2 ** (index + 1) * 1_000;
    if (index < route.runs.length - 1) book.received(end + 2, task);
  }
}
