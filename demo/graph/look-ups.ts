import type { Answer } from "./errors.js";
import { errorAnswer, invalidParameter } from "./errors.js";
import { accessOffence, tokenOffence } from "./events.js";
import type { GraphRequest } from "./request.js";
import type { World } from "./world.js";

const defaultScopes = ["ads_management", "business_management"];

/** `GET /<version>/debug_token?input_token=T`: validity, expiry and scopes of a token, asked by a token. */
export function debugToken(world: World, request: GraphRequest): Answer {
  const asker = tokenOffence(world, request.token);
  if (asker !== null) return errorAnswer(asker);
  const input = request.query.get("input_token");
  if (input === null) return errorAnswer(invalidParameter("The parameter input_token is required"));
  const offence = tokenOffence(world, input);
  const facts = world.config.tokens[input];
  const error = offence === null ? {} : { error: { code: offence.code, message: offence.message } };
  const data = {
    ...error,
    app_id: facts?.app_id ?? "1000000000000001",
    type: "SYSTEM_USER",
    is_valid: offence === null,
    expires_at: facts?.expires_at ?? 0,
    scopes: facts?.scopes ?? defaultScopes,
  };
  return { status: 200, body: { data } };
}

/** `GET /<version>/<pixel>?fields=id,name,last_fired_time`. Nothing here tells whether an event id was received. */
export function pixelFields(world: World, pixelId: string, request: GraphRequest): Answer {
  const denied = accessOffence(world, request.token, pixelId, "ask");
  if (denied !== null) return errorAnswer(denied);
  const last = world.ledger.entries.findLast((entry) => entry.pixel === pixelId);
  const fields: Record<string, string | undefined> = {
    id: pixelId,
    name: world.config.pixels.find(({ id }) => id === pixelId)?.name,
    last_fired_time: last && new Date(last.receivedAt).toISOString().replace(/\.\d+Z$/, "+0000"),
  };
  const asked = ["id", ...(request.query.get("fields") ?? "name").split(",")];
  const missing = asked.find((field) => !Object.hasOwn(fields, field));
  if (missing !== undefined) {
    return errorAnswer(
      invalidParameter(`Tried accessing nonexisting field (${missing}) on node type (AdsPixel)`),
    );
  }
  return { status: 200, body: Object.fromEntries(asked.map((field) => [field, fields[field]])) };
}
