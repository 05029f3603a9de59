import { exchangeFaults } from "../demo/graph/faults.js";
import type { FaultRule } from "../demo/graph/start.js";
import type { Case } from "./crash.js";
import { attemptsOf, rowsOf } from "./look.js";
import { start } from "./program.js";
import type { Database } from "./server.js";
import { inShop } from "./matrix.js";
import type { Place } from "./shops.js";
import { environment, prepare } from "./shops.js";
import { Writer } from "./writer.js";

/**
 * Every fault that the stand-in knows, but for rate limits: each is a pause of a minute at least, and a soak that waits
 * overlaps with nothing.
 */
const faults: readonly FaultRule[] = [
  ...exchangeFaults,
  ...(["transient-400", "policy", "credentials", "too-few", "redirect", "unknown-4xx"] as const),
].map((fault, at): FaultRule => ({ fault, after: at }));
const stored: readonly FaultRule[] = [
  { fault: "500-1", stored: true, after: 2 },
  { fault: "500-2", after: 4 },
  { fault: "html-502", stored: true, after: 6 },
  { fault: "slow", ms: 700, after: 8 },
  { fault: "event-refused", eventId: "pageview_many_7", times: -1 },
];

/** Four runs at once on so many stuck sales, while the shop goes on and Meta fails in every way; then all is well again. */
export function soakCase(sales: number): Case {
  return {
    name: "soak",
    group: `soak: 4 runs at once, ${sales} sales`,
    play: async (place) => {
      const scenario = await prepare(place, "resend", "one");
      return await inShop(place, scenario, async (db) => ({
        struck: true,
        violations: await soak(place, db, sales),
      }));
    },
  };
}

async function soak(place: Place, db: Database, sales: number): Promise<string[]> {
  await sell(db, sales);
  await place.graph.fault(...faults, ...stored);
  const env = environment(place, db.url);
  const window = ["--hours", "240", "--yes", "--wait", "120s"];
  const runs = [
    ["resend", ...window, "--timeout", "2s", "--limit", String(sales / 2)],
    ["revert", ...window, "--without-proof", "--limit", String(sales / 10)],
    ["confirm", ...window],
    ["reconcile", ...window, "--timeout", "2s"],
  ].map((words) => start(words, env));
  const writer = new Writer(place, db);
  const isOver = Promise.all(runs.map(({ ended }) => ended));
  const told = await writer.writeUntil(isOver);
  const odd = told
    .filter(({ code }) => code !== 0 && code !== 1)
    .map(({ code, stderr }) => `a run ended with ${code}: ${stderr}`);
  await place.graph.heal();
  // Stands for the quarter of an hour after which a sale that was refused by itself is tried again.
  await db.query(
    "update purchase_fix.attempt set attempted_at = attempted_at - interval '16 minutes' where blame = 'sale'",
  );
  const { code, stderr } = await start(["reconcile", ...window], env).ended;
  if (code !== 0 && code !== 1) odd.push(`the clean reconcile ended with ${code}: ${stderr}`);
  return [...odd, ...(await broken(place, db))];
}

/** Half of each pixel; paid five hours ago, or thirty, which is when a window's revert may take them. */
async function sell(db: Database, sales: number): Promise<void> {
  await db.query(
    `insert into payments (bot_id, payment_id, status, amount, meta_purchase_sent, meta_purchase_sent_at,
                           pageview_event_id, purchase_sent_from_delivery, customer_user_id, created_at, updated_at, paid_at)
     select case when n % 2 = 0 then 19 else 43 end, 'BOT_many_' || n, case when n % 20 = 0 then 'pending' else 'paid' end, 10,
            n % 20 <> 0, case when n % 20 <> 0 then t end, 'pageview_many_' || n, false, 'user_7712345' || n, t, t,
            case when n % 20 <> 0 then t end
     from generate_series(1, $1::integer) n,
          lateral (select now() at time zone 'America/Sao_Paulo' - case when n % 3 = 0 then 30 else 5 end * interval '1 hour' as t) paid`,
    [sales],
  );
}

/** The invariants, as far as they can be told while somebody else writes: every sale by its own ids. */
async function broken({ graph }: Place, db: Database): Promise<string[]> {
  const [rows, attempts, ledger] = [await rowsOf(db), await attemptsOf(db), await graph.ledger()];
  const counts = new Map<string, number>();
  for (const { eventId, counted } of ledger)
    if (counted) counts.set(String(eventId), (counts.get(String(eventId)) ?? 0) + 1);
  const stuck = await db.query<{ id: number; event: string }>(
    `select id, pageview_event_id as event from payments
     where status = 'paid' and meta_purchase_sent and meta_event_id is null and pageview_event_id <> 'pageview_many_7'`,
  );
  const ours = rows.filter(({ event }) => event?.startsWith("pageview_many_"));
  return [
    ...[...counts]
      .filter(([, count]) => count !== 1)
      .map(([event, count]) => `I1: ${event} counts ${count} times`),
    ...[...counts.keys()]
      .filter((event) => event.startsWith("purchase_"))
      .map((event) => `I1: ${event} is a second id of its sale`),
    ...ours
      .filter(({ event }) => counts.get(String(event)) !== 1)
      .map(({ event }) => `I1: ${event} is confirmed and was not counted`),
    ...stuck.map(({ id, event }) => `I2: sale ${id} (${event}) stayed unsent`),
    ...attempts.filter(({ settled }) => !settled).map(({ sale }) => `sale ${sale} is still unsettled`),
    ...rows
      .filter(
        ({ id }) => attempts.filter(({ sale, effect }) => sale === id && effect === "confirmed").length > 1,
      )
      .map(({ id }) => `I4: sale ${id} was confirmed twice`),
  ];
}
