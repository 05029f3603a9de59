import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { JsonObject, TokenPlace } from "./types.js";
import { isObject } from "./types.js";

/** A request that arrived whole. */
export interface GraphRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Null where it is no JSON object. */
  readonly body: JsonObject | null;
  readonly text: string;
  readonly token: string | null;
  readonly tokenSeenIn: TokenPlace | null;
}

/** Reads the whole request. Rejects where the client leaves before the end: then nothing was received. */
export async function readRequest(incoming: IncomingMessage): Promise<GraphRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  const url = new URL(incoming.url ?? "/", "http://graph.invalid");
  const form = (incoming.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
  const body = form ? parseForm(text) : parseJson(text);
  return {
    method: incoming.method ?? "GET",
    path: url.pathname.split("/").filter((part) => part !== ""),
    query: url.searchParams,
    body,
    text,
    ...findToken(incoming.headers.authorization, url.searchParams, body),
  };
}

function findToken(
  header: string | undefined,
  query: URLSearchParams,
  body: JsonObject | null,
): Pick<GraphRequest, "token" | "tokenSeenIn"> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (bearer !== undefined) return { token: bearer, tokenSeenIn: "header" };
  const asked = query.get("access_token");
  if (asked !== null) return { token: asked, tokenSeenIn: "query" };
  const field = body?.["access_token"];
  return typeof field === "string"
    ? { token: field, tokenSeenIn: "body" }
    : { token: null, tokenSeenIn: null };
}

export function parseJson(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The documented form of the request: fields, of which `data` is JSON text. */
export function parseForm(text: string): JsonObject {
  const fields = new URLSearchParams(text);
  const data = parseJson(`{"data":${fields.get("data") ?? "null"}}`)?.["data"];
  return { ...Object.fromEntries(fields), ...(data === undefined || data === null ? {} : { data }) };
}

/** The event ids of a request, null for an event without one; lenient, because it looks before anything is validated. */
export function eventIdsOf(body: JsonObject | null): (string | null)[] {
  const data: unknown = body?.["data"];
  if (!Array.isArray(data)) return [];
  return data.map((event: unknown) => {
    const id = isObject(event) ? event["event_id"] : null;
    return typeof id === "string" ? id : null;
  });
}

/** Equal for identical batches, and free of the token, which may stand in the body. */
export function digestOf(body: JsonObject | null): string {
  return createHash("sha256")
    .update(JSON.stringify(body?.["data"] ?? null))
    .digest("hex");
}
