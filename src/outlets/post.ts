import { Client } from "undici";
import { redact } from "../redact.js";

/** How one POST ended. */
export type Posted =
  /** `text` is the begin of the answer, empty where none followed the status. */
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly text: string;
      readonly retryAfterMs: number;
    }
  /** `written`: some of it left, so it may have arrived. */
  | { readonly kind: "failed"; readonly because: string; readonly written: boolean };

export interface Post {
  /** With a path, which may be a secret: it never becomes part of an error. */
  readonly url: URL;
  readonly contentType: string;
  readonly body: string;
  readonly userAgent: string;
  /** For everything: connecting, writing and the answer. Milliseconds. */
  readonly timeoutMs: number;
}

/** Answers of these services take a line; what is longer comes from something else, and is not waited for. */
const ENOUGH_BYTES = 1024;

/**
 * Sends one POST over a connection of its own. No redirect is followed, since a secret path would go to whoever is named.
 * Once a status has come it is the answer: whether the rest follows, is endless or breaks off makes no difference.
 */
export async function post({ url, contentType, body, userAgent, timeoutMs }: Post): Promise<Posted> {
  const client = new Client(url.origin, {
    connect: { timeout: timeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    return await new Promise<Posted>((resolve) => {
      let answer: Extract<Posted, { kind: "answered" }> | null = null;
      let written = false;
      let timer: NodeJS.Timeout | undefined;
      const settle = (otherwise: Posted) => {
        clearTimeout(timer);
        resolve(answer ?? otherwise);
      };
      const failed = (because: string) => settle({ kind: "failed", because, written });
      timer = setTimeout(() => failed(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
      client.dispatch(
        {
          method: "POST",
          path: url.pathname + url.search,
          headers: { "content-type": contentType, "user-agent": userAgent },
          body,
        },
        {
          // Called once the connection stands and before it is written; a second time where undici would repeat it.
          onRequestStart(controller) {
            if (written) controller.abort(new Error("the connection was lost"));
            written = true;
          },
          onResponseStart(_controller, status, headers) {
            answer = { kind: "answered", status, text: "", retryAfterMs: waitOf(headers["retry-after"]) };
          },
          onResponseData(_controller, chunk) {
            if (answer === null) return;
            answer = { ...answer, text: (answer.text + chunk.toString("utf8")).slice(0, ENOUGH_BYTES) };
            if (answer.text.length >= ENOUGH_BYTES) settle(answer);
          },
          onResponseEnd: () => failed("an answer without a status"),
          onResponseError: (_controller, error) => failed(words(error)),
        },
      );
    });
  } finally {
    // Not `close`, which would wait for an answer without end.
    await client.destroy();
  }
}

/** `Retry-After` in seconds; as a date it is not needed by pauses as short as ours. */
function waitOf(header: string | string[] | undefined): number {
  const seconds = Number(header ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** Errors of the network in one line. With two addresses Node throws an AggregateError whose own text is empty. */
function words(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return foreign(error.message.includes(code) ? error.message : `${error.message} ${code}`) || error.name;
}

/** Text of a stranger in a line of ours: redacted before it is cut, so that no half of a secret slips through. */
export function foreign(text: string): string {
  const line = redact(text)
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return (line.length > 100 ? `${line.slice(0, 99)}…` : line).replaceAll(/\p{Surrogate}/gu, "\uFFFD");
}
