import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Lease } from "../../src/ports.js";
import type { ShopDatabase } from "./database.js";
import { shopDatabase } from "./database.js";
import type { Product } from "./product.js";
import { openProduct } from "./product.js";
import { insertBot } from "./shop.js";

/** A shop with the bot 1, and the product over it. */
export interface Stage {
  readonly db: ShopDatabase;
  readonly product: Product;
}

export interface StageOptions {
  /** The type of `meta_purchase_sent_at`: what the shop has, or what another may. */
  readonly flagTimes?: string;
  /** Whose run has the lock when a test begins. */
  readonly command?: string;
}

/** One shop for all tests around it, emptied before each, with the run lock taken; `ready` is told before each test. */
export function stage(
  name: string,
  { flagTimes, command }: StageOptions,
  ready: (on: Stage & { readonly lease: Lease }) => void,
): void {
  const on = opened(name, flagTimes);
  beforeEach(async () => {
    const { db, product } = on();
    await product.runs.prepare();
    await db.query("truncate payments, purchase_fix.attempt, purchase_fix.lease, purchase_fix.run cascade");
    ready({ db, product, lease: await product.begin(command) });
  });
}

/** The same without a run: the journal has forgotten its home too. */
export function idleStage(
  name: string,
  { flagTimes }: Pick<StageOptions, "flagTimes">,
  ready: (on: Stage) => void,
): void {
  const on = opened(name, flagTimes);
  beforeEach(async () => {
    const { db, product } = on();
    await product.runs.prepare();
    await db.query(
      "truncate payments, purchase_fix.attempt, purchase_fix.lease, purchase_fix.run, purchase_fix.home cascade",
    );
    ready({ db, product });
  });
}

function opened(name: string, flagTimes = "timestamp"): () => Stage {
  let db: ShopDatabase | undefined;
  let product: Product | undefined;
  beforeAll(async () => {
    db = await shopDatabase(name);
    await insertBot(db.witness, { id: 1 });
    if (flagTimes === "timestamptz") {
      await db.query(
        "alter table payments alter meta_purchase_sent_at type timestamptz using meta_purchase_sent_at at time zone 'America/Sao_Paulo'",
      );
    }
    product = openProduct(db);
  });
  afterAll(async () => {
    await product?.close();
    await db?.close();
  });
  return () => {
    if (!db || !product) throw new Error(`the shop ${name} did not open`);
    return { db, product };
  };
}
