import type { Dispatcher } from "undici";
import { forPeople, type HttpAnswer } from "./refusal.js";

/** How one POST ended, as far as the connection can tell. */
export type Exchange =
  | ({ readonly kind: "answered" } & HttpAnswer)
  /** Not one byte was written. */
  | { readonly kind: "unreached"; readonly because: string }
  /** Written, at least in part, and no whole answer came. */
  | { readonly kind: "broken"; readonly because: string; readonly status: number | null };

export interface Post {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** One limit for everything: connecting, writing and the whole answer. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Asked once the connection stands: false, and nothing is written. */
  readonly mayWrite?: (() => boolean) | undefined;
}

/** Errors of the network in one line. With two addresses Node throws an AggregateError whose own text is empty. */
function words(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return forPeople(error.message.includes(code) ? error.message : `${error.message} ${code}`) || error.name;
}

/**
 * Sends one POST and tells exactly whether any of it left the process. undici calls `onRequestStart` after the
 * connection (TLS included) stands and immediately before it writes: what fails earlier was never sent, what fails
 * later may have arrived. Error codes are not consulted, since ECONNRESET means the one as well as the other.
 */
export function exchange(dispatcher: Pick<Dispatcher, "dispatch">, post: Post): Promise<Exchange> {
  return new Promise((resolve) => {
    let writing: Dispatcher.DispatchController | null = null;
    let settled = false;
    let status: number | null = null;
    let headers: HttpAnswer["headers"] = {};
    const chunks: Buffer[] = [];

    const settle = (outcome: Exchange): void => {
      settled = true;
      clearTimeout(timer);
      post.signal?.removeEventListener("abort", interrupted);
      resolve(outcome);
    };
    const fail = (because: string): void => {
      if (settled) return;
      settle(writing === null ? { kind: "unreached", because } : { kind: "broken", because, status });
      writing?.abort(new Error(because));
    };
    const interrupted = (): void => fail("interrupted");
    const timer = setTimeout(() => fail(`no answer within ${post.timeoutMs} ms`), post.timeoutMs);

    post.signal?.addEventListener("abort", interrupted);
    if (post.signal?.aborted === true) return interrupted();
    dispatcher.dispatch(
      { method: "POST", path: post.path, headers: { ...post.headers }, body: post.body },
      {
        onRequestStart(controller) {
          // Given up while the connection was being made; or undici repeats by itself what it may have written.
          if (settled) return controller.abort(new Error("given up"));
          if (writing !== null) return controller.abort(new Error("the connection was lost"));
          // Connecting took so long that what was checked before may not hold any more.
          if (post.mayWrite?.() === false) {
            fail("too much time had passed since the check that it may be sent");
            return controller.abort(new Error("given up"));
          }
          writing = controller;
        },
        onResponseStart(_controller, code, fields) {
          status = code;
          headers = fields;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          const body = Buffer.concat(chunks).toString("utf8");
          if (!settled && status !== null) settle({ kind: "answered", status, headers, body });
        },
        onResponseError(_controller, error) {
          fail(words(error));
        },
      },
    );
  });
}
