import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** A TCP proxy that can fall silent, as a network does: connections stand, and not one byte comes through. */
export interface Proxy {
  /** The same URL, by way of the proxy. */
  readonly url: string;
  hush(): void;
  speak(): void;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<Proxy> {
  const to = new URL(target);
  const sockets = new Set<Socket>();
  let silent = false;
  const join = (from: Socket, into: Socket) => {
    sockets.add(from);
    from.on("data", (chunk) => into.write(chunk));
    from.on("error", () => into.destroy());
    from.on("close", () => {
      sockets.delete(from);
      into.destroy();
    });
    if (silent) from.pause();
  };
  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname);
    join(client, upstream);
    join(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    hush() {
      silent = true;
      for (const socket of sockets) socket.pause();
    },
    speak() {
      silent = false;
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
