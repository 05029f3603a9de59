import { createHash } from "node:crypto";
import { isObject } from "./types.js";
/** Reads the whole request. Rejects where the client leaves before the end: then nothing was received. */
export async function readRequest(incoming) {
    const chunks = [];
    for await (const chunk of incoming)
        chunks.push(chunk);
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
function findToken(header, query, body) {
    const bearer = /^Bearer\s+(\S+)$/i.exec(header ?? "")?.[1];
    if (bearer !== undefined)
        return { token: bearer, tokenSeenIn: "header" };
    const asked = query.get("access_token");
    if (asked !== null)
        return { token: asked, tokenSeenIn: "query" };
    const field = body?.["access_token"];
    return typeof field === "string"
        ? { token: field, tokenSeenIn: "body" }
        : { token: null, tokenSeenIn: null };
}
function parseJson(text) {
    try {
        const value = JSON.parse(text);
        return isObject(value) ? value : null;
    }
    catch {
        return null;
    }
}
/** The documented form of the request: fields, of which `data` is JSON text. */
function parseForm(text) {
    const fields = new URLSearchParams(text);
    const data = parseJson(`{"data":${fields.get("data") ?? "null"}}`)?.["data"];
    return { ...Object.fromEntries(fields), ...(data === undefined || data === null ? {} : { data }) };
}
/** The event ids of a request, null for an event without one; lenient, because it looks before anything is validated. */
export function eventIdsOf(body) {
    const data = body?.["data"];
    if (!Array.isArray(data))
        return [];
    return data.map((event) => {
        const id = isObject(event) ? event["event_id"] : null;
        return typeof id === "string" ? id : null;
    });
}
/** Equal for identical batches, and free of the token, which may stand in the body. */
export function digestOf(body) {
    return createHash("sha256")
        .update(JSON.stringify(body?.["data"] ?? null))
        .digest("hex");
}
