import type { OutletSettings } from "../config.js";
import type { Clock } from "../ports.js";
import type { Outlets } from "../ports/outlets.js";
import type { RunSummary } from "../sales/summary.js";
import { lifted, type Trouble } from "../sales/trouble.js";
import { notice, worthTelling, type Earlier } from "../sales/worth-telling.js";
import { readFormer, writeMetrics, type Former } from "./metrics-file.js";
import { notify } from "./notify.js";
import { openPing } from "./ping.js";

/** What the process is, as far as the outlets need it. */
export interface OutletSurroundings {
  readonly clock: Clock;
  readonly pid: number;
  readonly version: string;
}

/** For one request. A service that takes longer to say OK is down. */
const TIMEOUT_MS = 5_000;

/** Nothing is opened for what is null or empty. */
export function openOutlets(
  { pingUrl, notifyUrls, metricsFile }: OutletSettings,
  { clock, pid, version }: OutletSurroundings,
): Outlets {
  const posting = { clock, userAgent: `purchase-fix/${version}`, timeoutMs: TIMEOUT_MS };
  const ping = pingUrl === null ? null : openPing(pingUrl, posting);

  async function post(
    summary: RunSummary,
    previous: Earlier | null,
    former: Former | null,
  ): Promise<(Trouble | null)[]> {
    if (notifyUrls.length === 0) return [];
    const occasion = worthTelling(summary, previous, former, clock.now());
    if (occasion === null) return [];
    const text = notice(summary, occasion);
    return await Promise.all(notifyUrls.map((url) => notify(url, text, posting)));
  }

  return {
    started() {
      ping?.started();
      return Promise.resolve();
    },
    async ended(summary, previous) {
      const former = metricsFile === null ? null : readFormer(metricsFile);
      const written = metricsFile === null ? null : await writeMetrics(metricsFile, summary, former, pid);
      // First, since it may change the exit code that the ping reports.
      const first = written === null ? [] : [written];
      const told = lifted(summary, first);
      const [posted, pinged] = await Promise.all([
        post(told, previous, former),
        ping?.ended(told, first) ?? null,
      ]);
      return [...first, ...posted, pinged].filter((trouble) => trouble !== null);
    },
  };
}
