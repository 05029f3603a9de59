import { Client } from "pg";
import type { Connection } from "../connection.js";
import { connectPg } from "../connection/drivers.js";
import type { Witness, Written } from "../ports.js";
import { explain } from "./failure.js";

/**
 * A second session through another code base, which reads back what a run claims to have written. A row's `xmin` is the
 * transaction that wrote it: when it is ours, the values must be ours too; when it is younger, a later writer
 * (the application) explains any difference; when it is older, our write was lost.
 */
export function openWitness(connection: Connection, applicationName: string): Witness {
  return {
    check: async (written) => {
      const wrote = written.filter((row) => row.xid !== null);
      if (written.length === 0) return [];
      let client: Client | null = null;
      try {
        client = await connectPg(connection, `${applicationName}:witness`, connected);
        await client.query("begin read only");
        await client.query(
          "select set_config('DateStyle', 'ISO, MDY', true), set_config('TimeZone', 'UTC', true)",
        );
        return [...(await compareRows(client, wrote)), ...(await compareJournal(client, written))];
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
  later: boolean;
}

async function compareRows(client: Client, wrote: readonly Written[]): Promise<string[]> {
  if (wrote.length === 0) return [];
  const { rows } = await client.query<SeenRow>(
    `select p.id, p.meta_purchase_sent as flagged, p.meta_purchase_sent_at::text as flagged_at,
            p.meta_event_id, p.xmin::text as xmin, age(p.xmin) < age(w.xid::xid) as later
     from unnest($1::bigint[], $2::text[]) w(id, xid) join payments p on p.id = w.id`,
    [wrote.map((row) => row.saleId), wrote.map((row) => row.xid)],
  );
  const seen = new Map(rows.map((row) => [Number(row.id), row]));
  return wrote.flatMap((ours) => {
    const row = seen.get(ours.saleId);
    if (!row) return []; // deleted since: a later writer
    const same =
      row.flagged === ours.flagged &&
      row.flagged_at === ours.flaggedAt &&
      row.meta_event_id === ours.metaEventId;
    if (same || (row.xmin !== ours.xid && row.later)) return [];
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
