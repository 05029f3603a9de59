import { Client } from "pg";
import type { Connection } from "../connection.js";
import { connectPg } from "../connection/drivers.js";
import type { Witness, Written } from "../ports.js";
import { explain } from "./failure.js";

/** How long the witness waits for a connection, and for each answer: a hung database must not hold a run's end. */
const PATIENCE = 15_000;

/** Rows of one look, so that a run over a million sales does not hold all of them once more in memory. */
const PAGE = 5_000;

/**
 * A second session through another code base, which reads back what a run claims to have written. A row's `xmin` is the
 * transaction that wrote it: when it is ours, the values must be ours too; when it is another, a later writer
 * (the application) explains any difference. That our transaction is there at all is what its journal row shows.
 */
export function openWitness(
  connection: Connection,
  applicationName: string,
  patienceMs: number = PATIENCE,
): Witness {
  const connectTimeoutMs = Math.min(connection.connectTimeoutMs || patienceMs, patienceMs);
  return {
    check: async (written) => {
      if (written.length === 0) return [];
      let client: Client | null = null;
      try {
        client = await connectPg(
          { ...connection, connectTimeoutMs },
          `${applicationName}:witness`,
          (config) => connected({ ...config, query_timeout: patienceMs }),
        );
        await client.query("begin read only");
        // The driver only stops waiting; the server is told to stop working, a little later, so that ours is the error told.
        await client.query(
          "select set_config('DateStyle', 'ISO, MDY', true), set_config('TimeZone', 'UTC', true), set_config('statement_timeout', $1, true)",
          [String(patienceMs + 1000)],
        );
        const doubts: string[] = [];
        for (let at = 0; at < written.length; at += PAGE) {
          const page = written.slice(at, at + PAGE);
          doubts.push(...(await compareRows(client, page)), ...(await compareJournal(client, page)));
        }
        return doubts;
      } catch (error) {
        throw explain(error, connection.describe());
      } finally {
        await client?.end().catch(() => undefined);
      }
    },
  };
}

async function connected(config: ConstructorParameters<typeof Client>[0]): Promise<Client> {
  const client = new Client(config);
  client.on("error", () => undefined); // a lost connection fails the next query, and is told there
  await client.connect();
  return client;
}

interface SeenRow {
  id: string;
  flagged: boolean | null;
  flagged_at: string | null;
  meta_event_id: string | null;
  xmin: string;
}

async function compareRows(client: Client, written: readonly Written[]): Promise<string[]> {
  const wrote = written.filter((row) => row.xid !== null);
  if (wrote.length === 0) return [];
  const { rows } = await client.query<SeenRow>(
    `select p.id, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
            p.meta_event_id, p.xmin::text as xmin
     from payments p where p.id = any($1::bigint[])`,
    [wrote.map((row) => row.saleId)],
  );
  const seen = new Map(rows.map((row) => [Number(row.id), row]));
  return wrote.flatMap((ours) => {
    const row = seen.get(ours.saleId);
    if (!row) return []; // deleted since: a later writer
    const same =
      row.flagged === ours.flagged &&
      row.flagged_at === ours.flaggedAt &&
      row.meta_event_id === ours.metaEventId;
    // No comparing of ages: a transaction that began before ours may well write after it (READ COMMITTED).
    if (same || row.xmin !== ours.xid) return [];
    const both = `we wrote ${state(ours.flagged, ours.metaEventId)}, the witness reads ${state(row.flagged, row.meta_event_id)}`;
    return [`sale ${ours.saleId}: ${both}`];
  });
}

async function compareJournal(client: Client, written: readonly Written[]): Promise<string[]> {
  const { rows } = await client.query<{ id: string; effect: string | null }>(
    "select id, effect from purchase_fix.attempt where id = any($1::bigint[])",
    [written.map((row) => row.attempt)],
  );
  const seen = new Map(rows.map((row) => [row.id, row.effect]));
  return written
    .filter((row) => seen.get(row.attempt) !== row.effect)
    .map(
      (row) =>
        `sale ${row.saleId}: its journal should say ${row.effect}, the witness reads ${seen.get(row.attempt) ?? "nothing"}`,
    );
}

function state(flagged: boolean | null, eventId: string | null): string {
  return `${flagged ? "flagged" : "not flagged"} with ${eventId === null ? "no event id" : `event id ${eventId}`}`;
}
