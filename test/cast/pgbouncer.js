import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, giveAway, guard, makeFolder } from "../../demo/postgres-watchdog.js";
const program = "/usr/sbin/pgbouncer";
/** Milliseconds; a start takes a few. */
const startLimit = 10_000;
/** Null where PgBouncer is not installed, so that the test can be skipped there; on CI nothing is skipped. */
export async function startPgBouncer(serverUrl, environment = process.env) {
    if (!existsSync(program)) {
        if (environment["CI"] === "true")
            throw new Error(`${program} is not installed; on CI nothing is skipped.`);
        return null;
    }
    const port = await freePort();
    const folder = makeFolder("pgbouncer");
    const settings = join(folder, "pgbouncer.ini");
    const server = guard(folder, [program, settings]);
    try {
        writeFileSync(settings, configuration(new URL(serverUrl), port), { mode: 0o600 });
        giveAway(settings);
        server.start();
        await ready(server, port);
    }
    catch (error) {
        await server.stop();
        throw error;
    }
    return {
        url: (database) => `postgresql://anybody@127.0.0.1:${port}/${database}`,
        stop: () => server.stop(),
    };
}
/** `auth_type = any` logs everybody in as the user that the database line names. */
function configuration(server, port) {
    const password = server.password === "" ? "" : ` password='${decodeURIComponent(server.password)}'`;
    const login = `user='${decodeURIComponent(server.username) || "postgres"}'${password}`;
    return `[databases]
* = host=${server.hostname} port=${server.port || 5432} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
`;
}
async function ready(server, port) {
    const limit = performance.now() + startLimit;
    while (!(await answers(port))) {
        if (server.hasEnded() || performance.now() > limit)
            throw new Error(`PgBouncer: ${server.log()}`);
        await sleep(10);
    }
}
function answers(port) {
    return new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1");
        const settle = (open) => {
            socket.destroy();
            resolve(open);
        };
        socket.once("connect", () => settle(true)).once("error", () => settle(false));
    });
}
