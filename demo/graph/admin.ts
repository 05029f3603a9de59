import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./errors.js";
import { parseRule } from "./faults.js";
import type { GraphRequest } from "./request.js";
import type { GraphConfig, JsonObject, RegisteredSale } from "./types.js";
import { isObject } from "./types.js";
import type { World } from "./world.js";

/** What an admin request needs: the world, a way to renew it, and whether the asker still waits. */
export interface Office {
  readonly world: World;
  readonly renew: () => void;
  readonly gone: () => boolean;
}

type Desk = (office: Office, request: GraphRequest) => Promise<object> | object;

/** The path `/_admin/…`, which the real Graph does not have. */
const desks: Readonly<Record<string, Desk>> = {
  "GET state": ({ world }) => world.summary(),
  "GET ledger": async (office, request) => await atLeast(office, request, office.world.ledger.entries),
  "GET requests": async (office, request) => await atLeast(office, request, office.world.requests),
  "POST reset": ({ renew }) => {
    renew();
    return {};
  },
  "POST config": ({ world }, request) => {
    world.config = mergeConfig(world.config, objectIn(request));
    return {};
  },
  "POST sales": ({ world }, request) => {
    world.ledger.register(listIn(request) as readonly unknown[] as readonly RegisteredSale[]);
    return {};
  },
  "POST clock": ({ world }, request) => {
    world.offsetMs = Number(objectIn(request)["offsetMs"]);
    return { now: world.now() };
  },
  "POST faults": ({ world }, request) => {
    for (const rule of listIn(request).map(parseRule)) world.faults.add(rule);
    return {};
  },
  "DELETE faults": ({ world }) => {
    world.faults.clear();
    return {};
  },
};

export async function administer(office: Office, request: GraphRequest): Promise<Answer> {
  const desk = desks[`${request.method} ${request.path.slice(1).join("/")}`];
  if (desk === undefined) return { status: 404, body: { problem: "no such admin path" } };
  try {
    return { status: 200, body: await desk(office, request) };
  } catch (error) {
    return { status: 400, body: { problem: error instanceof Error ? error.message : String(error) } };
  }
}

/** Configuration as given at the start or later: a key that is left out stays as it was. */
export function mergeConfig(old: GraphConfig, given: Partial<GraphConfig> | JsonObject): GraphConfig {
  return { ...old, ...given };
}

/** `?atLeast=N` waits until there are as many, so that a test can act upon a request that is never answered. */
async function atLeast<T>(office: Office, request: GraphRequest, list: readonly T[]): Promise<readonly T[]> {
  const wanted = Number(request.query.get("atLeast") ?? 0);
  while (list.length < wanted && !office.gone()) await sleep(10);
  return list;
}

function objectIn(request: GraphRequest): JsonObject {
  if (request.body === null) throw new Error("expected a JSON object");
  return request.body;
}

/** One object or a list of them. */
function listIn(request: GraphRequest): readonly JsonObject[] {
  const value: unknown = JSON.parse(request.text);
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every(isObject)) throw new Error("expected JSON objects");
  return list;
}
