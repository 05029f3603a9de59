import { randomUUID } from "node:crypto";
import type { Config } from "../config.js";
import type { Secret } from "../redact.js";
import { judgeWorkers } from "../sales/workers-judge.js";
import type { TasksSurroundings } from "./tasks.js";

/** How long workers may take to answer. */
const TIMEOUT_MS = 5_000;

/** Why the workers are not well, or not known to be; null where they are. */
export async function stateOfWorkers(
  config: Config,
  { clock, signals, version }: TasksSurroundings,
  url: Secret,
): Promise<{ because: string | null }> {
  const { nativeCelery } = await import("../celery/native.js");
  const { SEND_TASK } = await import("../celery/inspect.js");
  const celery = nativeCelery({
    url,
    passive: false,
    queues: config.celery.queues,
    keyPrefix: config.celery.keyPrefix,
    sendTask: SEND_TASK,
    now: clock.now,
    sleep: clock.sleep,
    uuid: randomUUID,
    signal: signals.stop,
    name: `purchase-fix/${version}:workers`,
  });
  try {
    const { state, because } = judgeWorkers(await celery.inspect({ timeoutMs: TIMEOUT_MS }));
    return { because: state === "healthy" ? null : because };
  } finally {
    await celery.close();
  }
}
