import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { errorOf, pixel2, purchase, send, startTwoPixels } from "../cast/graph.js";
const toPixel2 = { pixel: pixel2.id, token: "token-of-pixel-2" };
const batch = [purchase("a"), purchase("b"), purchase("c")];
let graph;
beforeAll(async () => void (graph = await startTwoPixels()));
beforeEach(async () => await graph.reset());
afterAll(async () => await graph.stop());
const stored = async () => (await graph.ledger()).map((entry) => entry.eventId);
const lastRequest = async () => (await graph.requests()).at(-1);
async function sendUnder(rule) {
    await graph.fault(rule);
    return await send(graph, batch);
}
describe("an answer that tells of an error", () => {
    test.each([
        [{ fault: "500-1" }, 500, { code: 1, is_transient: true }, 0],
        [{ fault: "500-2" }, 500, { code: 2, is_transient: true }, 0],
        [{ fault: "500-1", stored: true }, 500, { code: 1 }, 3],
        [{ fault: "500-2", stored: true }, 500, { code: 2 }, 3],
        [{ fault: "transient-400" }, 400, { code: 2, is_transient: true }, 0],
        [{ fault: "rate", code: 4 }, 400, { code: 4 }, 0],
        [{ fault: "policy" }, 400, { code: 368 }, 0],
        [{ fault: "credentials" }, 401, { code: 190, error_subcode: 460 }, 0],
        [{ fault: "unknown-4xx", status: 451, code: 7777 }, 451, { code: 7777 }, 0],
        [{ fault: "unknown-4xx" }, 422, {}, 0],
    ])("%j: HTTP %i", async (rule, status, error, left) => {
        const reply = await sendUnder(rule);
        expect(reply.status).toBe(status);
        expect(errorOf(reply)).toMatchObject(error);
        expect(await stored()).toHaveLength(left);
        expect(await lastRequest()).toMatchObject({ status, answered: true, fault: rule.fault });
    });
    test("rate tells in minutes when to come back", async () => {
        const reply = await sendUnder({ fault: "rate", minutes: 7 });
        expect(errorOf(reply).code).toBe(80004);
        const usage = JSON.parse(reply.headers.get("x-business-use-case-usage") ?? "{}");
        expect(Object.values(usage)[0]?.[0]).toMatchObject({ estimated_time_to_regain_access: 7 });
    });
});
describe("an answer that cannot be trusted", () => {
    test.each([
        [false, 0],
        [true, 3],
    ])("html-502 is a page, stored: %s", async (wasStored, left) => {
        const reply = await sendUnder({ fault: "html-502", stored: wasStored });
        expect(reply.status).toBe(502);
        expect(reply.headers.get("content-type")).toContain("text/html");
        expect(await stored()).toHaveLength(left);
    });
    test("truncated is a 200 whose JSON breaks off, after storing", async () => {
        const reply = await sendUnder({ fault: "truncated" });
        expect(reply.status).toBe(200);
        expect(reply.text).toMatch(/^\{"events/);
        expect(() => JSON.parse(reply.text)).toThrow(SyntaxError);
        expect(await stored()).toEqual(["a", "b", "c"]);
    });
    test("too-few stores only the first events, one less or as many as told", async () => {
        expect((await sendUnder({ fault: "too-few" })).text).toContain(`"events_received":2`);
        expect(await stored()).toEqual(["a", "b"]);
        expect((await sendUnder({ fault: "too-few", received: 0 })).text).toContain(`"events_received":0`);
        expect(await stored()).toEqual(["a", "b"]);
    });
    test("redirect points to another host and stores nothing", async () => {
        const reply = await sendUnder({ fault: "redirect", location: "http://elsewhere.invalid/x" });
        expect([reply.status, reply.headers.get("location")]).toEqual([302, "http://elsewhere.invalid/x"]);
        expect(await stored()).toEqual([]);
    });
    test("huge never ends, and stops when the client leaves", async () => {
        await graph.fault({ fault: "huge" });
        const url = `${graph.url}/v26.0/${pixel2.id}/events`;
        const headers = { authorization: "Bearer token-of-pixel-2" };
        const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ data: batch }) });
        let size = 0;
        for await (const chunk of answer.body) {
            size += chunk.length;
            if (size > 2_000_000)
                break;
        }
        expect(size).toBeGreaterThan(2_000_000);
        expect(await stored()).toEqual(["a", "b", "c"]);
        expect(await lastRequest()).toMatchObject({ answered: false });
    });
});
test("a fault does not let bad credentials or bad events in", async () => {
    await graph.fault({ fault: "500-1", stored: true, times: -1 });
    await send(graph, batch, { token: "token-of-nobody" });
    await send(graph, [purchase("a"), purchase("b", { event_time: "soon" })]);
    expect(await stored()).toEqual([]);
    await send(graph, batch, toPixel2);
    expect(await stored()).toEqual(["a", "b", "c"]);
});
