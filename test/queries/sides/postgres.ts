import { Client } from "pg";
import { openProduct } from "../../cast/product.js";
import type { ShopDatabase } from "../../cast/database.js";
import { shopDatabase } from "../../cast/database.js";
import { newFernetKey, insertBot, insertPool } from "../../cast/shop.js";
import type { Entry, Side } from "./side.js";
import { at } from "./side.js";
import type { Change, RowDraft } from "./story.js";

/** The product's own queries over a real shop. */
export interface PostgresSide extends Side {
  close(): Promise<void>;
}

/** The shop's trigger refuses our writes of the rows that are listed, and nobody else's. */
const refusal = `
  create table refused (id bigint);
  create function refuse() returns trigger language plpgsql as $$
    begin
      if current_setting('application_name') like 'test-product%' and exists (select from refused r where r.id = new.id)
      then raise check_violation using message = 'payments_check';
      end if;
      return new;
    end $$;
  create trigger refusing before update on payments for each row execute function refuse()`;

export async function onPostgres(): Promise<PostgresSide> {
  const db = await shopDatabase("doubles");
  await insertBot(db.witness, { id: 1 });
  const key = newFernetKey();
  for (const id of [1, 2]) await insertPool(db.witness, { id, pixelId: `pixel_${id}`, key, bots: [1] });
  await db.query(refusal);
  const product = openProduct(db);
  await product.runs.prepare();
  const locker = new Client({ connectionString: db.url, application_name: "test-application" });
  await locker.connect();
  return {
    attempts: product.attempts,
    evidence: product.evidence,
    sales: product.sales,
    runs: product.runs,
    now: () => Date.now() + 1_000,
    reset: (rows) => reset(db, rows),
    write: (id, change) => write(db, id, change),
    expire: async () =>
      void (await db.query("update purchase_fix.lease set expires_at = clock_timestamp() - interval '1 s'")),
    during: async (locked, refusing, work) => {
      if (refusing.length > 0) await db.query("insert into refused select unnest($1::bigint[])", [refusing]);
      if (locked.length > 0) {
        await locker.query("begin");
        await locker.query("select from payments where id = any($1) for update", [locked]);
      }
      try {
        return await work();
      } finally {
        if (locked.length > 0) await locker.query("rollback");
        if (refusing.length > 0) await db.query("delete from refused");
      }
    },
    // The application writes Brazil's local time.
    moment: (mark) => Math.floor(Date.parse(`${mark.replace(" ", "T")}-03:00`)),
    journal: () => db.query<Entry>(journalSql),
    close: async () => {
      await locker.end();
      await product.close();
      await db.close();
    },
  };
}

async function reset(db: ShopDatabase, rows: readonly RowDraft[]): Promise<void> {
  await db.query(
    "delete from payments; delete from purchase_fix.attempt; delete from purchase_fix.lease; delete from purchase_fix.run",
  );
  const drafts = rows.map(({ created, paid, flaggedAt, ...row }) => ({
    ...row,
    created_at: local(at(created)),
    paid_at: local(at(paid)),
    flagged_at: local(at(flaggedAt)),
  }));
  await db.query(
    `insert into payments (id, bot_id, payment_id, status, amount, created_at, updated_at, paid_at, meta_purchase_sent,
       meta_purchase_sent_at, meta_event_id, pageview_event_id, purchase_sent_from_delivery, pool_id)
     select d.id, 1, 'BOT19_' || d.id, d.status, d.amount, d.created_at, d.created_at, d.paid_at, d.flagged, d.flagged_at,
            d."metaEventId", d.click, false, d.pool
     from jsonb_to_recordset($1::jsonb) d(id int, status text, amount float, created_at timestamp, paid_at timestamp,
       flagged boolean, flagged_at timestamp, "metaEventId" text, click text, pool int)`,
    [JSON.stringify(drafts)],
  );
}

const local = (moment: number | null) =>
  moment === null ? null : new Date(moment - 3 * 3_600_000).toISOString().slice(0, 19);

async function write(db: ShopDatabase, id: number, change: Change): Promise<void> {
  const set = (columns: string, value: string | null = null) =>
    db.query(`update payments set ${columns} where id = $1 and ($2::text is null or true)`, [id, value]);
  switch (change.kind) {
    case "refunded":
      return void (await set("status = 'refunded'"));
    case "paid again":
      return void (await set("status = 'paid'"));
    case "flagged anew":
      return void (await set(
        "meta_purchase_sent = true, meta_purchase_sent_at = $2::timestamp",
        local(at(change.at)),
      ));
    case "given back":
      return void (await set("meta_purchase_sent = false, meta_purchase_sent_at = null"));
    case "confirmed":
      return void (await set("meta_event_id = $2", change.eventId));
    case "amount":
      return void (await set("amount = $2::float", change.amount));
  }
}

const journalSql = `
  select a.id::text as id, a.run_id as run, r.command, a.sale_id::int as "saleId", a.event_id as "eventId",
         a.event_id_origin as origin, a.pixel_id as "pixelId", a.attempted_at::timestamp::text as at,
         a.flagged_before as "flaggedBefore", a.flagged_at_before as "flaggedAtBefore",
         a.flagged_at_claimed as "flaggedAtClaimed", a.meta_event_id_before as "metaEventIdBefore",
         a.flagged_after as "flaggedAfter", a.flagged_at_after as "flaggedAtAfter",
         a.meta_event_id_after as "metaEventIdAfter", a.answer, a.effect, a.because,
         a.blame, a.events,
         a.settled_at::timestamp::text as "settledAt"
  from purchase_fix.attempt a join purchase_fix.run r on r.id = a.run_id
  order by a.id`;
