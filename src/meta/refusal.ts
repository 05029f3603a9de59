import { redact } from "../redact.js";
import type { GraphAnswer, RefusalScope as Scope } from "../ports.js";

/** A whole HTTP response. Names of headers are in lower case. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Within PostgreSQL's integer: a code beyond it is none of Meta's, and must not keep an answer out of the journal. */
const integer = (value: unknown): number | null =>
  Number.isSafeInteger(value) && Math.abs(Number(value)) < 2 ** 31 ? Number(value) : null;
const string = (value: unknown): string | null => (typeof value === "string" ? value : null);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Text of a stranger, made fit for a line of ours: redacted before it is cut, so that no half secret slips through. */
export function forPeople(text: string): string {
  const line = redact(text)
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
  // A cut through a surrogate pair would be no text that PostgreSQL stores.
  return (line.length > 200 ? `${line.slice(0, 199)}…` : line).replaceAll(/\p{Surrogate}/gu, "\uFFFD");
}

const between = (code: number, low: number, high: number): boolean => code >= low && code <= high;

const codes: readonly (readonly [Scope, (code: number, subcode: number | null) => boolean])[] = [
  ["rate", (code) => [4, 17, 32, 341, 613].includes(code) || between(code, 80_000, 80_014)],
  ["credentials", (code) => [190, 102, 3, 10, 803].includes(code) || between(code, 200, 299)],
  ["credentials", (code, subcode) => code === 100 && subcode === 33],
  ["policy", (code) => code === 368],
  ["event", (code, subcode) => code === 100 && subcode !== null && between(subcode, 2_804_000, 2_804_099)],
  ["transient", (code) => [1, 2, 21_009].includes(code)],
];

function scopeOf(status: number, error: Json): Scope {
  const code = integer(error["code"]);
  const subcode = integer(error["error_subcode"]);
  const known = code === null ? undefined : codes.find(([, matches]) => matches(code, subcode));
  if (known !== undefined) return known[0];
  if (error["is_transient"] === true) return "transient";
  // A JSON path is no prose: an unknown key is told in no other way ("Unexpected key … on param $['data'][0]").
  if (code === 100 && /\$\['data'\]\[\d+\]/.test(string(error["message"]) ?? "")) return "event";
  return status === 429 ? "rate" : "request";
}

/** `X-Business-Use-Case-Usage` tells minutes per business and use case, `Retry-After` seconds; the longest holds. */
function waitOf(headers: HttpAnswer["headers"]): number | null {
  const usage = parse(String(headers["x-business-use-case-usage"] ?? ""));
  const entries: unknown[] = isObject(usage) ? Object.values(usage).flat() : [];
  const minutes = entries.map((entry) =>
    isObject(entry) ? Number(entry["estimated_time_to_regain_access"]) : 0,
  );
  const seconds = Number(headers["retry-after"] ?? 0);
  const waits = [...minutes.map((value) => value * 60_000), seconds * 1000].filter(
    (wait) => Number.isFinite(wait) && wait > 0,
  );
  return waits.length === 0 ? null : Math.max(...waits);
}

function refused(answer: HttpAnswer, error: Json): GraphAnswer {
  const title = string(error["error_user_title"]) ?? string(error["error_user_msg"]);
  const message = [string(error["message"]), title]
    .filter((text) => text !== null && text !== "")
    .join(" – ");
  return {
    kind: "refused",
    scope: scopeOf(answer.status, error),
    status: answer.status,
    code: integer(error["code"]),
    subcode: integer(error["error_subcode"]),
    fbtraceId: trace(error["fbtrace_id"]),
    message: forPeople(message === "" ? `HTTP ${answer.status} without an explanation` : message),
    waitMs: waitOf(answer.headers),
  };
}

function trace(value: unknown): string | null {
  const text = string(value);
  return text === null ? null : forPeople(text);
}

/**
 * What an HTTP response says about the `sent` events of its request. Decided on status, code, subcode and
 * `is_transient` alone: texts come in the account's language. Any 5xx leaves the outcome unknown whatever code it
 * carries, and so does every status below 400 but a 200 that counts all events; a redirect is never followed.
 */
export function readAnswer(answer: HttpAnswer, sent: number): GraphAnswer {
  const { status } = answer;
  const body = parse(answer.body);
  const error = isObject(body) && isObject(body["error"]) ? body["error"] : null;
  if (between(status, 400, 499)) return refused(answer, error ?? {});

  const fbtraceId = trace(isObject(body) ? (body["fbtrace_id"] ?? error?.["fbtrace_id"]) : null);
  const unknown = (because: string, short = false): GraphAnswer => {
    return { kind: "unknown", because, status, fbtraceId, ...(short ? { short } : {}) };
  };
  if (status !== 200) return unknown(`Meta answered HTTP ${status}`);
  if (!isObject(body)) return unknown("Meta's answer is no JSON object");
  if (error !== null) return unknown("Meta answered 200 with an error");
  const received = integer(body["events_received"]);
  if (received === null) return unknown("Meta's answer has no events_received");
  if (received === sent) return { kind: "accepted", received, fbtraceId };
  return unknown(`Meta counted ${received} of ${sent} events`, received < sent);
}
