import pg from "pg";

/* What scripts do: choose, then update each row in a transaction of its own. `node row-by-row.js URL COUNT` */

const [url = "", count = "0"] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
const { rows } = await client.query<{ id: number }>(
  `select id from payments where status = 'paid' and meta_purchase_sent and meta_event_id is null
   order by created_at desc limit $1`,
  [Number(count)],
);
const begun = performance.now();
for (const { id } of rows) {
  await client.query(
    `update payments set meta_purchase_sent = false, meta_purchase_sent_at = null
     where id = $1 and meta_event_id is null`,
    [id],
  );
}
process.stdout.write(JSON.stringify({ wallMs: performance.now() - begun }));
await client.end();
