import pg from "pg";
import type { Raw } from "./customers.js";
import { openSdk } from "./sdk.js";

/*
 * What an application does that sends its stuck sales again: a loop over Meta's SDK, an event a request, the row updated
 * after each answer. `node application.js DATABASE GRAPH COUNT`. It takes no claim, keeps no journal and reads nothing
 * back; and it is spared the decrypting of tokens.
 */

const [url = "", graphUrl = "", count = "0"] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
const sdk = openSdk(graphUrl, "token-of-the-benchmark");

const begun = performance.now();
const { rows } = await client.query<Raw & { id: number; pixel: string }>(
  `select p.id, r.meta_pixel_id as pixel, p.pageview_event_id as "eventId", p.amount as value,
          extract(epoch from p.paid_at at time zone 'America/Sao_Paulo')::int as seconds,
          p.customer_email as email, p.customer_phone as phone, split_part(p.customer_name, ' ', 1) as "firstName",
          split_part(p.customer_name, ' ', 2) as "lastName", replace(p.customer_user_id, 'user_', '') as "telegramId",
          '203.0.113.7' as ip, 'Mozilla/5.0 (Linux; Android 14)' as browser, p.product_name as product
   from payments p join pool_bots pb on pb.bot_id = p.bot_id join redirect_pools r on r.id = pb.pool_id
   where p.status = 'paid' and p.meta_purchase_sent and p.meta_event_id is null
   order by p.created_at desc limit $1`,
  [Number(count)],
);
for (const { id, pixel, ...raw } of rows) {
  await sdk.send(pixel, [raw]);
  await client.query("update payments set meta_event_id = $2, meta_purchase_sent_at = now() where id = $1", [
    id,
    raw.eventId,
  ]);
}
process.stdout.write(JSON.stringify({ wallMs: performance.now() - begun }));
await client.end();
