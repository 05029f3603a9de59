import { newFernetKey } from "../demo/fernet.js";
import type { Graph } from "../demo/graph/start.js";
import { startGraph } from "../demo/graph/start.js";
import { insertBot, insertPool, insertSale } from "../demo/shop.js";
import { start } from "./program.js";
import type { Restored } from "./look.js";
import { rowsOf } from "./look.js";
import type { Database } from "./server.js";
import { newDatabase } from "./server.js";

/** Where cases play: a server, and a stand-in for Graph of each worker's own. */
export interface Place {
  readonly server: string;
  readonly key: string;
  readonly graph: Graph;
}

/** What a case begins with: a database to copy, a command, and how the stand-in behaves. */
export interface Scenario {
  /** As `--only` names it. */
  readonly name: string;
  readonly words: readonly string[];
  /**
   * What makes up the next clean run. Before `resend` comes `confirm`: where a run died between Meta's yes and the row, the
   * yes is on record, and sending again is what must not happen.
   */
  readonly clean: readonly (readonly string[])[];
  readonly template: string;
  /** An event that Meta refuses, so that its batch is halved until it is alone. */
  readonly refused: string | null;
  /** What an undo owes; null where nothing is undone. */
  readonly restored: Restored | null;
}

const pixels = ["410000000000001", "410000000000002"] as const;
const hours = ["--hours", "240", "--yes"];
const revert = ["revert", ...hours, "--without-proof"];
/** Sales of each pixel in a scenario of many. */
const MANY = 8;

export const commands = ["resend", "revert", "confirm", "undo", "reconcile"] as const;
export type Command = (typeof commands)[number];

export async function openPlace(server: string, key = newFernetKey()): Promise<Place> {
  const graph = await startGraph({
    pixels: pixels.map((id) => ({ id, name: id, tokens: [`token-of-pixel-${id}`] })),
  });
  return { server, key, graph };
}

export const environment = ({ key, graph }: Place, database: string, url = graph.url) => ({
  DATABASE_URL: database,
  ENCRYPTION_KEY: key,
  META_GRAPH_URL: url,
});

/** A shop with that many stuck sales of each pixel, one that waits for nothing, and a template of it. */
export async function prepare(place: Place, command: Command, size: "one" | "many"): Promise<Scenario> {
  const db = await newDatabase(place.server);
  await fill(db, place, size, command === "revert" || command === "undo" || command === "reconcile" ? 30 : 5);
  if (command === "confirm") await forget(db, place);
  const undoing = command === "undo" ? await giveBack(db, place, size) : null;
  // Proof of loss for whole batches: it is the reason to send them, and no folding is needed.
  if ((command === "resend" || command === "reconcile") && size === "many")
    await run(place, db, ["attest", ...span(), "--yes"]);
  // What nobody can send is given back.
  if (command === "reconcile")
    await db.query("update redirect_pools set meta_tracking_enabled = false where meta_pixel_id = $1", [
      pixels[1],
    ]);
  await db.leave();
  const words = undoing?.words ?? (command === "revert" ? revert : [command, ...hours]);
  const refused = command === "resend" && size === "many" ? "pageview_103" : null;
  const clean = command === "resend" ? [["confirm", ...hours], words] : [words];
  const restored = undoing?.restored ?? null;
  return { name: `${command} ${size}`, words, clean, template: db.name, refused, restored };
}

async function fill(db: Database, { key }: Place, size: "one" | "many", paidHoursAgo: number): Promise<void> {
  const [first, second] = [await insertBot(db.client, { id: 19 }), await insertBot(db.client, { id: 43 })];
  await insertPool(db.client, { pixelId: pixels[0], key, bots: [first] });
  await insertPool(db.client, { pixelId: pixels[1], key, bots: [second] });
  const sell = async (id: number, row: Partial<Parameters<typeof insertSale>[1]> = {}) =>
    await insertSale(db.client, {
      id,
      botId: first,
      pageviewEventId: `pageview_${id}`,
      paidHoursAgo,
      ...row,
    });
  await sell(1, { metaEventId: "pageview_1" });
  await sell(2, { status: "refunded" });
  await sell(3, { flagged: false });
  await sell(101);
  if (size === "one") return;
  for (let n = 2; n <= MANY; n += 1) await sell(100 + n);
  for (let n = 1; n <= MANY; n += 1) await sell(200 + n, { botId: second });
  // Two bought twice after one click; one is older than Meta accepts, and would sink its whole batch.
  await sell(301, { pageviewEventId: "pageview_102", paidHoursAgo: paidHoursAgo - 1 });
  await sell(302, { botId: second, pageviewEventId: "pageview_202", paidHoursAgo: paidHoursAgo - 1 });
  await sell(EXPIRED, { paidHoursAgo: 24 * 8 });
}

export const EXPIRED = 401;

/** Meta has the sales, and the rows have lost the ids: a part of the table was restored. */
async function forget(db: Database, place: Place): Promise<void> {
  await run(place, db, ["resend", ...hours]);
  await db.query("update payments set meta_event_id = null where id > 100 and meta_event_id is not null");
  await place.graph.reset();
}

/** A window was given back by mistake; since then the application sent one of its sales at a visit, and one was refunded. */
async function giveBack(db: Database, place: Place, size: "one" | "many") {
  const rows = await rowsOf(db);
  await run(place, db, revert);
  const [last] = await db.query<{ id: string }>("select run_id as id from purchase_fix.attempt limit 1");
  const touched =
    size === "one"
      ? []
      : await db.query<{ id: number }>(`
          update payments set meta_purchase_sent = true, meta_purchase_sent_at = updated_at,
                 meta_event_id = case when id = 105 then pageview_event_id end,
                 status = case when id = 105 then status else 'refunded' end
          where id in (105, 106) and not meta_purchase_sent returning id`);
  return {
    words: ["undo", last?.id ?? "", "--yes"],
    restored: { rows, touched: touched.map(({ id }) => id) },
  };
}

async function run(place: Place, db: Database, words: readonly string[]): Promise<void> {
  const { code, stderr } = await start(words, environment(place, db.url)).ended;
  if (code !== 0 && code !== 1) throw new Error(`${words[0]} ended with ${code}:\n${stderr}`);
}

function span(): string[] {
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  return ["--from", ago(40), "--to", ago(0), "--reason", "the workers were gone"];
}
