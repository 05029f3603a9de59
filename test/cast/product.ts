import { allOf } from "./pages.js";
import { resolveConnection } from "../../src/connection.js";
import { forPostgresJs } from "../../src/connection/drivers.js";
import type { JournalReader } from "../../src/context.js";
import { disk } from "../../src/files.js";
import type {
  Attempts,
  Claim,
  Claimed,
  EvidenceReader,
  Guard,
  Lease,
  RunRecord,
  Runs,
  SalesReader,
  Span,
  Settlement,
  Witness,
  Written,
} from "../../src/ports.js";
import type { CustomerReader } from "../../src/queries/customers.js";
import type { Database } from "../../src/queries/database.js";
import {
  openAttempts,
  openCustomers,
  openDatabase,
  openEvidence,
  openJournal,
  openRuns,
  openSales,
} from "../../src/queries/open.js";
import { openWitness } from "../../src/queries/witness.js";
import type { Sale } from "../../src/sales/sale.js";
import type { ShopDatabase } from "./database.js";

/** Everything of src/queries, opened as the composition root opens it. */
export interface Product {
  readonly database: Database;
  readonly sales: SalesReader;
  readonly evidence: EvidenceReader;
  readonly customers: CustomerReader;
  readonly runs: Runs;
  readonly attempts: Attempts;
  /** The same as most tests want it: guards with the journal's last word as it is now, and what was done alone. */
  readonly act: Acts;
  readonly journal: JournalReader;
  readonly witness: Witness;
  /** All pages of the stuck sales of a span. */
  stuck(span: Span): Promise<Sale[]>;
  /** The sale as it is now. */
  sale(id: number): Promise<Sale>;
  /** Takes the run lock under a new id; a test that asks while another holds it is wrong. */
  begin(command?: string, ttlMs?: number): Promise<Lease>;
  close(): Promise<void>;
}

/** A guard whose sale has had no attempt since, unless the test says which was the last. */
export type Loose<T extends Guard> = Omit<T, "lastAttempt"> & Partial<Pick<T, "lastAttempt">>;
type Confirming = Guard & Pick<Claim, "eventId" | "origin" | "pixelId">;

export interface Acts {
  claim(lease: Lease, claims: readonly Loose<Claim>[]): Promise<readonly Claimed[]>;
  /** Puts the answers on record, then does to the rows what follows. */
  settle(lease: Lease, settlements: readonly Settlement[]): Promise<readonly Written[]>;
  revert(lease: Lease, sales: readonly Loose<Guard>[]): Promise<readonly Written[]>;
  confirm(lease: Lease, sales: readonly Loose<Confirming>[]): Promise<readonly Written[]>;
}

function actsOver(db: ShopDatabase, attempts: Attempts): Acts {
  const exact = async <T extends Guard>(guards: readonly Loose<T>[]): Promise<T[]> => {
    const rows = await db.query<{ sale_id: string; last: string }>(
      "select sale_id::text, max(id)::text as last from purchase_fix.attempt group by sale_id",
    );
    const last = new Map(rows.map((row) => [Number(row.sale_id), row.last]));
    return guards.map((guard) => ({ lastAttempt: last.get(guard.saleId) ?? null, ...guard }) as unknown as T);
  };
  return {
    claim: async (lease, claims) => (await attempts.claim(lease, await exact<Claim>(claims))).claimed,
    settle: async (lease, settlements) => {
      await attempts.answer(lease, settlements);
      return (await attempts.settle(lease, settlements)).written;
    },
    revert: async (lease, sales) => (await attempts.revert(lease, await exact<Guard>(sales))).written,
    confirm: async (lease, sales) => (await attempts.confirm(lease, await exact<Confirming>(sales))).written,
  };
}

export interface ProductOptions {
  /** Of the shop's timestamps without zone. */
  readonly timeZone?: string;
  /** Another way to the same database: another role, another search_path, a pooler. */
  readonly url?: string;
}

/** The product's own queries, through its own driver; tests look at the database through `db.query` only. */
export function openProduct(db: ShopDatabase, options: ProductOptions = {}): Product {
  const { timeZone = "America/Sao_Paulo", url = db.url } = options;
  const connection = resolveConnection({ url, env: {}, files: disk, home: null, user: null });
  const database = openDatabase(forPostgresJs(connection, "test-product"), connection);
  const sales = openSales(database, timeZone);
  const runs = openRuns(database, database);
  const attempts = openAttempts(database, timeZone);
  return {
    database,
    sales,
    evidence: openEvidence(database, timeZone),
    customers: openCustomers(database),
    runs,
    attempts,
    act: actsOver(db, attempts),
    journal: openJournal(database),
    witness: openWitness(connection, "test-product"),
    stuck: async (span) => await allOf((await sales.stuck(span)).pages()),
    sale: async (id) => (await sales.named([String(id)])).get(String(id)) ?? missing(id),
    begin: async (command = "resend", ttlMs = 60_000) => {
      await runs.prepare();
      const got = await runs.acquire(newRun(command), ttlMs);
      if ("holder" in got) throw new Error(`run ${got.holder.run} holds the lock`);
      return got.lease;
    },
    close: () => database.close(),
  };
}

function missing(id: number): never {
  throw new Error(`there is no sale ${id}`);
}

let runsMade = 0;

/** A run of its own; the id is unique within a test file. */
export function newRun(command = "resend", id = `run-${(runsMade += 1)}`): RunRecord {
  return { id, command, host: "web-1", user: "ana", pid: 4711, version: "0.0.0-test" };
}

/** A claim of a sale just as it was read, with its page view's id. */
export function claimOf(sale: Sale, changes: Partial<Claim> = {}): Loose<Claim> {
  return {
    saleId: sale.id,
    mark: sale.mark,
    eventId: sale.pageviewEventId ?? `purchase_${sale.id}`,
    origin: "pageview_event_id",
    pixelId: "111",
    metaEventId: null,
    before: Date.now() + 86_400_000,
    takeBack: false,
    siblings: [],
    ...changes,
  };
}

/** Meta's answer to an attempt: accepted, unless told otherwise. */
export function settlementOf(attempt: string, changes: Partial<Settlement> = {}): Settlement {
  return {
    attempt,
    answer: "accepted",
    blame: null,
    revert: false,
    status: 200,
    code: null,
    subcode: null,
    fbtraceId: "trace-1",
    because: "Meta received it",
    ...changes,
  };
}

/** Rows of `payments` by id with every column as PostgreSQL prints it, and `xmin`: who wrote the row last. */
export async function wholeRows(
  db: ShopDatabase,
): Promise<Record<number, Readonly<Record<string, unknown>>>> {
  const rows = await db.query<{ id: number; row: Record<string, unknown>; xmin: string }>(
    "select id, to_jsonb(p) as row, p.xmin::text as xmin from payments p order by id",
  );
  return Object.fromEntries(rows.map(({ id, row, xmin }) => [id, { ...row, xmin }]));
}

/** What differs between two readings of `wholeRows`, per sale: the columns, with their values after. */
export function changes(
  before: Awaited<ReturnType<typeof wholeRows>>,
  after: Awaited<ReturnType<typeof wholeRows>>,
): Record<string, Record<string, unknown>> {
  const changed = Object.entries(after).map(([id, row]) => {
    const columns = Object.entries(row).filter(
      ([name, value]) =>
        name !== "xmin" && JSON.stringify(value) !== JSON.stringify(before[Number(id)]?.[name]),
    );
    const written = row["xmin"] !== before[Number(id)]?.["xmin"];
    return [id, written, Object.fromEntries(columns)] as const;
  });
  return Object.fromEntries(changed.filter(([, written]) => written).map(([id, , columns]) => [id, columns]));
}
