/* oxlint-disable no-empty-pattern -- vitest reads from the pattern what a fixture needs, be it nothing */
import { existsSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { keepSecret, refuseSecrets } from "../cast/binary.js";
import type { Shop } from "./fixtures.js";
import { test as base } from "./fixtures.js";

/** All that an unattended run tells: a receiver of pings, a webhook, a bot, and a folder of metrics. One for each test. */
export interface Outside {
  /** Variables of an unattended run. */
  readonly env: Readonly<Record<string, string>>;
  readonly metricsFile: string;
  /** How it answers from now on; all is well unless told otherwise. */
  answer(how: (response: ServerResponse) => void): void;
  /** `start`, `0`: what was pinged, in order. */
  pings(): string[];
  ping(of: string): string;
  /** Texts that were posted: by the webhook, by the bot. */
  messages(): { readonly slack: string[]; readonly telegram: string[] };
  /** Everything that arrived. */
  requests(): { readonly path: string; readonly body: string }[];
  metrics(): string;
}

const keys = {
  ping: "chave-do-ping-77a1",
  hook: "chave-do-gancho-51c9",
  bot: "123456:chave-do-robo-0be2",
} as const;
const hook = `/services/T0/B0/${keys.hook}`;
const bot = `/bot${keys.bot}/sendMessage`;
for (const [name, key] of Object.entries(keys)) keepSecret(`the key of the ${name} URL`, key);

export const test = base.extend("outside", async ({ folder }, { onCleanup }): Promise<Outside> => {
  const requests: { path: string; body: string }[] = [];
  let how = (response: ServerResponse): void => void response.end("OK");
  const server = createServer((request, response) => {
    void (async () => {
      requests.push({ path: request.url ?? "", body: await text(request) });
      how(response);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanup(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const metricsFile = join(folder.path, "purchase_fix.prom");
  const posted = (path: string) =>
    requests
      .filter((one) => one.path === path)
      .map(({ body }) => (JSON.parse(body) as { text: string }).text);
  const pings = () => requests.filter(({ path }) => path.startsWith(`/${keys.ping}/`));
  const nameOf = (path: string) => path.slice(keys.ping.length + 2);
  return {
    env: {
      PURCHASE_FIX_PING_URL: `${url}/${keys.ping}`,
      PURCHASE_FIX_NOTIFY_URL: `${url}${hook} ${url}${bot}?chat_id=-1009`,
      PURCHASE_FIX_METRICS_FILE: metricsFile,
    },
    metricsFile,
    answer: (given) => void (how = given),
    pings: () => pings().map(({ path }) => nameOf(path)),
    ping: (of) => pings().find(({ path }) => nameOf(path) === of)?.body ?? "",
    messages: () => ({ slack: posted(hook), telegram: posted(bot) }),
    requests: () => requests,
    metrics: () => (existsSync(metricsFile) ? readFileSync(metricsFile, "utf8") : ""),
  };
});

/** Fails where anything that left the host names a secret, a customer, a bot or a sale, whatever column has it. */
export async function refuseNames(shop: Shop, outside: Outside): Promise<void> {
  const rows = await shop.db.query<{ column: string; value: string }>(
    `select distinct column_name as column, field.value
     from (select to_jsonb(p) as row from payments p union all select to_jsonb(b) from bots b
           union all select to_jsonb(r) from redirect_pools r) rows, jsonb_each_text(rows.row) field(column_name, value)
     where length(field.value) >= 6`,
  );
  const told = rows.filter(({ column }) => !/_at$|amount|pixel_id|^bot_id$/.test(column));
  if (told.length < 10) throw new Error("the shop has no names to look for");
  for (const { body } of [...outside.requests(), { body: outside.metrics() }]) {
    refuseSecrets(body);
    for (const { column, value } of told)
      if (body.includes(value)) throw new Error(`${column} left the host: ${body}`);
  }
}
