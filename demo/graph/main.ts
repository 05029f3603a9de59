import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { mergeConfig } from "./admin.js";
import { createGraph } from "./server.js";
import { isObject } from "./types.js";

/** Loopback only: the admin path is open to whoever reaches it. */
const host = "127.0.0.1";

const { values } = parseArgs({
  options: { port: { type: "string", default: "0" }, config: { type: "string", default: "{}" } },
});
const given: unknown = JSON.parse(values.config);
const server = createGraph(
  mergeConfig({ pixels: [], dedup: true, tokens: {} }, isObject(given) ? given : {}),
);

server.once("error", (error) => {
  process.stderr.write(`stand-in for Graph: ${error.message}\n`);
  process.exitCode = 1;
  stop();
});
server.listen(Number(values.port), host, () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://${host}:${port}` })}\n`);
});

/** Ends with whoever started it: a parent that was killed sends no signal, but its end of the pipe closes. */
function stop(): void {
  server.close();
  server.closeAllConnections();
  process.stdin.destroy();
}

process.once("SIGTERM", stop);
process.once("SIGINT", stop);
process.stdin.once("end", stop);
process.stdin.once("error", stop);
process.stdin.resume();
