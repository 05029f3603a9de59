import { openGraph } from "../../src/meta/client.js";
import { buildPurchase } from "../../src/meta/purchase-event.js";
import { purchaseText } from "../../src/meta/purchase-text.js";
import { Secret } from "../../src/redact.js";
import type { Raw } from "./customers.js";
import { customerOf, pool, rawOf, saleOf } from "./customers.js";

/*
 * Sends sales that are in memory: `node send.js ours|sdk URL COUNT BATCH LANES`. Timed from the first event that is built
 * to the last answer, hashing and JSON included; what the process cost until then is left out, on both sides.
 */

const [who, url = "", ...numbers] = process.argv.slice(2);
const [count = 0, batch = 1, lanes = 1] = numbers.map(Number);
const TOKEN = "token-of-the-benchmark";

const { send, close } = who === "ours" ? openOurs() : await openTheirs();
const raws = Array.from({ length: count }, (_, n) => rawOf(n));
const cpu = process.cpuUsage();
const begun = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: lanes }, async () => {
    while (next < count) {
      const from = next;
      next += batch;
      await send(raws.slice(from, from + batch), from);
    }
  }),
);
const wallMs = performance.now() - begun;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 }));
await close();

function openOurs() {
  const graph = openGraph({
    url: new URL(url),
    version: "v26.0",
    timeoutMs: 30_000,
    userAgent: "purchase-fix/bench",
  });
  const token = new Secret(TOKEN);
  return {
    send: async (batchOf: readonly Raw[], from: number) => {
      const answer = await graph.send({
        pixelId: pool.pixelId,
        token,
        events: batchOf.map((raw, at) => built(raw, from + at)),
        testEventCode: null,
      });
      if (answer.kind !== "accepted") throw new Error(`the answer was ${answer.kind}`);
    },
    close: graph.close,
  };
}

function built(raw: Raw, id: number): string {
  const purchase = buildPurchase({
    sale: saleOf(raw, id),
    customer: customerOf(raw),
    pool,
    eventId: raw.eventId,
    currency: "BRL",
    now: Date.now(),
  });
  if ("fault" in purchase) throw new Error(purchase.fault);
  return purchaseText(purchase.event);
}

async function openTheirs() {
  const { openSdk } = await import("./sdk.js");
  const sdk = openSdk(url, TOKEN);
  return {
    send: (batchOf: readonly Raw[], _from: number) => sdk.send(pool.pixelId, batchOf),
    close: async () => undefined,
  };
}
