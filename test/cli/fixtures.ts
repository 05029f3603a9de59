/* oxlint-disable no-empty-pattern -- vitest reads from the pattern what a fixture needs, be it nothing */
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "vitest";
import type { FaultRule, Graph, LedgerEntry, RequestEntry } from "../../demo/graph/start.js";
import { startGraph } from "../../demo/graph/start.js";
import type { Ended, Invocation, Running, Terminal } from "../cast/binary.js";
import { keepSecret, onTerminal, purchaseFix, start } from "../cast/binary.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { SaleRow } from "../cast/shop.js";
import type { Gate } from "./gate.js";
import { gateBefore } from "./gate.js";
import { lookAt, lookInto } from "./looks.js";
import { insertBot, insertPool, insertSale, newFernetKey } from "../cast/shop.js";

/** A shop of one test: a database and two pixels of its own, so that tests can run side by side. */
export interface Shop {
  readonly db: ShopDatabase;
  readonly graph: Graph;
  /** DATABASE_URL, ENCRYPTION_KEY and META_GRAPH_URL: all that a shop with pools needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly key: string;
  /** Each bot is in a pool of its own, with a pixel of its own. */
  readonly bots: readonly [number, number];
  readonly pools: readonly [number, number];
  readonly pixels: readonly [string, string];
  /** A stuck sale of the first bot, paid five hours ago, whose event id is `pageview_<id>`, unless told otherwise. */
  sale(row?: Partial<SaleRow>): Promise<number>;
  /** That many stuck sales of the first bot at once, whose event ids are `pageview_many_<n>`; their ids, in order. */
  manySales(count: number): Promise<number[]>;
  /** The program with the shop's environment. Words are separated by spaces, unless a list is given. */
  run(words: Words, invocation?: Invocation): Promise<Ended>;
  start(words: Words, invocation?: Invocation): Running;
  onTerminal(words: Words, terminal?: Terminal): Running;
  /** Every sale, and what its row says: the one look that shows who was changed and who was left alone. */
  states(): Promise<Record<number, string>>;
  /** All rows of `payments`, to the last character. */
  snapshot(): Promise<string[]>;
  /** The journal, oldest attempt first; null where there is none. */
  attempts(): Promise<Attempt[] | null>;
  /** What this shop's pixels received. */
  ledger(): Promise<LedgerEntry[]>;
  /** Event ids that count at "Meta", sorted; one that counts twice stands there twice. */
  counted(): Promise<(string | null)[]>;
  /** Requests to this shop's pixels; waits until there are as many. */
  requests(atLeast?: number): Promise<RequestEntry[]>;
  /** On the first pixel unless told otherwise. */
  fault(rule: FaultRule): Promise<void>;
}

export type Words = string | readonly string[];

export interface Attempt {
  readonly run: string;
  readonly command: string;
  readonly sale: number;
  readonly eventId: string | null;
  readonly answer: string | null;
  readonly effect: string | null;
  readonly because: string | null;
  readonly settled: boolean;
}

/** More than any file has tests, times two. */
const pixels = Array.from({ length: 80 }, (_, at) => String(410_000_000_000_000 + at));

const withGraph = base.extend("graph", { scope: "file" }, async ({}, { onCleanup }) => {
  const graph = await startGraph({
    pixels: pixels.map((id) => ({ id, name: `Pixel ${id}`, tokens: [tokenOf(id)] })),
  });
  onCleanup(() => graph.stop());
  return graph;
});

/** A test with a shop, a folder and a gate of its own, where it asks for them, and one stand-in for Graph for the whole file. */
export const test = withGraph
  .extend("shop", async ({ graph }, { onCleanup }) => {
    const db = await shopDatabase("cli");
    onCleanup(() => db.close());
    return await openShop(db, graph);
  })
  .extend("gate", async ({ graph }, { onCleanup }): Promise<Gate> => {
    const gate = await gateBefore(graph.url);
    onCleanup(() => gate.close());
    return gate;
  })
  .extend("folder", async ({}, { onCleanup }) => {
    const path = mkdtempSync(join(tmpdir(), "purchase-fix-cli-"));
    onCleanup(() => rmSync(path, { recursive: true }));
    return folderAt(path);
  });

function folderAt(path: string) {
  return {
    path,
    /** Writes a file with these permissions; answers where it is. */
    write: (name: string, text: string, mode = 0o644): string => {
      const file = join(path, name);
      writeFileSync(file, text);
      chmodSync(file, mode);
      return file;
    },
  };
}

export function tokenOf(pixel: string): string {
  return `token-of-pixel-${pixel}`;
}

let opened = 0;

async function openShop(db: ShopDatabase, graph: Graph): Promise<Shop> {
  const [first, second] = [pixels[opened] ?? "", pixels[opened + 1] ?? ""];
  opened += 2;
  const key = newFernetKey();
  const bots = [
    await insertBot(db.witness, { id: 19, name: "Violão em Casa", username: "violao_bot" }),
    await insertBot(db.witness, { id: 43, name: "Receitas da Vovó", username: "receitas_bot" }),
  ] as const;
  const pools = [
    await insertPool(db.witness, { pixelId: first, token: tokenOf(first), key, bots: [bots[0]] }),
    await insertPool(db.witness, { pixelId: second, token: tokenOf(second), key, bots: [bots[1]] }),
  ] as const;
  keepSecret("ENCRYPTION_KEY", key);
  for (const pixel of [first, second]) keepSecret("an access token", tokenOf(pixel));
  const env = { DATABASE_URL: withPassword(db.url), ENCRYPTION_KEY: key, META_GRAPH_URL: graph.url };
  const merged = (around: Terminal = {}): Terminal => ({ ...around, env: { ...env, ...around.env } });
  return {
    db,
    graph,
    env,
    key,
    bots,
    pools,
    pixels: [first, second],
    sale: async (row) => await sell(db, { botId: bots[0], ...row }),
    manySales: async (count) => await sellMany(db, bots[0], count),
    run: async (words, around) => await purchaseFix(list(words), merged(around)),
    start: (words, around) => start(list(words), merged(around)),
    onTerminal: (words, around) => onTerminal(list(words), merged(around)),
    ...lookInto(db),
    ...lookAt(graph, [first, second]),
  };
}

export function list(words: Words): readonly string[] {
  return typeof words === "string" ? words.split(" ").filter((word) => word !== "") : words;
}

/** A server that trusts everybody takes any password, and so shows whether it is printed. */
export function withPassword(url: string): string {
  const parsed = new URL(url);
  if (parsed.password === "") parsed.password = "senha-do-banco-7f";
  if (parsed.password !== parsed.username)
    keepSecret("the database password", decodeURIComponent(parsed.password));
  return parsed.href;
}

let sold = 9000;

async function sell(db: ShopDatabase, row: SaleRow): Promise<number> {
  const id = row.id ?? ++sold;
  await insertSale(db.witness, { id, pageviewEventId: `pageview_${id}`, ...row });
  await keepCustomerSecret(db, id);
  return id;
}

async function sellMany(db: ShopDatabase, bot: number, count: number): Promise<number[]> {
  keepSecret("a customer's Telegram id", "7712345");
  const rows = await db.query<{ id: number }>(
    `insert into payments (bot_id, payment_id, status, amount, meta_purchase_sent, meta_purchase_sent_at,
                           pageview_event_id, purchase_sent_from_delivery, customer_user_id, created_at, updated_at, paid_at)
     select $1::integer, 'BOT' || $1 || '_many_' || n, 'paid', 10, true, t, 'pageview_many_' || n, false,
            'user_7712345' || n, t, t, t
     from generate_series(1, $2::integer) n, (select now() at time zone 'America/Sao_Paulo' - interval '5 hours' as t) paid
     returning id`,
    [bot, count],
  );
  return rows.map(({ id }) => id);
}

async function keepCustomerSecret(db: ShopDatabase, id: number): Promise<void> {
  const [row = {}] = await db.query<Record<string, string | null>>("select * from payments where id = $1", [
    id,
  ]);
  for (const column of ["customer_email", "customer_phone", "customer_document", "customer_name"]) {
    keepSecret(`a customer's ${column}`, row[column]);
  }
  keepSecret("a customer's Telegram id", row["customer_user_id"]?.replace(/^user_/, ""));
  const email = row["customer_email"]?.trim().toLowerCase();
  if (email) keepSecret("a digest of an e-mail", createHash("sha256").update(email).digest("hex"));
}
