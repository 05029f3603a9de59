import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
/** Starts it and waits until it listens. Needs the build: Node 20 does not run TypeScript. */
export async function startGraph({ port = 0, ...config } = {}) {
    const args = [builtMain(), "--port", String(port), "--config", JSON.stringify(config)];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    // Nothing is written there: its closing is the signal, and a broken pipe means that the child is gone already.
    child.stdin.on("error", () => undefined);
    const exited = once(child, "exit");
    const url = await Promise.race([urlFrom(child.stdout), exited.then(failed)]);
    return { url, pid: child.pid ?? 0, ...adminOf(url), stop };
    async function stop() {
        child.kill("SIGTERM");
        await exited;
    }
}
/** The built main.js, next to this file in dist, or of the same project where this file runs as TypeScript. */
function builtMain() {
    const candidates = ["./main.js", "../../dist/demo/graph/main.js"];
    const path = candidates
        .map((name) => fileURLToPath(new URL(name, import.meta.url)))
        .find((file) => existsSync(file));
    if (path === undefined)
        throw new Error("the stand-in for Graph is not built: run `npm run build` first");
    return path;
}
async function urlFrom(stdout) {
    const lines = createInterface({ input: stdout });
    const [line] = (await once(lines, "line"));
    return JSON.parse(line).url;
}
function failed() {
    throw new Error("the stand-in for Graph ended before it was ready");
}
function adminOf(url) {
    async function ask(method, path, body) {
        const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
        const answer = await fetch(`${url}/_admin/${path}`, init);
        const text = await answer.text();
        if (!answer.ok)
            throw new Error(`${method} ${path}: ${text}`);
        return JSON.parse(text);
    }
    const tell = async (path, body) => void (await ask("POST", path, body));
    return {
        configure: async (config) => await tell("config", config),
        ledger: async (atLeast = 0) => await ask("GET", `ledger?atLeast=${atLeast}`),
        requests: async (atLeast = 0) => await ask("GET", `requests?atLeast=${atLeast}`),
        state: async () => await ask("GET", "state"),
        fault: async (...rules) => await tell("faults", rules),
        heal: async () => void (await ask("DELETE", "faults")),
        sales: async (sales) => await tell("sales", sales),
        clock: async (offsetMs) => await tell("clock", { offsetMs }),
        reset: async () => await tell("reset", {}),
    };
}
