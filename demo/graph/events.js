import { errorAnswer, expiredToken, missingToken, noSuchObject, traceId, unknownToken } from "./errors.js";
import { withoutPermission } from "./errors.js";
import { eventsOf, firstOffence } from "./validate.js";
/** Why this token may not do that with this pixel. Graph looks at the token first, then the object, then permissions. */
export function accessOffence(world, token, pixelId, doing) {
    const offence = tokenOffence(world, token);
    if (offence !== null || token === null)
        return offence;
    const pixel = world.config.pixels.find(({ id }) => id === pixelId);
    const readOnly = pixel?.readOnlyTokens?.includes(token) ?? false;
    const sendOnly = pixel?.sendOnlyTokens?.includes(token) ?? false;
    const reaches = readOnly || sendOnly || (pixel?.tokens.includes(token) ?? false);
    if (!reaches || (sendOnly && doing === "ask"))
        return noSuchObject(doing === "send" ? "post" : "get", pixelId);
    return readOnly && doing === "send" ? withoutPermission : null;
}
/** Why Graph does not know this token, or not any more. */
export function tokenOffence(world, token) {
    if (token === null)
        return missingToken;
    if (!isKnown(world.config, token))
        return unknownToken;
    const facts = world.config.tokens[token];
    const expiry = facts?.expires_at ?? 0;
    const expired = expiry !== 0 && expiry * 1000 <= world.now();
    return expired || facts?.is_valid === false ? expiredToken : null;
}
function isKnown(config, token) {
    const ofPixels = config.pixels.flatMap((pixel) => [
        ...pixel.tokens,
        ...(pixel.readOnlyTokens ?? []),
        ...(pixel.sendOnlyTokens ?? []),
    ]);
    return ofPixels.includes(token) || Object.hasOwn(config.tokens, token);
}
/**
 * Judges the whole request, then stores all of it or nothing (`keep` fewer, for the fault that loses some).
 * Copies count as received: the answer never tells whether an event was known already.
 */
export function receiveEvents(world, pixel, request, keep = Infinity) {
    const denied = accessOffence(world, request.token, pixel, "send");
    if (denied !== null)
        return errorAnswer(denied);
    const events = eventsOf(request.body);
    if (!isList(events))
        return errorAnswer(events);
    const offence = firstOffence(events, {
        now: world.now() / 1000,
        ordered: (eventId) => world.faults.refusal(pixel, eventId),
    });
    if (offence !== null)
        return errorAnswer(offence);
    const code = request.body?.["test_event_code"];
    const arrival = {
        at: world.now(),
        pixel,
        testEventCode: typeof code === "string" ? code : null,
        dedup: world.config.dedup,
    };
    const kept = events.slice(0, Math.max(0, keep));
    for (const event of kept)
        world.ledger.receive(event, arrival);
    return { status: 200, body: { events_received: kept.length, messages: [], fbtrace_id: traceId() } };
}
function isList(events) {
    return Array.isArray(events);
}
