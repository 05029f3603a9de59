import { isRedisUrl } from "../celery/redis-url.js";
import type { Config } from "../config.js";
import { newsOf } from "../evidence/logs/keeping.js";
import type { Eyes } from "../ports.js";
import { UNCLAIMED_FOR } from "../ports.js";
import type { KeepingSurroundings } from "./kept.js";
import { readNew } from "./kept.js";
import { readTasksOnly } from "./tasks.js";

/** How `observe` looks: at what is configured, once. */
export function eyesOf(config: Config, around: KeepingSurroundings): Eyes {
  const url = config.brokerUrl ?? config.redisUrl;
  const tasks = url === null || !isRedisUrl(url.reveal()) ? null : () => readTasksOnly(config, around, url);
  if (config.logs.files.length === 0) return { tasks, logs: null };
  return {
    tasks,
    logs: async (known, named) => {
      const lateFrom = around.clock.now() - UNCLAIMED_FOR;
      const read = await readNew(config, around, known, named, lateFrom);
      const ties = read.events.flatMap(({ kind, taskId, eventId, pixelId, cut }) => {
        const isWhole = kind === "queued" && taskId !== undefined && eventId !== undefined && cut !== true;
        return isWhole ? [{ taskId, eventId, pixelId: pixelId ?? null }] : [];
      });
      return { ...newsOf(read, known, around.host, named), ties };
    },
  };
}
