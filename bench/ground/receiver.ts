import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseForm, parseJson } from "../../demo/graph/request.js";
import type { JsonObject } from "../../demo/graph/types.js";
import { eventsOf, firstOffence } from "../../demo/graph/validate.js";

/*
 * A lean Graph, in a process of its own: `node receiver.js`. The stand-in of the demo reads, digests and keeps every
 * event, and takes more CPU than the senders who are to be measured. This one counts every event and every event id
 * without parsing, and puts each SAMPLE-th request, the first among them, through the demo's whole rules.
 */

const SAMPLE = 50;
const MARK = Buffer.from('"event_id":"');
const QUOTE = 0x22;

/** What has arrived since the last reset. */
export interface Arrived {
  readonly requests: number;
  readonly events: number;
  /** Different event ids. */
  readonly distinct: number;
  /** What the rules found wrong with the requests that they saw, and requests without a token. */
  readonly offences: readonly string[];
}

let ids = new Set<string>();
let arrived = { requests: 0, events: 0, offences: [] as string[] };
let latencyMs = 0;

const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
  void bodyOf(req).then(
    async (body) => {
      const url = new URL(req.url ?? "/", "http://graph.invalid");
      if (url.pathname === "/_arrived") return res.end(JSON.stringify({ ...arrived, distinct: ids.size }));
      if (url.pathname === "/_reset") {
        ids = new Set();
        arrived = { requests: 0, events: 0, offences: [] };
        latencyMs = Number(url.searchParams.get("latency") ?? 0);
        return res.end("{}");
      }
      const received = receive(req, url, body);
      if (latencyMs > 0) await sleep(latencyMs);
      const answer = JSON.stringify({ events_received: received, messages: [], fbtrace_id: "Abench" });
      res.setHeader("content-type", "application/json; charset=UTF-8");
      return res.setHeader("content-length", Buffer.byteLength(answer)).end(answer);
    },
    () => res.destroy(),
  );
});

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
// Ends with whoever started it, however that ended.
process.stdin.once("end", () => process.exit()).resume();

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function receive(req: IncomingMessage, url: URL, body: Buffer): number {
  if (arrived.requests % SAMPLE === 0) inspect(req, url, body.toString("utf8"));
  arrived.requests += 1;
  let count = 0;
  for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at)) {
    const end = body.indexOf(QUOTE, at + MARK.length);
    ids.add(body.toString("latin1", at + MARK.length, end));
    count += 1;
    at = end;
  }
  arrived.events += count;
  return count;
}

function inspect({ headers }: IncomingMessage, url: URL, text: string): void {
  const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  const body: JsonObject | null = isForm ? parseForm(text) : parseJson(text);
  const events = eventsOf(body);
  const offence = Array.isArray(events)
    ? firstOffence(events, { now: Date.now() / 1000, ordered: () => null })
    : (events as { message: string });
  if (offence !== null) arrived.offences.push(offence.message);
  const token = headers.authorization ?? url.searchParams.get("access_token") ?? body?.["access_token"];
  if (token === undefined) arrived.offences.push("no access token");
}
