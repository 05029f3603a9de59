import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventError } from "../../demo/graph/errors.js";
import { firstOffence } from "../../demo/graph/validate.js";
import { errorOf, hoursAgo, pixel1, purchase, send, sha256, startTwoPixels } from "../cast/graph.js";
let graph;
beforeAll(async () => void (graph = await startTwoPixels()));
beforeEach(async () => await graph.reset());
afterAll(async () => await graph.stop());
const digest = sha256("ana");
const agent = "Mozilla/5.0";
const fbc = "fb.1.1709136167115.IwAR2F4-dbP0l7Mn1IawQQGC";
/** A Purchase with exactly this customer data. */
const customer = (userData) => purchase("x", { user_data: userData });
const custom = (customData) => purchase("x", { custom_data: customData });
describe("one bad event sinks the whole batch, and the answer does not say which", () => {
    test.each([
        ["a malformed click id", 2804001, customer({ em: digest, fbc: "IwAR2F4" })],
        ["a click id with a strange tail", 2804001, customer({ em: digest, fbc: "fb.1.123.abc.invalid" })],
        ["an event over 7 days old", 2804003, purchase("x", { event_time: hoursAgo(7 * 24) - 60 })],
        ["no value", 2804009, custom({ currency: "BRL" })],
        ["no custom_data", 2804009, custom(undefined)],
        ["no currency", 2804010, custom({ value: 1 })],
        ["an e-mail in clear", 2804016, customer({ em: "ana@example.com" })],
        ["one of two phones in clear", 2804016, customer({ ph: [digest, "5511999999999"] })],
        ["an upper-case digest", 2804016, customer({ em: digest.toUpperCase() })],
        ["a digest with a tail of nine", 2804016, customer({ em: `${digest}.AQYBAQIAx` })],
        ["no customer data", 2804050, customer(undefined)],
        ["empty customer data", 2804050, customer({})],
        ["customer data of empty texts", 2804050, customer({ em: "", ph: [""] })],
        [
            "only an address",
            2804050,
            customer({ ct: digest, st: digest, country: digest, client_user_agent: agent }),
        ],
        ["only a birthday and an agent", 2804050, customer({ db: digest, client_user_agent: agent })],
        ["only a first name", 2804050, customer({ fn: digest, ge: digest })],
        ["only a last name", 2804050, customer({ ln: [digest] })],
    ])("%s: %i", async (_case, subcode, bad) => {
        const reply = await send(graph, [purchase("before"), bad, purchase("after")]);
        expect(reply.status).toBe(400);
        const error = errorOf(reply);
        expect(error).toMatchObject({
            code: 100,
            error_subcode: subcode,
            type: "OAuthException",
            is_transient: false,
        });
        expect(error.error_user_title).toBeTruthy();
        expect(error.error_user_msg).toMatch(/[áâãçéíóõ]|evento/i);
        expect(JSON.stringify(error)).not.toMatch(/\[1\]|"x"/);
        expect(await graph.ledger()).toEqual([]);
        expect((await send(graph, [purchase("before"), purchase("after")])).status).toBe(200);
    });
});
describe("a malformed event is named by its JSON path", () => {
    test.each([
        ["an unknown key", `"$['data'][0]"`, purchase("x", { advertiser_tracking_enabled: 1 })],
        ["an unknown customer key", `"$['data'][0]['user_data']"`, customer({ em: digest, email: digest })],
        ["milliseconds", "['event_time']", purchase("x", { event_time: Date.now() })],
        ["time as text", "['event_time']", purchase("x", { event_time: String(hoursAgo(1)) })],
        ["a broken second", "['event_time']", purchase("x", { event_time: hoursAgo(1) + 0.5 })],
        ["an unknown action_source", "['action_source']", purchase("x", { action_source: "Website" })],
        ["no event_name", "['event_name']", purchase("x", { event_name: undefined })],
        ["a number as id", "['event_id']", purchase("x", { event_id: 7 })],
        ["value as text", "['custom_data']['value']", custom({ value: "19.90", currency: "BRL" })],
        ["a currency sign", "['custom_data']['currency']", custom({ value: 1, currency: "R$" })],
        ["a number as phone", "['user_data']['ph']", customer({ ph: 5511 })],
        ["no object", `"$['data'][0]"`, "event"],
    ])("%s", async (_case, path, bad) => {
        const reply = await send(graph, [bad, purchase("after")]);
        expect(reply.status).toBe(400);
        expect(errorOf(reply)).toMatchObject({ code: 100, message: expect.stringContaining(path) });
        expect(errorOf(reply).error_subcode).toBeUndefined();
        expect(await graph.ledger()).toEqual([]);
    });
});
describe("what a strict reader might refuse but Graph accepts", () => {
    test.each([
        ["digests with a builder's appendix", customer({ em: `${digest}.AQYBAQIA` })],
        ["lists of digests", customer({ ct: [digest, sha256("sao paulo")], em: [digest] })],
        ["an external id in clear", customer({ external_id: ["1234"] })],
        ["an IP address alone", customer({ client_ip_address: "203.0.113.7" })],
        ["a click id", customer({ fbc, client_user_agent: agent })],
        ["a click id with an appendix", customer({ fbc: `${fbc}.AQYBAQIA` })],
        ["nearly 7 days", purchase("x", { event_time: hoursAgo(7 * 24) + 60 })],
        ["a website event without agent", customer({ em: digest })],
        ["free keys in custom_data", custom({ value: 0, currency: "BRL", campaign_code: "c", anything: [1] })],
        ["another event without value", purchase("x", { event_name: "PageView", custom_data: undefined })],
        ["no event id", purchase("x", { event_id: undefined })],
    ])("%s", async (_case, event) => {
        expect((await send(graph, [event])).status).toBe(200);
        expect(await graph.ledger()).toHaveLength(1);
    });
});
describe("the list itself", () => {
    test("holds 1 to 1000 events", async () => {
        const thousand = Array.from({ length: 1000 }, (_, n) => purchase(`e${n}`));
        expect(errorOf(await send(graph, []))).toMatchObject({ code: 100 });
        expect(errorOf(await send(graph, [...thousand, purchase("one more")])).message).toContain("1000");
        expect(errorOf(await send(graph, purchase("not a list"))).code).toBe(100);
        expect(await graph.ledger()).toEqual([]);
        expect((await send(graph, thousand)).text).toContain(`"events_received":1000`);
    });
    test.each(["", "{", "[]", "data=1"])("body %j is no JSON object", async (body) => {
        const headers = { authorization: "Bearer token-of-pixel-1", "content-type": "application/json" };
        const answer = await fetch(`${graph.url}/v26.0/${pixel1.id}/events`, { method: "POST", headers, body });
        expect(answer.status).toBe(400);
        expect(await answer.text()).toMatch(/"code":100.*|not valid JSON/);
    });
});
test("wherever the bad event stands, it is the one that is judged", () => {
    const rules = { now: Date.now() / 1000, ordered: () => null };
    fc.assert(fc.property(fc.nat(20), fc.nat(20), (before, after) => {
        const good = (count) => Array.from({ length: count }, (_, n) => purchase(`good${n}`));
        expect(firstOffence([...good(before), ...good(after)], rules)).toBeNull();
        expect(firstOffence([...good(before), custom({}), ...good(after), customer({})], rules)).toEqual(eventError(2804009));
    }));
});
