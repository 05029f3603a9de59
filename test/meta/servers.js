import { createServer as createHttp } from "node:http";
import { createServer as createTcp } from "node:net";
import { afterEach } from "vitest";
const open = [];
afterEach(async () => {
    for (const { server, sockets } of open.splice(0)) {
        for (const socket of sockets)
            socket.destroy();
        await new Promise((resolve) => server.close(resolve));
    }
});
async function listen(server) {
    const sockets = new Set();
    let connections = 0;
    server.on("connection", (socket) => {
        connections += 1;
        sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => sockets.delete(socket));
    });
    open.push({ server, sockets });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: server.address().port, connections: () => connections };
}
/** An HTTP server that reads each request wholly before it answers. */
export async function http(answer) {
    const requests = [];
    const waiting = [];
    const server = createHttp((request, response) => {
        let body = "";
        request.setEncoding("utf8");
        request.on("data", (chunk) => (body += chunk));
        request.on("end", () => {
            requests.push({
                method: request.method ?? "",
                path: request.url ?? "",
                headers: request.headers,
                body,
            });
            for (const resolve of waiting.splice(0))
                resolve();
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
export async function tcp(onConnection) {
    return listen(createTcp(onConnection));
}
/** A port at which nobody listens. */
export async function closedPort() {
    const server = createTcp();
    const { port } = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    open.splice(open.findIndex((entry) => entry.server === server), 1);
    return port;
}
