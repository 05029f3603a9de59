import type { RowFacts } from "../../ports.js";
import { DAY, HOUR, MINUTE } from "../../sales/sale.js";
import type { Catalogue } from "../catalogue.js";
import { readCatalogue } from "../catalogue.js";
import type { Columns } from "../columns.js";
import { asInstant, columnsOf, isZoned } from "../columns.js";
import type { Tx } from "../database.js";
import { hasPools } from "../pools.js";
import { inSpan, isStuck } from "../states.js";
import { readFolded } from "./folded.js";

/** As far back as Meta takes an event: what is older changes nothing any more. */
const DAYS = 7;
/** What PostgreSQL reads as a number above zero; an amount may be stored as text. */
const POSITIVE = "^[+]?0*([1-9]|[.0]*[1-9])";

/** What the shop's rows of the last days tell of the application, and of the zone of its clock. */
export async function readRows(tx: Tx, timeZone: string, currency: string): Promise<RowFacts> {
  const catalogue = await readCatalogue(tx);
  const p = columnsOf(tx, catalogue, "payments", "p", timeZone);
  const [clock] = await tx<{ now: string; newest: string | null; text: string | null }[]>`
    select (extract(epoch from clock_timestamp()) * 1000)::text as now, ${p.instant("created_at")} as newest,
           p.created_at::text as text
    from (select max(created_at) as created_at from payments) p`;
  const now = asInstant(clock?.now ?? null) ?? Number.NaN;
  const newest = asInstant(clock?.newest ?? null);
  const span = { since: now - DAYS * DAY, until: null };
  const within = inSpan(tx, catalogue, span, timeZone);
  const sums = await sumsOf(tx, p, { now, newest, within, hasAmount: catalogue.has("payments", "amount") });
  const has = catalogue.has("payments", "currency");
  return {
    now,
    days: DAYS,
    newest,
    newestIn: isZoned(catalogue, "payments", "created_at") ? [] : await inOtherZones(tx, clock?.text ?? null),
    ...sums,
    oldestStuck: await oldestStuck(tx, p, within),
    folded: await readFolded(tx, p, within),
    otherCurrency: has ? await inOtherCurrency(tx, within, currency) : null,
    botsWithoutPool: hasPools(catalogue) ? await withoutPool(tx, catalogue, p, within) : [],
  };
}

type Within = ReturnType<typeof inSpan>;

async function sumsOf(
  tx: Tx,
  p: Columns,
  at: {
    readonly now: number;
    readonly newest: number | null;
    readonly within: Within;
    readonly hasAmount: boolean;
  },
) {
  const amount = p.text("amount");
  const [row] = await tx<Record<string, string>[]>`
    select count(*) filter (where paid) as paid,
           count(*) filter (where created > ${at.now + 5 * MINUTE}::numeric) as future,
           count(*) filter (where created > ${(at.newest ?? 0) - 24 * HOUR}::numeric) as busy,
           count(*) filter (where paid and flagged and event_id is null and flagged_at is null) as timeless,
           count(*) filter (where paid and ${at.hasAmount} and (amount is null or amount !~ ${POSITIVE})) as worthless,
           count(*) filter (where paid and event_id is not null and not flagged) as unflagged,
           count(*) filter (where status = 'pending' and event_id is not null) as unpaid
    from (
      select p.status::text as status, p.status = 'paid' as paid, coalesce(p.meta_purchase_sent, false) as flagged,
             p.meta_event_id as event_id, p.meta_purchase_sent_at as flagged_at, ${amount} as amount,
             ${p.instant("created_at")}::numeric as created
      from payments p where ${at.within}
    ) p`;
  const number = (name: string): number => Number(row?.[name] ?? 0);
  return {
    paid: number("paid"),
    future: number("future"),
    busy: number("busy"),
    flaggedWithoutTime: number("timeless"),
    withoutAmount: number("worthless"),
    idWithoutFlag: number("unflagged"),
    idUnpaid: number("unpaid"),
  };
}

/** Zones that shops and servers are set to by habit; a mistaken setting is nearly always one of them. */
async function inOtherZones(tx: Tx, newest: string | null): Promise<RowFacts["newestIn"]> {
  if (newest === null) return [];
  const rows = await tx<{ zone: string; at: string }[]>`
    select z.zone, (extract(epoch from ${newest}::text::timestamp at time zone z.zone) * 1000)::text as at
    from (
      select 'UTC' as zone union select 'America/Sao_Paulo'
      union select s.reset_val from pg_catalog.pg_settings s where s.name = 'TimeZone'
    ) z`;
  return rows.flatMap(({ zone, at }) => {
    const instant = asInstant(at);
    return instant === null ? [] : [{ zone, at: instant }];
  });
}

async function oldestStuck(tx: Tx, p: Columns, within: Within): Promise<number | null> {
  const [row] = await tx<{ at: string | null }[]>`
    select min(coalesce(${p.instant("paid_at")}, ${p.instant("created_at")})::numeric)::text as at
    from payments p where ${isStuck(tx)} and ${within}`;
  return asInstant(row?.at ?? null);
}

async function inOtherCurrency(tx: Tx, within: Within, currency: string): Promise<number> {
  const [row] = await tx<{ count: string }[]>`
    select count(*) as count from payments p
    where p.status = 'paid' and upper(trim(p.currency::text)) is distinct from ${currency} and ${within}`;
  return Number(row?.count ?? 0);
}

async function withoutPool(tx: Tx, catalogue: Catalogue, p: Columns, within: Within): Promise<number[]> {
  const enabled = catalogue.has("pool_bots", "is_enabled") ? tx`coalesce(pb.is_enabled, true)` : tx`true`;
  const rows = await tx<{ bot: string }[]>`
    select distinct p.bot_id as bot from payments p
    where p.status = 'paid' and p.bot_id is not null and ${p.plain("pool_id")} is null and ${within}
      and not exists (select from pool_bots pb where pb.bot_id = p.bot_id and ${enabled})
    order by 1 limit 20`;
  return rows.map(({ bot }) => Number(bot));
}

/**
 * How many sales are stored as sent under these ids, but for those that we confirmed: what Meta refused then, it may have
 * taken from us since.
 */
export async function storedAmong(tx: Tx, eventIds: readonly string[]): Promise<number> {
  const ours = await readableJournal(tx);
  const [row] = await tx<{ count: string }[]>`
    select count(*) as count from payments p
    where p.status = 'paid'
      and p.meta_event_id::text in (select value from jsonb_array_elements_text(${tx.json(eventIds)}::jsonb))
      and ${ours ? tx`not exists (select from purchase_fix.attempt a where a.sale_id = p.id and a.effect = 'confirmed')` : tx`true`}`;
  return Number(row?.count ?? 0);
}

async function readableJournal(tx: Tx): Promise<boolean> {
  const [row] = await tx<{ readable: boolean }[]>`
    select has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage') as readable
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'purchase_fix' and c.relname = 'attempt'`;
  return row?.readable === true;
}
