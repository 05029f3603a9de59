import { createServer as createHttp, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach } from "vitest";

/** A server of one test: what reached it, and where it listens. Closed when the test ends. */
export interface Listening {
  readonly url: URL;
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[];
  /** Connections ever made. */
  readonly connections: () => number;
  /** Resolves at the next whole request. */
  readonly nextRequest: () => Promise<void>;
}

const open: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<{ port: number; connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  open.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** An HTTP server that reads each request wholly before it answers. */
export async function http(answer: RequestListener): Promise<Listening> {
  const requests: Listening["requests"] = [];
  const waiting: (() => void)[] = [];
  const server = createHttp((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      requests.push({
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body,
      });
      for (const resolve of waiting.splice(0)) resolve();
      answer(request, response);
    });
  });
  const { port, connections } = await listen(server);
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    requests,
    connections,
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/** A bare TCP server: what an HTTP server would never do. */
export async function tcp(
  onConnection: (socket: Socket) => void,
): Promise<{ port: number; connections: () => number }> {
  return listen(createTcp(onConnection));
}

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcp();
  const { port } = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  open.splice(
    open.findIndex((entry) => entry.server === server),
    1,
  );
  return port;
}
