import type { Db } from "../../demo/shop.js";
import { insertBot, insertPool } from "../../demo/shop.js";
import { newFernetKey } from "../../demo/fernet.js";
import { pixel1, pixel2 } from "./graph.js";

export * from "../../demo/shop.js";
export { encryptToken, newFernetKey } from "../../demo/fernet.js";

/** The shop of most tests: two bots, each in a pool of its own with a pixel of its own, as `startTwoPixels()` has them. */
export interface TwoBots {
  /** For `ENCRYPTION_KEY`. */
  readonly key: string;
  readonly bot1: number;
  readonly bot2: number;
  readonly pool1: number;
  readonly pool2: number;
}

export async function insertTwoBots(db: Db): Promise<TwoBots> {
  const key = newFernetKey();
  const bot1 = await insertBot(db, { id: 19, name: "Violão em Casa", username: "violao_bot" });
  const bot2 = await insertBot(db, { id: 43, name: "Receitas da Vovó", username: "receitas_bot" });
  const [token1, token2] = [pixel1.tokens[0] ?? "", pixel2.tokens[0] ?? ""];
  const pool1 = await insertPool(db, { id: 1, pixelId: pixel1.id, token: token1, key, bots: [bot1] });
  const pool2 = await insertPool(db, { id: 2, pixelId: pixel2.id, token: token2, key, bots: [bot2] });
  return { key, bot1, bot2, pool1, pool2 };
}
