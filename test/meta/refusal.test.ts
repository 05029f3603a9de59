import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GraphAnswer } from "../../src/ports.js";
import { readAnswer } from "../../src/meta/refusal.js";
import { Secret } from "../../src/redact.js";

function json(status: number, body: unknown, headers: Record<string, string> = {}, sent = 1): GraphAnswer {
  return readAnswer({ status, headers, body: JSON.stringify(body) }, sent);
}

const error = (code: number, more: object = {}) => ({
  error: { message: "m", type: "t", code, fbtrace_id: "tr", ...more },
});

describe("accepted", () => {
  test("is 200 with every event received", () => {
    expect(json(200, { events_received: 3, messages: [], fbtrace_id: "tr" }, {}, 3)).toEqual({
      kind: "accepted",
      received: 3,
      fbtraceId: "tr",
    });
  });

  test("needs no trace id", () => {
    expect(json(200, { events_received: 1 })).toEqual({ kind: "accepted", received: 1, fbtraceId: null });
  });

  test("is nothing else, whatever comes", () => {
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constant('{"events_received":2}'),
      fc.constant('{"events_received":"2"}'),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        bodies,
        fc.integer({ min: 1, max: 3 }),
        (status, body, sent) => {
          const { kind } = readAnswer({ status, headers: {}, body }, sent);
          const complete = status === 200 && sent === 2 && body === '{"events_received":2}';
          expect(kind).toBe(complete ? "accepted" : status >= 400 && status < 500 ? "refused" : "unknown");
        },
      ),
    );
  });
});

describe("refused, by status, code, subcode and is_transient alone", () => {
  test.each([
    ["credentials", 401, error(190)],
    ["credentials", 400, error(190, { error_subcode: 463 })],
    ["credentials", 400, error(102)],
    ["credentials", 400, error(3)],
    ["credentials", 403, error(10)],
    ["credentials", 403, error(200)],
    ["credentials", 403, error(299)],
    ["credentials", 400, error(803)],
    ["credentials", 400, error(100, { error_subcode: 33 })],
    ["event", 400, error(100, { error_subcode: 2804001 })],
    ["event", 400, error(100, { error_subcode: 2804003, error_user_title: "Muito antigo" })],
    ["event", 400, error(100, { error_subcode: 2804009 })],
    ["event", 400, error(100, { error_subcode: 2804010 })],
    ["event", 400, error(100, { error_subcode: 2804016 })],
    ["event", 400, error(100, { error_subcode: 2804050 })],
    ["event", 400, error(100, { message: '(#100) Unexpected key "x" on param "$[\'data\'][12]".' })],
    ["rate", 400, error(4, { is_transient: true })],
    ["rate", 400, error(17)],
    ["rate", 400, error(32)],
    ["rate", 400, error(341)],
    ["rate", 403, error(613)],
    ["rate", 400, error(80000)],
    ["rate", 400, error(80014)],
    ["rate", 429, {}],
    ["transient", 400, error(1)],
    ["transient", 400, error(2)],
    ["transient", 400, error(21009)],
    ["transient", 400, error(12345, { is_transient: true })],
    ["policy", 403, error(368)],
    ["request", 400, error(100)],
    ["request", 400, error(100, { error_subcode: 2805001 })],
    ["request", 400, error(300)],
    ["request", 404, error(2500)],
    ["request", 400, error(12345, { is_transient: "true" })],
    ["request", 400, { error: "text" }],
    ["request", 413, []],
  ] as const)("%s: HTTP %i %j", (scope, status, body) => {
    expect(json(status, body)).toMatchObject({ kind: "refused", scope, status });
  });

  test("says code, subcode, trace id and Meta's words", () => {
    const body = error(100, {
      error_subcode: 2804003,
      message: "Invalid parameter",
      error_user_title: "Event too old",
    });
    expect(json(400, body)).toEqual({
      kind: "refused",
      scope: "event",
      status: 400,
      code: 100,
      subcode: 2804003,
      fbtraceId: "tr",
      message: "Invalid parameter – Event too old",
      waitMs: null,
    });
  });

  test("without JSON is the request's: a proxy refused it", () => {
    expect(readAnswer({ status: 407, headers: {}, body: "<html>" }, 1)).toMatchObject({
      scope: "request",
      code: null,
      message: "HTTP 407 without an explanation",
    });
  });

  test("shows no secret, not even half of one where the text is cut, and no line break", () => {
    const token = new Secret("token-of-pixel-1");
    const told = json(
      400,
      error(190, { message: `${"x".repeat(185)}\n\u001b[31m ${token.reveal()} and more` }),
    );
    const message = told.kind === "refused" ? told.message : "";
    expect(message).toHaveLength(200);
    expect(["token-of", "\n", "\u001b"].filter((text) => message.includes(text))).toEqual([]);
  });
});

describe("how long to wait", () => {
  const usage = (...minutes: unknown[]): string =>
    JSON.stringify({
      "123": minutes.map((time) => ({ type: "ads_api", estimated_time_to_regain_access: time })),
    });
  const wait = (headers: Record<string, string>): number | null => {
    const answer = json(400, error(80004), headers);
    return answer.kind === "refused" ? answer.waitMs : -1;
  };

  test.each([
    ["minutes of the longest entry", { "x-business-use-case-usage": usage(0, 19, 2) }, 19 * 60_000],
    ["seconds", { "retry-after": "90" }, 90_000],
    ["the longer of both", { "retry-after": "90", "x-business-use-case-usage": usage(1) }, 90_000],
    ["nothing told", {}, null],
    ["no time", { "x-business-use-case-usage": usage(0) }, null],
    ["a date", { "retry-after": "Fri, 21 Nov 2025 10:00:00 GMT" }, null],
    ["nonsense", { "retry-after": "-5", "x-business-use-case-usage": '{"1":[null,{"a":1},7],"2":3}' }, null],
    ["broken JSON", { "x-business-use-case-usage": "{" }, null],
  ])("%s", (_what, headers, expected) => {
    expect(wait(headers as Record<string, string>)).toBe(expected);
  });
});

describe("unknown: Meta may have it", () => {
  test.each([
    ["a 500 with code 1", 500, error(1)],
    ["a 503 that talks of the token", 503, error(190)],
    ["a redirect", 302, {}],
    ["a 200 with an error", 200, { ...error(190), events_received: 1 }],
    ["a 200 without a number", 200, { messages: [] }],
    ["a number as text", 200, { events_received: "1" }],
    ["a fraction", 200, { events_received: 0.5 }],
    ["a list", 200, [{ events_received: 1 }]],
    ["another 2xx", 202, { events_received: 1 }],
    ["more than were sent", 200, { events_received: 2 }],
  ])("%s", (_what, status, body) => {
    const answer = json(status, body);
    expect(answer).toMatchObject({ kind: "unknown", status });
    expect(answer).not.toHaveProperty("short");
  });

  test.each(["<html>Bad Gateway</html>", '{"events_received": 1', "", "null"])(
    "a 200 with the body %j",
    (body) => {
      expect(readAnswer({ status: 200, headers: {}, body }, 1)).toMatchObject({
        kind: "unknown",
        status: 200,
      });
    },
  );

  test("fewer than were sent, told as a short count with Meta's trace id", () => {
    expect(json(200, { events_received: 2, fbtrace_id: "tr" }, {}, 3)).toEqual({
      kind: "unknown",
      because: "Meta counted 2 of 3 events",
      status: 200,
      fbtraceId: "tr",
      short: true,
    });
  });
});

describe("a stranger's text keeps no answer out of the journal", () => {
  test("half an emoji, in a message or as a trace id, becomes text that can be stored", () => {
    const message = `${"x".repeat(198)}😀 and more`;
    const refused = json(400, { error: { message, code: 100, fbtrace_id: "\ud83d" } });
    expect(JSON.stringify(refused)).not.toMatch(/\\ud83d/i);
    const accepted = json(200, { events_received: 1, fbtrace_id: "\ud83d" });
    expect(accepted).toEqual({ kind: "accepted", received: 1, fbtraceId: "\uFFFD" });
  });

  test("a code beyond PostgreSQL's integer is no code", () => {
    expect(json(400, { error: { message: "?", code: 99_999_999_999 } })).toMatchObject({ code: null });
  });
});
