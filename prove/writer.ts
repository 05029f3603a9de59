import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "./server.js";
import type { Place } from "./shops.js";

/** The shop while we act: customers pay, get their money back, and late tasks report sales to Meta themselves. */
export class Writer {
  readonly #graph: string;
  readonly #db: Database;
  #turn = 0;

  constructor({ graph }: Place, db: Database) {
    this.#graph = graph.url;
    this.#db = db;
  }

  /** Writes a few rows at a time until the promise is kept, and gives what it holds. */
  async writeUntil<T>(over: Promise<T>): Promise<T> {
    const isOver = over.then(() => true);
    do await this.#write();
    while (!(await Promise.race([isOver, sleep(30, false)])));
    return await over;
  }

  async #write(): Promise<void> {
    this.#turn += 1;
    const some = (where: string) =>
      `select id from payments where ${where} and pageview_event_id like 'pageview_many_%' order by random() limit 1
       for update skip locked`;
    if (this.#turn % 3 === 0) {
      await this.#db.query(
        `update payments set status = 'paid', paid_at = now() at time zone 'America/Sao_Paulo' - interval '1 hour',
                meta_purchase_sent = true, meta_purchase_sent_at = now() at time zone 'America/Sao_Paulo' - interval '1 hour'
         where id in (${some("status = 'pending'")})`,
      );
    } else if (this.#turn % 3 === 1) {
      await this.#db.query(
        `update payments set status = 'refunded' where id in (${some("status = 'paid'")})`,
      );
    } else await this.#lateTask(some("status = 'paid' and meta_purchase_sent and meta_event_id is null"));
  }

  /** A task that Celery delivers late: it sends under the page's id, which Meta folds, and stores the id. */
  async #lateTask(one: string): Promise<void> {
    const [sale] = await this.#db.query<{ id: number; event: string; pixel: string; at: number }>(
      `select p.id, p.pageview_event_id as event, r.meta_pixel_id as pixel,
              floor(extract(epoch from p.paid_at at time zone 'America/Sao_Paulo'))::integer as at
       from payments p join pool_bots b on b.bot_id = p.bot_id join redirect_pools r on r.id = b.pool_id
       where p.id in (${one})`,
    );
    if (!sale) return;
    const event = {
      event_name: "Purchase",
      event_time: sale.at,
      event_id: sale.event,
      action_source: "website",
      event_source_url: "https://loja.example/go/um",
      user_data: {
        external_id: "a".repeat(64),
        client_ip_address: "203.0.113.7",
        client_user_agent: "Mozilla/5.0",
      },
      custom_data: { value: 10, currency: "BRL" },
    };
    const headers = {
      authorization: `Bearer token-of-pixel-${sale.pixel}`,
      "content-type": "application/json",
    };
    const sent = await fetch(`${this.#graph}/v26.0/${sale.pixel}/events`, {
      method: "POST",
      headers,
      body: JSON.stringify({ data: [event] }),
      signal: AbortSignal.timeout(1_000),
    }).catch(() => null);
    // The application stores the id after a 200 only; whatever else came, the sale stays stuck.
    if (sent?.status !== 200 || !/"events_received":\s*1\b/.test(await sent.text().catch(() => ""))) return;
    await this.#db.query(
      "update payments set meta_event_id = pageview_event_id where id = $1 and meta_event_id is null and status = 'paid'",
      [sale.id],
    );
  }
}
