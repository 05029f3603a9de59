import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** How far an exchange with Meta came: it never arrived; was stored, and no answer left; half of one did; it lies unread. */
export type GraphPhase = "unstored" | "unanswered" | "half" | "unread";
export const graphPhases: readonly GraphPhase[] = ["unstored", "unanswered", "half", "unread"];

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
  const body = await buffer(request);
  const end = (): void => {
    strike?.hit();
    response.destroy();
  };
  if (strike?.phase === "unstored") return end();
  const { authorization = "", "content-type": type = "" } = request.headers;
  const { method = "POST" } = request;
  const headers = { authorization, "content-type": type };
  const answer = await fetch(`${graph}${request.url}`, {
    method,
    headers,
    ...(method === "GET" ? {} : { body }),
  });
  const text = await answer.text();
  if (strike?.phase === "unanswered") return end();
  if (strike?.phase === "unread") strike.freeze();
  response.writeHead(answer.status, {
    "content-type": answer.headers.get("content-type") ?? "application/json",
    "content-length": Buffer.byteLength(text),
  });
  if (strike?.phase === "half") {
    response.write(text.slice(0, text.length / 2), end);
  } else {
    response.end(text, () => strike?.hit());
  }
}
