import { redact } from "../redact.js";
import type { Instant } from "../sales/sale.js";
import type { TaskResult } from "../sales/tasks.js";
import { parsed } from "./queue/message.js";
import { record } from "./json.js";
import type { Fields } from "./json.js";

/** A traceback has some kB. What is longer is none of Celery's, and not worth its memory. */
const LONGEST = 1_000_000;

/** The border for results: status, class of the exception and a cut text; Meta's answer as a number. Null: not Celery's. */
export function readResult(taskId: string, raw: string): TaskResult | null {
  const meta = raw.length > LONGEST ? null : record(parsed(raw));
  const status = meta?.["status"];
  if (meta === null || typeof status !== "string") return null;
  const base = { taskId, doneAt: doneAt(meta["date_done"]) };
  if (status === "SUCCESS") return { ...base, status, final: true, ...answered(meta["result"]) };
  if (status === "FAILURE") return { ...base, status, final: false, ...failed(meta) };
  if (status === "RETRY") {
    return { ...base, status, final: false, outcome: "unknown", because: "its task failed and retries" };
  }
  if (status === "REVOKED") {
    // An earlier run, or the one that was ended by `terminate`, may have sent.
    return { ...base, status, final: true, outcome: "unknown", because: "its task was revoked" };
  }
  return { ...base, status: "other", final: false, outcome: "unknown", because: "its task has not ended" };
}

/**
 * A task that returns has Meta's answer, or none. `events_received` of one or more is an acceptance. Nothing or zero is
 * no refusal: the application returns `None` after a 4xx, and as well when it gave up after answers 5xx, each of which
 * Meta may have counted; and zero is an answer 200, which says that less was counted than sent, not that it was
 * refused. Only an error of Meta's own that names the token or the event (codes 190, 100) is one.
 */
function answered(result: unknown): Pick<TaskResult, "outcome" | "because"> {
  const answer = record(result);
  const received = answer?.["events_received"];
  if (typeof received === "number" && received >= 1) {
    return { outcome: "accepted", because: `Meta received it (task result: events_received ${received})` };
  }
  const code = record(answer?.["error"])?.["code"];
  const isPassing = record(answer?.["error"])?.["is_transient"] === true;
  if ((code === 190 || code === 100) && !isPassing) {
    return { outcome: "refused", because: `Meta refused it (task result: error ${code})` };
  }
  const why = received === 0 ? "events_received 0" : result === null ? "nothing" : "no events_received";
  return { outcome: "unknown", because: `its task ended without an acceptance (task result: ${why})` };
}

/**
 * Exceptions that a run raises before it can send: the text where the class alone is not certain. Errors of connecting
 * are not among them: an HTTP library may have sent, and failed to connect when it tried again.
 */
const beforeSending: readonly (readonly [type: string, module: RegExp, text: RegExp | null])[] = [
  ["InvalidToken", /^cryptography\.fernet$/, null],
  ["NotRegistered", /^celery\.exceptions$/, null],
  ["TypeError", /^builtins$/, /is not JSON serializable$/],
  ["ValueError", /^builtins$/, /^Event data inválido/],
];

/**
 * Only the last run's exception is on record. Where `retries` (kept with `result_extended`) is not 0, or missing,
 * earlier runs may have sent: what failed before sending is then unknown all the same.
 */
function failed(meta: Fields): Pick<TaskResult, "outcome" | "because"> {
  const error = record(meta["result"]);
  const type = word(error?.["exc_type"]) ?? "an exception";
  const module = word(error?.["exc_module"]) ?? "builtins";
  const message = error?.["exc_message"];
  const text = String((Array.isArray(message) ? message[0] : message) ?? "");
  const isBefore = beforeSending.some(
    ([name, home, words]) => name === type && home.test(module) && (words?.test(text) ?? true),
  );
  const told = `${type}${tellable(text)}`;
  if (type === "TimeLimitExceeded" || type === "SoftTimeLimitExceeded" || type === "WorkerLostError") {
    return { outcome: "unknown", because: `its task was killed while it ran (${told})` };
  }
  if (!isBefore) return { outcome: "unknown", because: `its task raised ${told}` };
  if (meta["retries"] === 0) {
    return { outcome: "not-sent", because: `its task failed before it sent: ${told}` };
  }
  return { outcome: "unknown", because: `the last run of its task failed before it sent: ${told}` };
}

/** A class or module as Python spells it. */
function word(value: unknown): string | null {
  return typeof value === "string" && /^[\w.]{1,80}$/.test(value) ? value : null;
}

/**
 * The first words of an exception. It may quote the arguments: so no dump of anything (from the first bracket or quote
 * on), and no address, number or digest that may be a customer's.
 */
function tellable(text: string): string {
  const [first = ""] = redact(text.slice(0, 2_000)).split(/[{[('"<\n]/, 1);
  const plain = first
    .replaceAll(/\S*@\S*/g, "…")
    .replaceAll(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, "…")
    .replaceAll(/[\w:+.-]*\d[\w:+.-]{6,}|\S{25,}/g, "…")
    .trim()
    .slice(0, 120);
  return plain === "" ? "" : `: ${plain}`;
}

/** UTC, which Celery writes without an offset. */
function doneAt(value: unknown): Instant | null {
  const [, local, offset] = /^(\d{4}-\d\d-\d\dT[\d:.]+)(Z|[+-]\d\d:\d\d)?$/.exec(String(value)) ?? [];
  const at = local === undefined ? Number.NaN : Date.parse(`${local}${offset ?? "Z"}`);
  return Number.isNaN(at) ? null : at;
}
