import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What pings and messages are sent to: it answers 200 and keeps what it was told. */
export interface Listener {
  readonly url: string;
  readonly heard: readonly { readonly path: string; readonly body: string }[];
  close(): void;
}

export async function startListener(): Promise<Listener> {
  const heard: { path: string; body: string }[] = [];
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    heard.push({ path: request.url ?? "", body: await text(request) });
    response.end("OK");
  };
  const server = createServer((request, response) => {
    void hear(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
