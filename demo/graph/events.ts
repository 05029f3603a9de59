import type { Answer, GraphError } from "./errors.js";
import { errorAnswer, expiredToken, missingToken, noSuchObject, traceId, unknownToken } from "./errors.js";
import { withoutPermission } from "./errors.js";
import type { GraphRequest } from "./request.js";
import type { GraphConfig, JsonObject } from "./types.js";
import { eventsOf, firstOffence } from "./validate.js";
import type { World } from "./world.js";

/** Why this token may not do that with this pixel. Graph looks at the token first, then the object, then permissions. */
export function accessOffence(
  world: World,
  token: string | null,
  pixelId: string,
  doing: "send" | "ask",
): GraphError | null {
  const offence = tokenOffence(world, token);
  if (offence !== null || token === null) return offence;
  const pixel = world.config.pixels.find(({ id }) => id === pixelId);
  const readOnly = pixel?.readOnlyTokens?.includes(token) ?? false;
  const sendOnly = pixel?.sendOnlyTokens?.includes(token) ?? false;
  const reaches = readOnly || sendOnly || (pixel?.tokens.includes(token) ?? false);
  if (!reaches || (sendOnly && doing === "ask"))
    return noSuchObject(doing === "send" ? "post" : "get", pixelId);
  return readOnly && doing === "send" ? withoutPermission : null;
}

/** Why Graph does not know this token, or not any more. */
export function tokenOffence(world: World, token: string | null): GraphError | null {
  if (token === null) return missingToken;
  if (!isKnown(world.config, token)) return unknownToken;
  const facts = world.config.tokens[token];
  const expiry = facts?.expires_at ?? 0;
  const expired = expiry !== 0 && expiry * 1000 <= world.now();
  return expired || facts?.is_valid === false ? expiredToken : null;
}

function isKnown(config: GraphConfig, token: string): boolean {
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
export function receiveEvents(world: World, pixel: string, request: GraphRequest, keep = Infinity): Answer {
  const denied = accessOffence(world, request.token, pixel, "send");
  if (denied !== null) return errorAnswer(denied);
  const events = eventsOf(request.body);
  if (!isList(events)) return errorAnswer(events);
  const offence = firstOffence(events, {
    now: world.now() / 1000,
    ordered: (eventId) => world.faults.refusal(pixel, eventId),
  });
  if (offence !== null) return errorAnswer(offence);
  const code = request.body?.["test_event_code"];
  const arrival = {
    at: world.now(),
    pixel,
    testEventCode: typeof code === "string" ? code : null,
    dedup: world.config.dedup,
  };
  const kept = events.slice(0, Math.max(0, keep));
  for (const event of kept) world.ledger.receive(event as JsonObject, arrival);
  return { status: 200, body: { events_received: kept.length, messages: [], fbtrace_id: traceId() } };
}

function isList(events: readonly unknown[] | GraphError): events is readonly unknown[] {
  return Array.isArray(events);
}
