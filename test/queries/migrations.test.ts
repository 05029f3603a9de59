import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KnownError } from "../../src/errors.js";
import { migrations, schemaSql } from "../../src/queries/journal-schema.js";
import { openKept } from "../../src/queries/kept.js";
import { openAttestations } from "../../src/queries/attestations.js";
import type { ShopDatabase } from "../cast/database.js";
import { shopDatabase } from "../cast/database.js";
import type { Product } from "../cast/product.js";
import { openProduct } from "../cast/product.js";
import { insertBot, insertSale } from "../cast/shop.js";

let db: ShopDatabase;
let product: Product;

beforeEach(async () => {
  db = await shopDatabase("migrations");
  await insertBot(db.witness, { id: 1 });
  product = openProduct(db);
});
afterEach(async () => {
  await product?.close();
  await db?.close();
});

const versions = async () =>
  (await db.query<{ version: number }>("select version from purchase_fix.version order by 1")).map(
    ({ version }) => version,
  );
const tables = async () =>
  (
    await db.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'purchase_fix'::regnamespace and relkind = 'r' order by 1",
    )
  ).map(({ name }) => name);

/** A database in which version 0.1 has worked: its schema, a run, an attempt that accepted a sale. */
async function ofVersionOne(): Promise<number> {
  await db.query(migrations[0]?.sql ?? "");
  const sale = await insertSale(db.witness, { botId: 1 });
  await db.query(`
    insert into purchase_fix.run (id, command, host, user_name, pid, program_version, token)
    values ('old', 'resend', 'web-1', 'ana', 1, '0.1.0', 1);
    insert into purchase_fix.attempt (run_id, sale_id, event_id, pixel_id, answer, effect, because, settled_at)
    values ('old', ${sale}, 'pageview_old', '111', 'accepted', 'overtaken', 'Meta received it', now())`);
  return sale;
}

async function asRole(grants: string, work: (url: string) => Promise<void>): Promise<void> {
  const role = `role_${db.name}`;
  await db.query(
    `create role ${role} login; grant select on all tables in schema public to ${role}; ${grants.replaceAll("$role", role)}`,
  );
  const url = new URL(db.url);
  url.username = role;
  try {
    await work(url.href);
  } finally {
    await db.query(`drop owned by ${role}; drop role ${role}`);
  }
}
const toJournal = `
  grant update (meta_purchase_sent, meta_purchase_sent_at, meta_event_id) on payments to $role;
  grant usage on schema purchase_fix to $role;
  grant select, insert, update on all tables in schema purchase_fix to $role`;

describe("a database of the first version", () => {
  test("is brought to the newest by the first run that writes, and keeps all that it held", async () => {
    const sale = await ofVersionOne();
    const before = await db.query("select a.*, a.xmin from purchase_fix.attempt a");
    expect(await tables()).toEqual(["attempt", "lease", "run", "version"]);
    const lease = await product.begin("revert");
    expect(await versions()).toEqual([1, 2, 3, 4]);
    expect(await tables()).toEqual([
      "acknowledgement",
      "attempt",
      "attestation",
      "home",
      "lease",
      "log_event",
      "log_position",
      "observation",
      "release",
      "run",
      "success",
      "version",
    ]);
    const added = { cause: null, blame: null, events: null };
    expect(await db.query("select a.*, a.xmin from purchase_fix.attempt a")).toEqual(
      before.map((row) => ({ ...row, ...added })),
    );
    const found = await product.sale(sale);
    expect((await product.evidence.about([found], Date.now())).get(sale)?.traces).toMatchObject([
      { source: "journal", result: "accepted", eventId: "pageview_old" },
    ]);
    await product.runs.release(lease, {});
  });

  test("is read as it is: nothing was kept in it, and reading changes nothing", async () => {
    const sale = await ofVersionOne();
    const found = await product.sale(sale);
    const evidence = await product.evidence.about([found], Date.now());
    expect(evidence.get(sale)?.traces).toMatchObject([{ result: "accepted" }]);
    const kept = openKept(product.database);
    expect(await kept.of(0)).toEqual({ attestations: [], ties: [], results: new Map() });
    expect(await kept.logs(0)).toEqual({ logs: [], events: [] });
    expect(await openAttestations(product.database).list()).toEqual([]);
    const all = { sales: [], run: null, unsettledOnly: false, limit: null };
    expect(await product.journal.entries(all)).toMatchObject([{ run: "old" }]);
    expect(await versions()).toEqual([1]);
  });

  test("is brought to the newest once by many that start at once", async () => {
    await ofVersionOne();
    const others = Array.from({ length: 5 }, () => openProduct(db));
    try {
      await Promise.all([product, ...others].map(({ runs }) => runs.prepare()));
    } finally {
      await Promise.all(others.map((one) => one.close()));
    }
    expect(await versions()).toEqual([1, 2, 3, 4]);
  });

  test("is brought to the newest by `init --print` too, which may be run again and again", async () => {
    await ofVersionOne();
    await db.query(schemaSql);
    await db.query(schemaSql);
    expect(await versions()).toEqual([1, 2, 3, 4]);
    expect(await db.query("select run_id from purchase_fix.attempt")).toEqual([{ run_id: "old" }]);
    await product.runs.prepare(2);
  });

  test("serves a role that may not change it: a sale is mended, and only what needs the second version refuses", async () => {
    const sale = await ofVersionOne();
    await db.query("delete from purchase_fix.attempt");
    await asRole(toJournal, async (url) => {
      const guest = openProduct(db, { url });
      try {
        const found = await guest.sale(sale);
        const lease = await guest.begin("revert");
        const written = await guest.attempts.revert(lease, [
          { saleId: sale, mark: found.mark, lastAttempt: null },
        ]);
        expect(written.written).toMatchObject([{ effect: "reverted" }]);
        const refused = await guest.runs.prepare(2).catch((error: unknown) => error);
        expect((refused as KnownError).exitCode).toBe(2);
        expect((refused as KnownError).problem).toEqual({
          what: "The journal's schema purchase_fix cannot be brought from version 1 to 4 with this database role",
          why: expect.stringContaining("permission denied for schema purchase_fix"),
          next: expect.stringContaining("purchase-fix init --print"),
        });
      } finally {
        await guest.close();
      }
    });
    expect(await versions()).toEqual([1]);
  });
});

describe("a role to which the second version's tables were not granted", () => {
  test("is told so by whoever reads them, and reads the journal all the same", async () => {
    const sale = await ofVersionOne();
    await asRole(toJournal, async (url) => {
      await db.query(schemaSql);
      const guest = openProduct(db, { url });
      try {
        const found = await guest.sale(sale);
        const evidence = await guest.evidence.about([found], Date.now());
        expect(evidence.get(sale)?.traces).toHaveLength(1);
        await expect(openKept(guest.database).of(0)).rejects.toThrow(KnownError);
      } finally {
        await guest.close();
      }
    });
  });
});

test("a half-made second version is completed, and not applied halfway: all of it or nothing", async () => {
  await ofVersionOne();
  await db.query("create view purchase_fix.observation as select 1 as task_id");
  await expect(product.runs.prepare()).rejects.toThrow();
  expect(await versions()).toEqual([1]);
  expect(await tables()).toEqual(["attempt", "lease", "run", "version"]);
  await db.query("drop view purchase_fix.observation");
  await product.runs.prepare();
  expect(await versions()).toEqual([1, 2, 3, 4]);
});

test("what once was a version stays as it is: databases of it are out there", () => {
  const digests = migrations.map(({ version, sql }) => {
    return [version, createHash("sha256").update(sql).digest("hex").slice(0, 16)];
  });
  expect(digests).toMatchInlineSnapshot(`
    [
      [
        1,
        "32f7ae1c6d6c9d16",
      ],
      [
        2,
        "f356bc13343f4116",
      ],
      [
        3,
        "3b11b897571d3748",
      ],
      [
        4,
        "ea82055d8d41dbd8",
      ],
    ]
  `);
});
