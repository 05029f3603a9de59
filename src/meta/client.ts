import { Pool } from "undici";
import { KnownError } from "../errors.js";
import type { Secret } from "../redact.js";
import type { GraphAnswer } from "../ports.js";
import { openBodies } from "./bodies.js";
import { exchange, type Post } from "./exchange.js";
import { readAnswer } from "./refusal.js";
import { isAccessToken, isPixelId } from "./shipping.js";

export interface GraphOptions {
  /** Origin of the Graph API, with a path in front of the version where there is one. */
  readonly url: URL;
  /** As `v26.0`. */
  readonly version: string;
  /** For a whole request, connecting and reading the answer included. Milliseconds. */
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** One request: events of one pixel, each as JSON. They are sent as they are, in this order. */
export interface Batch {
  readonly pixelId: string;
  readonly token: Secret;
  readonly events: readonly string[];
  readonly testEventCode: string | null;
  readonly signal?: AbortSignal;
  /** Asked immediately before the request is written: false, and it is not. */
  readonly mayWrite?: () => boolean;
}

/** The only way to Meta. */
export interface GraphClient {
  /**
   * Sends once and never repeats by itself. Every network failure is an answer, not an error.
   *
   * @throws KnownError before anything is sent, where pixel id or token cannot be put into a request
   */
  send(batch: Batch): Promise<GraphAnswer>;
  /** Drops the connections at once; a request in flight ends as unknown. */
  close(): Promise<void>;
}

/** Meta's limit ("Using the API"); one more and the whole request is rejected. */
const MAX_EVENTS = 1000;
/** An answer of Graph takes some 150 bytes and an error 2 kB; what is longer comes from something else. */
const MAX_ANSWER_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;

function check({ pixelId, token, events }: Batch): void {
  if (!isPixelId(pixelId)) {
    throw new KnownError({
      what: "A pixel id is not a number; nothing was sent.",
      why: "It is part of the request's path, where other text could name another resource.",
      next: "Correct redirect_pools.meta_pixel_id.",
    });
  }
  if (!isAccessToken(token.reveal())) {
    throw new KnownError({
      what: `The access token of pixel ${pixelId} is empty or holds characters that no HTTP header can carry.`,
      next: "Store the token again, without spaces and line breaks.",
    });
  }
  if (events.length === 0 || events.length > MAX_EVENTS) {
    throw new RangeError(`a request takes 1 to ${MAX_EVENTS} events, not ${events.length}`);
  }
}

/**
 * Opens a client for one Graph origin. Connections are kept alive for undici's 4 s only: on one that idles longer,
 * the other side's closing crosses the next request more often, and that leaves an outcome unknown. There are as many
 * connections as requests in flight, so that no request queues behind another one while its claim grows old.
 *
 * undici follows no redirect (a POST would be repeated elsewhere, token included) and does no retry of its own.
 */
export function openGraph({ url, version, timeoutMs, userAgent }: GraphOptions): GraphClient {
  if (!/^v\d+\.\d+$/.test(version)) throw new RangeError(`no version of the Graph API: ${version}`);
  const pool = new Pool(url.origin, {
    connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) },
    // The one limit of `exchange` covers both; undici's own timers are only exact to a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
    pipelining: 1,
  });
  const base = `${url.pathname.replace(/\/+$/, "")}/${version}`;
  const bodies = openBodies();

  async function answered(post: Post, sent: number): Promise<GraphAnswer> {
    const result = await exchange(pool, post);
    if (result.kind === "unreached") return result;
    if (result.kind === "broken") {
      return { kind: "unknown", because: result.because, status: result.status, fbtraceId: null };
    }
    const answer = readAnswer(result, sent);
    // Whoever counts all events has read them all. After a refusal the rest of the body may still be on its way.
    if (answer.kind === "accepted") bodies.done(post.body);
    return answer;
  }

  return {
    async send(batch) {
      check(batch);
      const { pixelId, token, events, testEventCode, signal, mayWrite } = batch;
      const post = {
        path: `${base}/${pixelId}/events`,
        headers: {
          // In the header, because a token in a URL or a body ends up in logs.
          authorization: `Bearer ${token.reveal()}`,
          "content-type": "application/json",
          accept: "application/json",
          "user-agent": userAgent,
        },
        body: bodies.of(events, testEventCode),
        timeoutMs,
        signal,
        mayWrite,
      };
      // Not awaited here, where the events would stay in memory until the answer.
      return answered(post, events.length);
    },
    close: () => pool.destroy(),
  };
}
