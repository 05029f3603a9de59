import type { PoolFact, PoolsFacts } from "../ports.js";
import type { Finding } from "./finding.js";
import { count, findingsOf } from "./finding.js";

const finding = findingsOf("pools");

/** Every pool: can its sales be sent, and where to? */
export function judgePools(facts: PoolsFacts | null, hasConfiguredPixel: boolean): Finding[] {
  if (facts === null) return [withoutPools(hasConfiguredPixel)];
  const { pools, lack } = facts;
  const found = [
    ...(lack !== null && pools.some(({ hasToken }) => hasToken)
      ? [
          finding("encryption-key", "fault", {
            what: lack.what,
            why: "resend cannot send",
            mend: mendOf(lack.next),
          }),
        ]
      : []),
    ...pools.flatMap(judgePool),
    ...severalPools(pools),
  ];
  const well = pools.filter(({ on, hasToken, tokenFault }) => on && hasToken && tokenFault === null);
  if (found.some(({ level }) => level !== "note")) return found;
  const what = `${count(well.length, "pool")} switched on; ENCRYPTION_KEY opens the token of each`;
  return [finding("encryption-key", "ok", { what }), ...found];
}

const mendOf = (next: string): string => `ENCRYPTION_KEY=… # ${next}`;

function withoutPools(hasConfiguredPixel: boolean): Finding {
  if (hasConfiguredPixel)
    return finding("pools", "ok", { what: "the shop has no pools: META_PIXEL_ID takes every event" });
  return finding("pools", "warning", {
    what: "the shop has no pools, and no pixel with an access token is configured",
    why: "resend cannot send",
    mend: "META_PIXEL_ID=… META_ACCESS_TOKEN_FILE=/etc/purchase-fix/token # in .env",
  });
}

function judgePool(pool: PoolFact): Finding[] {
  const { id, name, pixelId, hasToken, on, testEventCode, tokenFault } = pool;
  const subject = `pool ${id}${name === null ? "" : ` (${name})`}`;
  if (!on) {
    const what = `${subject} is switched off: neither the application nor resend sends its sales`;
    return [finding("pool-off", "note", { subject, what })];
  }
  const found: Finding[] = [];
  if (pixelId === null || !/^\d+$/.test(pixelId)) {
    found.push(
      finding("pool-pixel", "fault", {
        subject,
        what: `redirect_pools ${id}: meta_pixel_id is ${pixelId === null ? "empty" : "not a number"}`,
        why: "none of its sales can be sent",
        mend: `update redirect_pools set meta_pixel_id = '…' where id = ${id};`,
      }),
    );
  }
  if (!hasToken || tokenFault !== null) {
    found.push(
      finding("pool-token", "fault", {
        subject,
        what: tokenFault ?? `redirect_pools ${id}: meta_access_token is empty`,
        why: "none of its sales can be sent, by the application neither",
        mend: `store the access token of pool ${id} again in the shop's own settings`,
      }),
    );
  }
  if (testEventCode) {
    found.push(
      finding("test-event-code", "warning", {
        subject,
        what: `redirect_pools ${id} has a meta_test_event_code: its events go to Meta's test view too`,
        why: "they are no dry run: Meta keeps and uses them",
        mend: `update redirect_pools set meta_test_event_code = null where id = ${id};`,
      }),
    );
  }
  return found;
}

/** The application takes the first pool of a bot, in whatever order the database gives them. */
function severalPools(pools: readonly PoolFact[]): Finding[] {
  const bots = [...new Set(pools.flatMap((pool) => (pool.on ? pool.bots : [])))].toSorted((a, b) => a - b);
  return bots.flatMap((bot) => {
    const of = pools.filter((pool) => pool.on && pool.bots.includes(bot));
    if (of.length < 2) return [];
    const pixels = new Set(of.map(({ pixelId }) => pixelId));
    const ids = of.map(({ id }) => id);
    const what = `bot ${bot} is in pools ${ids.join(" and ")}`;
    if (pixels.size === 1)
      return [finding("several-pools", "note", { subject: `bot ${bot}`, what: `${what}, of one pixel` })];
    return [
      finding("several-pools", "warning", {
        subject: `bot ${bot}`,
        what: `${what}, of different pixels`,
        why: "which of them the earlier attempt took is not known: its sales are untraceable without logs",
        mend: `update pool_bots set is_enabled = false where bot_id = ${bot} and pool_id in (${ids.slice(1).join(", ")});`,
      }),
    ];
  });
}
