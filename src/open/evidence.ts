import type { Config } from "../config.js";
import { gathering } from "../evidence/gather.js";
import type { Finders } from "../evidence/gather.js";
import type { TrackingReader } from "../meta/purchases.js";
import { noTracking } from "../meta/purchases.js";
import { isRedisUrl } from "../celery/redis-url.js";
import type { EvidenceReader, KeptReader, Whole } from "../ports.js";
import type { CustomerReader } from "../queries/customers.js";
import type { Asked } from "../sales/causes.js";
import type { Sale } from "../sales/sale.js";
import { openTracking, TRACKING_DEADLINE_MS } from "../tracking/open.js";
import type { KeepingSurroundings } from "./kept.js";
import { keptOf, logsOf } from "./kept.js";
import { lazily } from "./lazily.js";
import type { TasksSurroundings } from "./tasks.js";

/** Where evidence comes from beside the shop's database. */
export interface Sources {
  readonly evidence: EvidenceReader;
  readonly tracking: TrackingReader;
  readonly asked: Asked;
  close(): Promise<void>;
}

/** Opens what is configured: logs, broker and results, tracking data. Each is read when it is asked, and only then. */
export function openSources(
  config: Config,
  around: KeepingSurroundings,
  of: { readonly base: EvidenceReader; readonly kept: KeptReader; readonly customers: CustomerReader },
  wishes: { readonly broker: boolean },
): Sources {
  const redis = lazily(() => openApplicationRedis(config, around));
  const warn = (line: string) => around.output.warn(line);
  const tracking = config.redisUrl === null ? null : openTracking({ connect: redis.get, warn });
  const url = config.brokerUrl ?? config.redisUrl;
  const broker = wishes.broker && url !== null && isRedisUrl(url.reveal());
  return {
    tracking: tracking ?? noTracking,
    asked: {
      logs: config.logs.files.length > 0,
      broker,
      tracking: tracking !== null,
    },
    evidence: gathering({
      base: of.base,
      kept: keptOf(around, of.kept),
      logs: logsOf(config, around, of.kept),
      // What was kept speaks of tasks whether or not anybody is asked now.
      tasks: (whole, kept) => askTasks(config, around, { whole, kept, broker }),
      tracked:
        tracking === null
          ? null
          : (sales) =>
              inParts(sales, async (part) =>
                tracking.eventIds(part, await of.customers.of(part.map((sale) => sale.id))),
              ),
    }),
    close: redis.close,
  };
}

/** Sales whose customers are in memory at once. */
const PART = 5_000;

async function inParts<Told>(
  sales: readonly Sale[],
  ask: (part: readonly Sale[]) => Promise<ReadonlyMap<number, Told>>,
): Promise<ReadonlyMap<number, Told>> {
  const told = new Map<number, Told>();
  for (let at = 0; at < sales.length; at += PART) {
    for (const [id, one] of await ask(sales.slice(at, at + PART))) told.set(id, one);
  }
  return told;
}

async function askTasks(
  config: Config,
  around: TasksSurroundings,
  of: {
    readonly whole: Whole;
    readonly kept: Parameters<NonNullable<Finders["tasks"]>>[1];
    readonly broker: boolean;
  },
) {
  const { whole, kept } = of;
  const read = of.broker ? await (await import("./tasks.js")).readTasks(config, around) : null;
  if (read === null && kept.ties.length === 0 && kept.results.size === 0) return null;
  const { tasksTold } = await import("../celery/told.js");
  const known = await whole.eventIds();
  const nothing = { reading: null, results: async () => new Map(), workers: null };
  return await tasksTold(read ?? nothing, known, kept);
}

/** One connection for tracking data, made when the first event is built. */
async function openApplicationRedis({ redisUrl }: Config, { signals, version }: TasksSurroundings) {
  if (redisUrl === null) throw new Error("REDIS_URL is not set");
  const { openRedis } = await import("../celery/redis.js");
  return await openRedis(redisUrl, {
    deadlineMs: TRACKING_DEADLINE_MS,
    signal: signals.abandon,
    name: `purchase-fix/${version}:tracking`,
  });
}
