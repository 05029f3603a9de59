import type { Dispatcher } from "undici";
import { describe, expect, test } from "vitest";
import { exchange } from "../../src/meta/exchange.js";

type Handler = Dispatcher.DispatchHandler;
const post = { path: "/", headers: {}, body: Buffer.from("{}"), timeoutMs: 5000 };

/** A connection as undici shows it to a handler; it counts how often it was told to break off. */
function connection(handler: Handler): { start: () => void; readonly aborts: () => number } {
  const aborts: (Error | undefined)[] = [];
  const controller: Dispatcher.DispatchController = {
    aborted: false,
    paused: false,
    reason: null,
    rawHeaders: null,
    rawTrailers: null,
    abort(reason) {
      aborts.push(reason);
      handler.onResponseError?.(controller, reason ?? new Error("aborted"));
    },
    pause: () => undefined,
    resume: () => undefined,
  };
  return { start: () => handler.onRequestStart?.(controller, {}), aborts: () => aborts.length };
}

/** A dispatcher that hands over its handler instead of connecting. */
function dispatcher(): { dispatch: Dispatcher["dispatch"]; readonly handler: Handler[] } {
  const handler: Handler[] = [];
  return { handler, dispatch: (_options, given) => handler.push(given) > 0 };
}

describe("what the real network does too rarely for a test", () => {
  test("a connection that stands only after the limit is broken off before anything is written", async () => {
    const fake = dispatcher();
    const result = await exchange(fake, { ...post, timeoutMs: 1 });
    expect(result).toMatchObject({ kind: "unreached" });
    const late = connection(fake.handler[0] ?? {});
    late.start();
    expect(late.aborts()).toBe(1);
  });

  test("a request that undici would write a second time is broken off, and its outcome unknown", async () => {
    const fake = dispatcher();
    const sending = exchange(fake, post);
    const [first, second] = [connection(fake.handler[0] ?? {}), connection(fake.handler[0] ?? {})];
    first.start();
    second.start();
    expect(await sending).toMatchObject({ kind: "broken", because: "the connection was lost" });
    expect(second.aborts()).toBe(1);
  });

  test("a connection that stands too late for what was checked before carries nothing", async () => {
    const fake = dispatcher();
    const sending = exchange(fake, { ...post, mayWrite: () => false });
    const late = connection(fake.handler[0] ?? {});
    late.start();
    expect(await sending).toMatchObject({
      kind: "unreached",
      because: "too much time had passed since the check that it may be sent",
    });
    expect(late.aborts()).toBe(1);
  });

  test("an error with two addresses behind it still has a reason", async () => {
    const fake = dispatcher();
    const sending = exchange(fake, post);
    const error = Object.assign(new AggregateError([]), { code: "ETIMEDOUT" });
    fake.handler[0]?.onResponseError?.({} as Dispatcher.DispatchController, error);
    expect(await sending).toEqual({ kind: "unreached", because: "ETIMEDOUT" });
  });
});
