import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { pixel1, purchase, send, startTwoPixels } from "../cast/graph.js";
const built = (name) => fileURLToPath(new URL(`../../dist/demo/graph/${name}`, import.meta.url));
function run(...args) {
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
}
/** The lines on stdout so far; waits for the first. */
async function ready(child) {
    const [line] = (await once(createInterface({ input: child.stdout ?? process.stdin }), "line"));
    return line;
}
/** Waits until nobody listens there any more. */
async function silence(url) {
    for (;;) {
        const listens = await fetch(`${url}/_admin/state`).then(async (answer) => await answer.text().then(() => true), () => false);
        if (!listens)
            return;
        await sleep(20);
    }
}
describe("the process", () => {
    test("prints its address as one JSON line, and takes its configuration from the command line", async () => {
        const child = run(built("main.js"), "--config", JSON.stringify({ pixels: [pixel1] }));
        const line = await ready(child);
        const { url } = JSON.parse(line);
        expect(JSON.parse(line)).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
        const state = (await (await fetch(`${url}/_admin/state`)).json());
        expect(state.pixels).toHaveLength(1);
    });
    test.each(["SIGTERM", "SIGINT"])("ends in peace on %s, held connections or not", async (signal) => {
        const graph = await startTwoPixels();
        onTestFinished(async () => await graph.stop());
        await graph.fault({ fault: "no-answer" }, { fault: "slow", ms: 600_000 }, { fault: "huge" });
        const held = [1, 2, 3].map(async () => await send(graph, [purchase("a")]));
        const ended = Promise.allSettled(held);
        await graph.requests(3);
        process.kill(graph.pid, signal);
        expect((await ended).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
        await silence(graph.url);
    });
    test("ends with status 0 when its standard input closes", async () => {
        const child = run(built("main.js"));
        await ready(child);
        child.stdin?.end();
        expect(await once(child, "exit")).toEqual([0, null]);
    });
    test("dies with a parent that is killed without a word", async () => {
        const code = `import { startGraph } from ${JSON.stringify(built("start.js"))};
      console.log((await startGraph()).url);`;
        const parent = run("--input-type=module", "-e", code);
        const url = await ready(parent);
        expect((await fetch(`${url}/_admin/state`)).status).toBe(200);
        parent.kill("SIGKILL");
        expect(await once(parent, "exit")).toEqual([null, "SIGKILL"]);
        await silence(url);
    });
    test("says so when it cannot start", async () => {
        const graph = await startTwoPixels();
        onTestFinished(async () => await graph.stop());
        const port = Number(new URL(graph.url).port);
        await expect(startTwoPixels({ port })).rejects.toThrow("ended before it was ready");
    });
});
