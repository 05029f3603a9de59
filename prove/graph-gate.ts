import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { untilRead } from "./peer.js";

/**
 * How far an exchange with Meta came: half of the request arrived; all of it was stored, and no answer left; half of one
 * did, and then the connection was reset; the request never arrived; half of an answer came, and then the connection's
 * end; it lies unread. In the order in which a few points should have them.
 */
export const graphPhases = ["half-asked", "unanswered", "half-reset", "unstored", "half", "unread"] as const;
export type GraphPhase = (typeof graphPhases)[number];

/** What befalls the n-th request of a run. */
export interface GraphStrike {
  /** From 1. */
  readonly at: number;
  readonly phase: GraphPhase;
  /** Stops the program, so that it cannot read what is about to arrive. */
  readonly freeze: () => void;
  readonly hit: () => void;
}

/** Stands before the stand-in for Graph. */
export interface GraphGate {
  readonly url: string;
  readonly requests: () => number;
  readonly hasStruck: () => boolean;
  close(): void;
}

export async function startGraphGate(graph: string, strike: GraphStrike | null = null): Promise<GraphGate> {
  const seen = { requests: 0, struck: false };
  const server = createServer((request, response) => {
    seen.requests += 1;
    const struck = strike?.at === seen.requests ? strike : null;
    seen.struck ||= struck !== null;
    // Whoever was cut off in the middle has nobody to answer.
    exchange(graph, request, response, struck).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => seen.requests,
    hasStruck: () => seen.struck,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function exchange(
  graph: string,
  request: IncomingMessage,
  response: ServerResponse,
  strike: GraphStrike | null,
): Promise<void> {
  if (strike?.phase === "half-asked") return await tear(graph, request, strike);
  const body = await buffer(request);
  const end = (): void => {
    strike?.hit();
    response.destroy();
  };
  if (strike?.phase === "unstored") return end();
  const { method = "POST" } = request;
  const answer = await fetch(`${graph}${request.url}`, {
    method,
    headers: handedOn(request),
    ...(method === "GET" ? {} : { body }),
  });
  const text = await answer.text();
  if (strike?.phase === "unanswered") return end();
  if (strike?.phase === "unread") strike.freeze();
  response.writeHead(answer.status, {
    "content-type": answer.headers.get("content-type") ?? "application/json",
    "content-length": Buffer.byteLength(text),
  });
  // The head has promised twice as many bytes, so that this is the middle for whoever has read the half.
  const half = text.slice(0, text.length / 2);
  if (strike?.phase === "half") response.write(half, end);
  else if (strike?.phase === "half-reset") {
    await new Promise((resolve) => response.write(half, resolve));
    await untilRead(request.socket);
    strike.hit();
    request.socket.resetAndDestroy();
  } else response.end(text, () => strike?.hit());
}

function handedOn({ headers }: IncomingMessage): Record<string, string> {
  const { authorization = "", "content-type": type = "" } = headers;
  return { authorization, "content-type": type };
}

/**
 * Hands on half of the bytes that `content-length` announces, and then resets both sides. The other half is never handed
 * on, so that this is the middle of the request for Meta, even where the program's kernel has taken a small one whole.
 */
async function tear(graph: string, request: IncomingMessage, { hit }: GraphStrike): Promise<void> {
  const length = request.headers["content-length"] ?? "";
  let wanted = Math.floor(Number(length) / 2);
  const onward = ask(`${graph}${request.url}`, {
    method: request.method,
    headers: { ...handedOn(request), "content-length": length },
  });
  onward.on("error", () => undefined);
  // Leaving the loop must not end the connection in an orderly way.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, wanted);
    wanted -= part.length;
    await new Promise((resolve) => onward.write(part, resolve));
    if (wanted === 0) break;
  }
  if (onward.socket) await untilRead(onward.socket);
  hit();
  onward.socket?.resetAndDestroy();
  request.socket.resetAndDestroy();
}
