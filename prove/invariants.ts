import type { LedgerEntry, RequestEntry } from "../demo/graph/start.js";
import type { Database } from "./server.js";
import { EXPIRED } from "./shops.js";

/** A row of `payments` as far as the product may write it, and a digest of all that it may not. */
export interface Row {
  readonly id: number;
  readonly flagged: boolean | null;
  readonly at: string | null;
  readonly event: string | null;
  readonly rest: string;
}

interface Attempt {
  readonly sale: number;
  readonly event: string | null;
  readonly answer: string | null;
  readonly effect: string | null;
  readonly settled: boolean;
}

/** All that the invariants look at, at one moment. */
export interface Look {
  readonly rows: readonly Row[];
  readonly attempts: readonly Attempt[];
  readonly ledger: readonly LedgerEntry[];
  readonly requests: readonly RequestEntry[];
}

export const rowsOf = async (db: Database) =>
  await db.query<Row & Record<string, unknown>>(
    `select id, meta_purchase_sent as flagged, meta_purchase_sent_at::text as at, meta_event_id as event,
            md5((to_jsonb(p) - array['meta_purchase_sent', 'meta_purchase_sent_at', 'meta_event_id'])::text) as rest
     from payments p order by id`,
  );

export async function attemptsOf(db: Database): Promise<Attempt[]> {
  const [schema] = await db.query<{ found: boolean }>(
    "select to_regclass('purchase_fix.attempt') is not null as found",
  );
  if (schema?.found !== true) return [];
  return await db.query<Attempt & Record<string, unknown>>(
    `select sale_id::integer as sale, event_id as event, answer, effect, settled_at is not null as settled
     from purchase_fix.attempt order by id`,
  );
}

/** What must hold at every moment, in the middle of a crash too. `before` is the look at which the run began. */
export function alwaysBroken(before: Look, now: Look): string[] {
  const attempts = now.attempts.slice(before.attempts.length);
  const begun = new Map(before.rows.map((row) => [row.id, row]));
  const changed = now.rows.filter((row) => differs(row, begun.get(row.id)));
  const written = (id: number) =>
    attempts.filter(({ sale, effect }) => sale === id && (effect === "confirmed" || effect === "reverted"))
      .length;
  const recorded = new Set(now.attempts.map(({ event }) => event));
  const open = attempts.filter(({ settled }) => !settled).map(({ sale }) => sale);
  return [
    ...changed
      .filter(({ id }) => written(id) !== 1)
      .map(({ id }) => `I4: sale ${id} changed with ${written(id)} journal entries`),
    ...now.rows
      .filter((row) => row.rest !== begun.get(row.id)?.rest)
      .map(({ id }) => `I3: another column of sale ${id} was written`),
    ...now.requests.flatMap(({ eventIds }) =>
      eventIds.filter((id) => !recorded.has(id)).map((id) => `I4: ${id} was sent before it was on record`),
    ),
    ...now.requests
      .filter(({ eventIds }) => eventIds.some(isExpired))
      .map(() => "I6: an expired sale was in a request"),
    ...open
      .filter((sale, at) => open.indexOf(sale) !== at)
      .map((sale) => `two unsettled attempts of sale ${sale}`),
    ...twice(now, attempts),
  ];
}

/** What must hold after the next clean run: the rows are as an undisturbed run leaves them, and Meta counts each sale once. */
export function finallyBroken(before: Look, now: Look, undisturbed: Look): string[] {
  const wanted = new Map(undisturbed.rows.map((row) => [row.id, row]));
  const counted = (event: string | null) =>
    now.ledger.filter((entry) => entry.counted && entry.eventId === event).length;
  const sends = undisturbed.ledger.length > 0;
  const sent = now.rows.filter(
    (row) => sends && row.event !== null && row.event !== before.rows.find(({ id }) => id === row.id)?.event,
  );
  const ids = new Set(sent.map(({ event }) => event));
  return [
    ...alwaysBroken(before, now),
    ...now.rows
      .filter((row) => differs(row, wanted.get(row.id), "but not in time"))
      .map(
        ({ id, flagged, event }) =>
          `I2: sale ${id} is ${String(flagged)}/${event} unlike after an undisturbed run`,
      ),
    ...sent
      .filter(({ event }) => counted(event) !== 1)
      .map(({ id, event }) => `I1: sale ${id} counts ${counted(event)} times`),
    ...now.ledger
      .filter(({ eventId }) => !ids.has(eventId))
      .map(({ eventId }) => `I1: ${eventId} counts for no sale`),
    ...now.attempts.filter(({ settled }) => !settled).map(({ sale }) => `sale ${sale} is still unsettled`),
  ];
}

/** Were server copies not folded: a second one exists only where the answer to the first was lost, under the same id. */
function twice({ ledger }: Look, attempts: readonly Attempt[]): string[] {
  const events = new Set(ledger.map(({ eventId }) => eventId));
  return [...events].flatMap((event) => {
    const copies = ledger.filter(({ eventId }) => eventId === event).length;
    const lost = attempts.filter(
      (one) => one.event === event && (one.answer === "unconfirmed" || !one.settled),
    ).length;
    return copies > 1 + lost ? [`I1: ${copies} copies of ${event}, and only ${lost} answers lost`] : [];
  });
}

function differs(row: Row, other: Row | undefined, how: "at all" | "but not in time" = "at all"): boolean {
  if (other === undefined || row.flagged !== other.flagged || row.event !== other.event) return true;
  return how === "at all" ? row.at !== other.at : (row.at === null) !== (other.at === null);
}

const isExpired = (id: string | null) => id === `pageview_${EXPIRED}` || id === `purchase_${EXPIRED}`;
