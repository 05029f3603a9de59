import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** Stands before Graph and lets no request through until it is opened, so that a test can act while one is in flight. */
export interface Gate {
  /** For `run`, `start` and `onTerminal`. */
  readonly env: { readonly META_GRAPH_URL: string };
  /** Waits for the first request. */
  readonly arrived: Promise<void>;
  open(): void;
  close(): void;
}

export async function gateBefore(graph: string): Promise<Gate> {
  const [arrived, arrive] = event();
  const [opened, open] = event();
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      arrive();
      await opened;
      const { authorization = "", "content-type": type = "" } = request.headers;
      const headers = { authorization, "content-type": type };
      const answer = await fetch(`${graph}${request.url}`, { method: "POST", headers, body });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { env: { META_GRAPH_URL: url }, arrived, open, close };
}

function event(): [Promise<void>, () => void] {
  let happen = (): void => undefined;
  const happened = new Promise<void>((resolve) => (happen = resolve));
  return [happened, () => happen()];
}
