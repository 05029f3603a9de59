import { createHash } from "node:crypto";
import { startGraph } from "../../demo/graph/start.js";
export const pixel1 = {
    id: "111111111111111",
    name: "Loja Um",
    tokens: ["token-of-pixel-1"],
};
export const pixel2 = {
    id: "222222222222222",
    name: "Loja Dois",
    tokens: ["token-of-pixel-2"],
};
/** A stand-in for Graph with two pixels, each with a token of its own. */
export async function startTwoPixels(options = {}) {
    return await startGraph({ pixels: [pixel1, pixel2], ...options });
}
/** How often each registered sale counts at "Meta". Sales that count not at all are missing. */
export function countedPerSale(ledger) {
    const counts = {};
    for (const { sale, counted } of ledger) {
        if (counted)
            counts[String(sale)] = (counts[String(sale)] ?? 0) + 1;
    }
    return counts;
}
export function sha256(text) {
    return createHash("sha256").update(text).digest("hex");
}
/** Unix seconds, that many hours ago. */
export function hoursAgo(hours) {
    return Math.floor(Date.now() / 1000 - hours * 3600);
}
/** A Purchase that Graph accepts. */
export function purchase(eventId, changes = {}) {
    return {
        event_name: "Purchase",
        event_time: hoursAgo(1),
        event_id: eventId,
        action_source: "website",
        event_source_url: "https://loja.example/go/um",
        user_data: {
            em: sha256("ana@example.com"),
            client_ip_address: "203.0.113.7",
            client_user_agent: "Mozilla/5.0",
        },
        custom_data: { value: 19.9, currency: "BRL" },
        ...changes,
    };
}
/** Sends events as the simplest client would, without retries; rejects where the connection fails. */
export async function send(graph, data, how = {}) {
    const { pixel = pixel1.id, token = "token-of-pixel-1", version = "v26.0", testEventCode, signal } = how;
    const answer = await fetch(`${graph.url}/${version}/${pixel}/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
            data,
            ...(testEventCode === undefined ? {} : { test_event_code: testEventCode }),
        }),
        redirect: "manual",
        ...(signal === undefined ? {} : { signal }),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
/** The error of an answer; fails where there is none. */
export function errorOf(reply) {
    const { error } = JSON.parse(reply.text);
    if (error === undefined)
        throw new Error(`no error in ${reply.text}`);
    return error;
}
