import type { Clock } from "../ports.js";
import type { Secret } from "../redact.js";
import { summaryBody } from "../sales/summary-words.js";
import type { RunSummary } from "../sales/summary.js";
import type { Trouble } from "../sales/trouble.js";
import { foreign, post, type Posted } from "./post.js";

/** What every outlet that posts is given. */
export interface Posting {
  readonly clock: Clock;
  readonly userAgent: string;
  /** For one request. Milliseconds. */
  readonly timeoutMs: number;
}

/** A dead-man's switch in the manner of healthchecks.io. */
export interface Ping {
  started(): void;
  /** Never rejects. Null where the end is known to have arrived. */
  ended(summary: RunSummary, troubles: readonly Trouble[]): Promise<Trouble | null>;
}

/** Within the budget of 15 s: the start's last try, 5 s, then the end's two tries and the pauses between. */
const BUDGET_MS = 15_000;
const RETRIES = 2;
const PAUSE_MS = 1_000;

/**
 * POST `<url>/start`, then `<url>/<exit status>`. A run that found the lock taken is no failure of the job, and no
 * success either: it goes to `<url>/log`, which is kept and changes nothing, so that a lock that is never free again is
 * noticed by the successes that are missing.
 */
export function openPing(secret: Secret, posting: Posting): Ping {
  const url = new URL(secret.reveal());
  const { clock } = posting;
  const over = new AbortController();
  let start: Promise<unknown> = Promise.resolve();
  return {
    started() {
      start = deliver(at(url, "start"), "", posting, { until: clock.now() + BUDGET_MS, over: over.signal });
    },
    async ended(summary, troubles) {
      const until = clock.now() + BUDGET_MS;
      // The start is not tried again, but a try is let finish: arriving after the end, it would begin a run that never ends.
      over.abort();
      await start;
      const suffix = summary.exitCode === 75 ? "log" : String(summary.exitCode);
      const posted = await deliver(at(url, suffix), summaryBody(summary, troubles), posting, { until });
      return troubleOf(url, posted);
    },
  };
}

/** Behind the path; a query string stays where it is. */
function at(url: URL, suffix: string): URL {
  const one = new URL(url);
  one.pathname = `${url.pathname.replace(/\/+$/, "")}/${suffix}`;
  return one;
}

interface Bounds {
  /** No try lasts beyond it. */
  readonly until: number;
  /** No further try once it fired. */
  readonly over?: AbortSignal;
}

async function deliver(url: URL, body: string, posting: Posting, { until, over }: Bounds): Promise<Posted> {
  const { clock, userAgent } = posting;
  const contentType = "text/plain; charset=utf-8";
  for (let retries = 0; ; retries += 1) {
    const timeoutMs = Math.max(1, Math.min(posting.timeoutMs, until - clock.now()));
    const posted = await post({ url, contentType, body, userAgent, timeoutMs });
    if (retries === RETRIES || !mayPass(posted)) return posted;
    await clock.sleep(PAUSE_MS * (retries + 1), over);
    if (over?.aborted === true || clock.now() >= until) return posted;
  }
}

/** A refusal stays one: the URL is wrong. All else may be better in a second. */
export function mayPass(posted: Posted): boolean {
  return posted.kind === "failed" || posted.status >= 500 || posted.status === 429;
}

/** healthchecks.io answers 200 for a check that it does not know, and says so in the text. */
const IGNORED = /^OK \((.*)\)/;

function troubleOf(url: URL, posted: Posted): Trouble | null {
  const what = `The ping to ${url.host} was not taken`;
  const next = "check --ping-url (PURCHASE_FIX_PING_URL)";
  const fault = { what, next, exitCode: 0, evenQuiet: true } as const;
  // Whoever misses the ping raises the alarm: cron need not mail the same each minute.
  const passing = { what, next: null, exitCode: 0, evenQuiet: false } as const;
  if (posted.kind === "failed") return { ...passing, why: posted.because };
  const { status, text } = posted;
  const [, ignored] = IGNORED.exec(text) ?? [];
  if (ignored !== undefined) return { ...fault, why: `it answered: ${foreign(ignored)}` };
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return { ...fault, why: `HTTP ${status}: redirects are not followed` };
  return { ...(mayPass(posted) ? passing : fault), why: `it answered HTTP ${status}` };
}
