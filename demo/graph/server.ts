import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { administer } from "./admin.js";
import type { Answer } from "./errors.js";
import { errorAnswer, invalidParameter, noSuchObject } from "./errors.js";
import { receiveEvents } from "./events.js";
import { debugToken, pixelFields } from "./look-ups.js";
import { misbehave } from "./misbehave.js";
import type { GraphRequest } from "./request.js";
import { digestOf, eventIdsOf, readRequest } from "./request.js";
import type { GraphConfig, RequestEntry } from "./types.js";
import { versionOffence } from "./versions.js";
import { World } from "./world.js";
import { write } from "./write.js";

/** Clients keep connections open between requests; closing early would look like a fault that nobody ordered. */
const keepAlive = 60_000;

/** The stand-in as an HTTP server, not yet listening. */
export function createGraph(config: GraphConfig): Server {
  let world = new World(config);
  const open = new Set<ServerResponse>();
  const server = createServer({ keepAliveTimeout: keepAlive }, (req, res) => {
    serve(req, res).catch(() => res.destroy());
  });
  return server;

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const request = await readRequest(req);
    if (request.path[0] === "_admin") {
      write(res, await administer({ world, renew, gone: () => req.socket.destroyed }, request));
      return;
    }
    open.add(res);
    res.once("close", () => open.delete(res));
    await answer(world, request, res);
  }

  /** Forgets everything and lets go of the connections that a fault holds. */
  function renew(): void {
    world = new World(config);
    for (const res of open) res.destroy();
  }
}

async function answer(world: World, request: GraphRequest, res: ServerResponse): Promise<void> {
  const [version, node, edge] = request.path;
  const sends =
    request.method === "POST" && edge === "events" && request.path.length === 3 && node !== undefined;
  const entry = note(world, request, sends ? node : null);
  res.setHeader("facebook-api-version", version ?? "");
  const offence = versionOffence(version);
  if (offence !== null) return write(res, errorAnswer(offence), entry);
  if (!sends) return write(res, lookUp(world, request), entry);
  const fault = world.faults.strike(entry);
  const receive = (keep?: number): Answer => receiveEvents(world, node, request, keep);
  entry.fault = fault?.fault ?? null;
  if (fault === null) return write(res, receive(), entry);
  await misbehave(fault, { res, entry, receive });
}

function lookUp(world: World, request: GraphRequest): Answer {
  const [, node = "", edge] = request.path;
  if (request.method === "GET" && edge === undefined && node === "debug_token")
    return debugToken(world, request);
  if (request.method === "GET" && edge === undefined && node !== "") return pixelFields(world, node, request);
  if (request.method === "GET" && edge === "events") return errorAnswer(noSuchObject("get", node));
  return errorAnswer(invalidParameter(`Unknown path components: /${request.path.slice(1).join("/")}`));
}

/** Writes the request down before anything is done about it, without its token. */
function note(world: World, request: GraphRequest, pixel: string | null): RequestEntry {
  const eventIds = eventIdsOf(request.body);
  const entry: RequestEntry = {
    at: world.now(),
    kind: pixel !== null ? "events" : request.method === "GET" ? "look-up" : "other",
    pixel,
    events: eventIds.length,
    eventIds,
    digest: digestOf(request.body),
    status: null,
    tokenSeenIn: request.tokenSeenIn,
    answered: false,
    fault: null,
  };
  world.requests.push(entry);
  return entry;
}
