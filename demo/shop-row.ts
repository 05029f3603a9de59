import type pg from "pg";

/** Whatever can run a statement: a client or a pool of `pg`. */
export type Db = Pick<pg.Client, "query">;

/** Values by the names of their columns. */
export type Columns = Readonly<Record<string, unknown>>;

/** Milliseconds since 1970, to be written as Brazil's local time. */
export class Moment {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  static of(ms: number | null): Moment | null {
    return ms === null ? null : new Moment(ms);
  }
}

/** Milliseconds since 1970 by the clock by which the product judges. */
export async function databaseNow(db: Db): Promise<number> {
  const { rows } = await db.query<{ now: number }>(
    "select extract(epoch from clock_timestamp())::float8 * 1000 as now",
  );
  return Math.round(rows[0]?.now ?? Number.NaN);
}

/** Inserts what is given, and the usual values of the columns that are there; `undefined` means not given. */
export async function insertRow(
  db: Db,
  table: string,
  given: Columns,
  usual: Columns,
  answer = "id",
): Promise<number> {
  const existing = await columnsOf(db, table);
  const row = Object.entries({
    ...Object.fromEntries(Object.entries(usual).filter(([name]) => existing.has(name))),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  });
  const names = row.map(([name]) => `"${name}"`).join(", ");
  const values = row.map(([, value], index) =>
    value instanceof Moment
      ? `to_timestamp($${index + 1}::float8 / 1000) at time zone 'America/Sao_Paulo'`
      : `$${index + 1}`,
  );
  const { rows } = await db.query<{ id: number }>(
    `insert into ${table} (${names}) values (${values.join(", ")}) returning ${answer} as id`,
    row.map(([, value]) => (value instanceof Moment ? value.ms : value)),
  );
  // An id that was chosen by hand leaves the sequence behind, and a later row would be given it again.
  if (given["id"] !== undefined) {
    await db.query(`select setval(pg_get_serial_sequence('${table}', 'id'), (select max(id) from ${table}))`);
  }
  return Number(rows[0]?.id);
}

async function columnsOf(db: Db, table: string): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ name: string }>(
    "select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped",
    [table],
  );
  return new Set(rows.map(({ name }) => name));
}
