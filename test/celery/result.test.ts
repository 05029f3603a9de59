import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readResult } from "../../src/celery/result.js";

const told = (meta: Record<string, unknown>) =>
  readResult("t-1", JSON.stringify({ task_id: "t-1", traceback: null, children: [], ...meta }));
const success = (result: unknown) => told({ status: "SUCCESS", result });
const failure = (exc_type: string, exc_module: string, text: string, more: object = {}) =>
  told({ status: "FAILURE", result: { exc_type, exc_module, exc_message: [text] }, ...more });

describe("a task that ended", () => {
  test("with events received was accepted, for good", () => {
    const date_done = "2025-11-20T13:31:15.900000";
    expect(told({ status: "SUCCESS", result: { events_received: 1, messages: [] }, date_done })).toEqual({
      taskId: "t-1",
      status: "SUCCESS",
      outcome: "accepted",
      final: true,
      doneAt: Date.UTC(2025, 10, 20, 13, 31, 15, 900),
      because: "Meta received it (task result: events_received 1)",
    });
  });

  test.each([
    ["nothing", null],
    ["events_received 0", { events_received: 0 }],
    ["no events_received", { events_received: "1" }],
    ["no events_received", [1]],
    ["no events_received", true],
  ])("with %s is unknown: it may have given up after answers that Meta counted", (words, result) => {
    expect(success(result)).toMatchObject({
      outcome: "unknown",
      because: `its task ended without an acceptance (task result: ${words})`,
    });
  });

  test("with Meta's own error about token or event was refused, unless Meta calls it passing", () => {
    expect(success({ error: { code: 190 } })).toMatchObject({
      outcome: "refused",
      because: "Meta refused it (task result: error 190)",
    });
    expect(success({ error: { code: 100, message: "Invalid parameter" } })?.outcome).toBe("refused");
    expect(success({ error: { code: 100, is_transient: true } })?.outcome).toBe("unknown");
    expect(success({ error: { code: 2 } })?.outcome).toBe("unknown");
  });

  test("has the time of a Celery that writes an offset, too", () => {
    const date_done = "2025-11-20T10:31:15-03:00";
    expect(told({ status: "RETRY", date_done })?.doneAt).toBe(Date.UTC(2025, 10, 20, 13, 31, 15));
    expect(told({ status: "RETRY", date_done: null })?.doneAt).toBeNull();
    expect(told({ status: "RETRY", date_done: "yesterday" })?.doneAt).toBeNull();
  });
});

describe("a task that failed", () => {
  test.each([
    ["TimeLimitExceeded", "billiard.exceptions", "its task was killed while it ran"],
    ["WorkerLostError", "billiard.exceptions", "its task was killed while it ran"],
    ["ConnectionError", "requests.exceptions", "its task raised"],
    ["ReadTimeout", "requests.exceptions", "its task raised"],
    // An HTTP library may have sent, and failed to connect when it tried again.
    ["ConnectTimeout", "requests.exceptions", "its task raised"],
    ["InvalidToken", "shop.errors", "its task raised"],
    ["ValueError", "builtins", "its task raised"],
  ])("with %s of %s may have sent", (type, module, words) => {
    expect(failure(type, module, "gave up", { retries: 0 })).toMatchObject({
      outcome: "unknown",
      final: false,
      because: expect.stringContaining(words),
    });
  });

  test.each([
    ["InvalidToken", "cryptography.fernet", ""],
    ["NotRegistered", "celery.exceptions", "celery_app.send_meta_event"],
    ["TypeError", "builtins", "Object of type Decimal is not JSON serializable"],
    ["ValueError", "builtins", "Event data inválido: event_time"],
  ])("with %s of %s has sent nothing, where that was its only run", (type, module, text) => {
    expect(failure(type, module, text, { retries: 0 })?.outcome).toBe("not-sent");
    expect(failure(type, module, text, { retries: 1 })?.outcome).toBe("unknown");
    expect(failure(type, module, text)).toMatchObject({
      outcome: "unknown",
      because: expect.stringMatching(/^the last run of its task failed before it sent/),
    });
  });

  test("keeps the words of its exception, and nothing that it quotes", () => {
    const because = (text: string) => failure("ValueError", "builtins", text)?.because;
    expect(because("gave up after 10 tries")).toBe("its task raised ValueError: gave up after 10 tries");
    const quotes = [
      "no: {'access_token': 'abcdef'}",
      "no: ('1234567890', 'abcdef')",
      "no: [1234567890, abcdef]",
      'no: "abcdef"',
      "no: maria@example.com",
      "no: 5511987654321",
      "no: 189.4.12.7",
      "no: fb.1.1700000000.abcdef",
      `no: ${"a".repeat(64)}`,
      `no: EA${"A".repeat(30)}`,
    ];
    for (const quote of quotes)
      expect(because(quote)).toMatch(/^its task raised ValueError: no:( …| \[token\]| \[token)?$/);
    expect(because("x ".repeat(5_000))?.length).toBeLessThan(160);
  });

  test("is not taken at the word of a class that is no word", () => {
    expect(failure("Ev il('abcdef')", "x y", "")?.because).toBe("its task raised an exception");
  });
});

test.each([
  ["RETRY", "its task failed and retries", false],
  ["REVOKED", "its task was revoked", true],
  ["STARTED", "its task has not ended", false],
])("%s tells nothing of Meta", (status, because, final) => {
  expect(told({ status, result: { exc_type: "Retry" } })).toMatchObject({
    outcome: "unknown",
    because,
    final,
  });
});

test.each(["", "no JSON", "[]", "null", `{"result": 1}`, `{"status": 7}`, "x".repeat(1_000_001)])(
  "%.12s is no result of Celery's",
  (raw) => {
    expect(readResult("t-1", raw)).toBeNull();
  },
);

test("any JSON is survived, and is an acceptance only with events received", () => {
  const property = fc.property(fc.jsonValue(), fc.constantFrom("SUCCESS", "FAILURE"), (result, status) => {
    const read = told({ status, result });
    const received = (result as { events_received?: unknown } | null)?.events_received;
    const isAccepted = status === "SUCCESS" && typeof received === "number" && received >= 1;
    expect(read?.outcome === "accepted").toBe(isAccepted);
  });
  fc.assert(property);
});
