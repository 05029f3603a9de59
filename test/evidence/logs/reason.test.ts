import fc from "fast-check";
import { expect, test } from "vitest";
import { metaError, quote } from "../../../src/evidence/logs/quote.js";
import { reasonOf } from "../../../src/evidence/logs/reason.js";

test.each([
  [
    'ValueError(\'Event data inválido: falta value em {"em": "maria@example.com"}\')',
    "ValueError, Event data inválido",
  ],
  [
    "Error 111 connecting to redis.internal:6379. Connection refused.",
    "Error 111 connecting, Connection refused",
  ],
  [
    "[Errno 104] Connection reset by peer while sending segredo to Maria Silva",
    "Errno 104, Connection reset by peer",
  ],
  ["The operation timed out.", "The operation timed out"],
  ["Retry in 60s: Exception('x')", "Retry in 60s"],
  ["HTTPSConnectionPool(host='graph.facebook.com'): Read timed out. (read timeout=10)", "Read timed out"],
  ["Object of type Decimal is not JSON serializable", "is not JSON serializable"],
  [
    "WRONGPASS invalid username-password pair or user is disabled.",
    "WRONGPASS, invalid username-password pair",
  ],
  [" None ", "None"],
  ["{'events_received': 0, 'fbtrace_id': 'A1'}", "events_received': 0"],
  ["o cliente Maria Silva, CPF 123.456.789-09, token abc", ""],
])("of an error's text only the error's own words are kept: %s", (text, reason) => {
  expect(reasonOf(text)).toBe(reason);
});

test("whatever stands between these words is not kept", () => {
  const secret = fc.string({ minLength: 6, unit: "binary" }).filter((text) => /[a-z]{3}|\d{4}/.test(text));
  fc.assert(
    fc.property(secret, secret, (before, after) => {
      const text = `${before} Connection refused ${after} ('1', '${after}')`;
      for (const part of reasonOf(text)
        .split(", ")
        .filter((words) => words !== "Connection refused"))
        expect(part).toMatch(
          /^(?:Err|[A-Z]\w+(?:Error|Exception|Timeout|Token|Exceeded|Disconnected|Retry)$)/,
        );
    }),
  );
});

test.each([
  [
    '{"error":{"message":"(#100) Invalid parameter","type":"OAuthException","code":100,"error_subcode":2804003}}',
    { code: 100, subcode: 2804003, words: "(#100) Invalid parameter" },
  ],
  [
    "{'error': {'message': \"Error validating access token: Session has expired on Thursday\", 'code': 190, 'error_sub",
    { code: 190, words: "Error validating access token: Session has expired on Thursday" },
  ],
  [
    '{"error":{"message":"Param user_data[em] is maria@example.com","code":100}}',
    { code: 100, words: "Param user_data…" },
  ],
  ["<html>502 Bad Gateway</html>", { words: "" }],
])("Meta's answer is told by its numbers and its message: %s", (body, told) => {
  expect(metaError(body)).toEqual(told);
});

test.each([
  ["Pool 3 (Loja da Ana) SEM pixel_id", "Pool 3 …"],
  ["escreva para maria@example.com ou +5511987654321", "escreva para … ou +…"],
  [["token EAA", "B0123456789abcdefghijklmnop usado"].join(""), "token …"],
  [`id ${"ab12".repeat(16)}\u0000\u0007 'Maria'`, "id …"],
])("of a sentence no data is kept: %s", (text, kept) => {
  expect(quote(text)).toBe(kept);
});

test("a long sentence is cut", () => {
  expect(quote("palavra ".repeat(100))).toHaveLength(160);
});
