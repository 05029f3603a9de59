import type { Credentials } from "../meta/credentials.js";
import type { Aside, LookUps } from "../meta/look-ups.js";
import type { GraphFacts, PixelFact, PoolsFacts } from "../ports.js";
import type { Secret } from "../redact.js";

/** More pairs of pixel and token are not asked about: each takes two requests, and Meta counts them. */
const MOST = 50;
/** Meta's rate limits see one app: a few at a time are quick enough. */
const AT_ONCE = 4;

interface Pair {
  readonly pool: number | null;
  readonly pixelId: string;
  readonly token: Secret;
}

/** Asks Meta about each pixel with its token, by requests that send nothing. */
export async function askGraph(
  lookUps: LookUps,
  credentials: Credentials,
  of: {
    readonly pools: PoolsFacts | null;
    readonly pixelId: string | null;
    readonly host: string;
    readonly version: string;
  },
): Promise<GraphFacts> {
  const pairs = await pairsOf(credentials, of);
  const asides: Aside[] = [await lookUps.version()];
  const pixels: PixelFact[] = [];
  const asked = asides[0]?.unreached === null ? pairs.slice(0, MOST) : [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE).map(async ({ pool, pixelId, token }) => {
      const [one, other] = await Promise.all([lookUps.token(token), lookUps.pixel(pixelId, token)]);
      asides.push(one, other);
      return { pool, pixelId, token: one.found, pixel: other.found };
    });
    pixels.push(...(await Promise.all(some)));
  }
  const { host, version } = of;
  return {
    host,
    version,
    clock: asides.find(({ clock }) => clock !== null)?.clock ?? null,
    versionWarning: asides.find((aside) => aside.versionWarning !== null)?.versionWarning ?? null,
    versionRefused: asides.find((aside) => aside.versionRefused !== null)?.versionRefused ?? null,
    unreached: asides[0]?.unreached ?? null,
    pixels,
    skipped: pairs.length - Math.min(pairs.length, MOST),
  };
}

/** Pools that share pixel and token are one question. */
async function pairsOf(
  credentials: Credentials,
  { pools, pixelId }: { readonly pools: PoolsFacts | null; readonly pixelId: string | null },
): Promise<Pair[]> {
  if (pools === null)
    return pixelId === null ? [] : [{ pool: null, pixelId, token: await credentials.token(null) }];
  if (pools.lack !== null) return [];
  const pairs = new Map<string, Pair>();
  for (const pool of pools.pools) {
    if (!pool.on || !pool.hasToken || pool.tokenFault !== null || pool.pixelId === null) continue;
    if (!/^\d+$/.test(pool.pixelId)) continue;
    const token = await credentials.token(pool.id);
    const key = `${pool.pixelId} ${token.reveal()}`;
    if (!pairs.has(key)) pairs.set(key, { pool: pool.id, pixelId: pool.pixelId, token });
  }
  return [...pairs.values()];
}
