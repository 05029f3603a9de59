import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pixel1, purchase, send, startTwoPixels } from "../cast/graph.js";
const sender = "token-that-only-sends";
const expired = "token-of-last-year";
let graph;
beforeAll(async () => {
    graph = await startTwoPixels({
        pixels: [{ ...pixel1, sendOnlyTokens: [sender] }],
        tokens: { [expired]: { expires_at: 1_700_000_000 }, [sender]: { scopes: ["ads_management"] } },
    });
});
beforeEach(async () => await graph.reset());
afterAll(async () => await graph.stop());
async function get(path, token = "token-of-pixel-1") {
    const answer = await fetch(`${graph.url}/${path}`, { headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, text: await answer.text() };
}
describe("look-ups", () => {
    test("debug_token tells validity, expiry and scopes", async () => {
        const { status, text } = await get(`v26.0/debug_token?input_token=${sender}`, sender);
        expect(status).toBe(200);
        expect(JSON.parse(text)).toMatchObject({
            data: { is_valid: true, expires_at: 0, scopes: ["ads_management"] },
        });
        const dead = await get(`v26.0/debug_token?input_token=${expired}`);
        expect(JSON.parse(dead.text)).toMatchObject({ data: { is_valid: false, expires_at: 1_700_000_000 } });
        expect((await get(`v26.0/debug_token?input_token=${expired}`, expired)).status).toBe(401);
    });
    test("a pixel tells its name and when it last fired, but not to a token that only sends", async () => {
        const path = `v26.0/${pixel1.id}?fields=id,name,last_fired_time`;
        expect(JSON.parse((await get(path)).text)).toEqual({ id: pixel1.id, name: "Loja Um" });
        await send(graph, [purchase("a")], { token: sender });
        expect(JSON.parse((await get(path)).text)).toMatchObject({
            last_fired_time: expect.stringMatching(/\+0000$/),
        });
        expect((await get(path, sender)).status).toBe(400);
        expect((await get(`v26.0/${pixel1.id}?fields=secret`)).status).toBe(400);
    });
    test("events cannot be read back", async () => {
        await send(graph, [purchase("a")]);
        expect((await get(`v26.0/${pixel1.id}/events`)).status).toBe(400);
        expect((await graph.requests()).map((request) => request.kind)).toEqual(["events", "look-up"]);
    });
});
