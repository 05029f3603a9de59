import { Pool } from "undici";
import type { PixelFact } from "../ports.js";
import type { Secret } from "../redact.js";
import type { GraphOptions } from "./client.js";
import { forPeople } from "./refusal.js";
import { isAccessToken, isPixelId } from "./shipping.js";

/** What a question told of Meta itself, beside its answer. */
export interface Aside {
  readonly clock: { readonly before: number; readonly at: number; readonly after: number } | null;
  readonly versionWarning: string | null;
  readonly versionRefused: string | null;
  readonly unreached: string | null;
}

/** Questions to Graph that send nothing and change nothing. */
export interface LookUps {
  token(token: Secret): Promise<Aside & { readonly found: PixelFact["token"] }>;
  pixel(pixelId: string, token: Secret): Promise<Aside & { readonly found: PixelFact["pixel"] }>;
  /** Without a token: Meta refuses, and tells version and time all the same. */
  version(): Promise<Aside>;
  close(): Promise<void>;
}

const MAX_ANSWER_BYTES = 64 * 1024;
/** Meta's answer to a version that has ended (observed, beside code 100 "Unknown API version"). */
const DEPRECATED = 2635;

type Body = Readonly<Record<string, unknown>>;

export function openLookUps(
  { url, version, timeoutMs, userAgent }: GraphOptions,
  now: () => number,
): LookUps {
  const pool = new Pool(url.origin, { maxResponseSize: MAX_ANSWER_BYTES, pipelining: 1 });
  const base = `${url.pathname.replace(/\/+$/, "")}/${version}`;

  async function get(path: string, token: Secret | null): Promise<Aside & { status: number; body: Body }> {
    const before = now();
    try {
      const { statusCode, headers, body } = await pool.request({
        method: "GET",
        path: `${base}/${path}`,
        headers: {
          accept: "application/json",
          "user-agent": userAgent,
          ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
        },
        signal: AbortSignal.timeout(timeoutMs),
      });
      const after = now();
      const parsed = parse(await body.text());
      const at = Date.parse(text(headers["date"]) ?? "");
      const told = text(headers["x-ad-api-version-warning"]);
      const { code, message } = errorOf(parsed);
      const refused = code === DEPRECATED || /unknown api version/i.test(message);
      return {
        status: statusCode,
        body: parsed,
        clock: Number.isNaN(at) ? null : { before, at, after },
        versionWarning: told === null ? null : forPeople(told),
        versionRefused: refused ? forPeople(message) : null,
        unreached: null,
      };
    } catch (error) {
      const why = error instanceof Error ? forPeople(error.message) || error.name : "no reason was given";
      return { ...silent, status: 0, body: {}, unreached: why };
    }
  }

  return {
    async token(token) {
      if (!isAccessToken(token.reveal())) {
        const because = "it holds characters that no HTTP header can carry";
        return { ...silent, found: { kind: "invalid", because } };
      }
      // The documented way: the token asks about itself. It stands in the path of this one request, over TLS.
      const { body, status, ...aside } = await get(
        `debug_token?input_token=${encodeURIComponent(token.reveal())}`,
        token,
      );
      return { ...aside, found: tokenIn(body, status, aside.unreached) };
    },
    async pixel(pixelId, token) {
      if (!isPixelId(pixelId))
        return { ...silent, found: { kind: "inconclusive", because: "its id is not a number" } };
      const { body, status, ...aside } = await get(`${pixelId}?fields=id,name,last_fired_time`, token);
      if (status === 200 && body["id"] === pixelId) return { ...aside, found: { kind: "seen" } };
      return { ...aside, found: { kind: "inconclusive", because: wordsOf(body, status, aside.unreached) } };
    },
    async version() {
      const { status: _status, body: _body, ...aside } = await get("debug_token", null);
      return aside;
    },
    close: () => pool.destroy(),
  };
}

const silent: Aside = { clock: null, versionWarning: null, versionRefused: null, unreached: null };

/** Code 190 is a token that Meta does not know or that has ended; any other refusal says nothing of the token. */
function tokenIn(body: Body, status: number, unreached: string | null): PixelFact["token"] {
  const data = record(body["data"]);
  if (status === 200 && data["is_valid"] === true) {
    const expiry = data["expires_at"];
    return { kind: "valid", expiresAt: typeof expiry === "number" && expiry > 0 ? expiry * 1000 : null };
  }
  const because = wordsOf(status === 200 ? data : body, status, unreached);
  const isInvalid = data["is_valid"] === false || errorOf(body).code === 190;
  return { kind: isInvalid ? "invalid" : "inconclusive", because };
}

function wordsOf(body: Body, status: number, unreached: string | null): string {
  if (unreached !== null) return unreached;
  const { code, message } = errorOf(body);
  // Meta repeats the pixel's id in its words, of which we tell the last four digits.
  const masked = (message || `HTTP ${status}`).replaceAll(/\d{5,}(?=\d{4}\b)/g, "…");
  return forPeople(`${code === null ? "" : `code ${code}: `}${masked}`);
}

function errorOf(body: Body): { readonly code: number | null; readonly message: string } {
  const error = record(body["error"]);
  const code = error["code"];
  return { code: typeof code === "number" ? code : null, message: text(error["message"]) ?? "" };
}

function parse(body: string): Body {
  try {
    return record(JSON.parse(body));
  } catch {
    return {};
  }
}

function record(value: unknown): Body {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Body) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
