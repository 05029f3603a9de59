import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { serverUser } from "./postgres-folder.js";

/** A server that cannot outlive this process: when Node is gone, even by SIGKILL, it is stopped and its folder removed. */
export interface Guarded {
  /** Runs the server; everything that it needs must be in the folder by now. */
  start(): void;
  /** True once the server has ended (or never came up) for whatever reason. */
  hasEnded(): boolean;
  /** Output of the server so far, and why it could not be run. */
  log(): string;
  /** Settles when the server and its folder are gone. A second call waits for the same end. */
  stop(): Promise<void>;
}

/** A port of 127.0.0.1 that is free now; another process may still be faster. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once("error", failed).listen(0, "127.0.0.1", listening);
  });
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port.");
  return address.port;
}

/** What a watchdog watches over. */
export interface Guard {
  /** Of the server; its output goes into the file `log` there. */
  readonly folder: string;
  /** All that is made in the beginning and removed in the end, `folder` among them. */
  readonly folders: readonly string[];
  readonly server: readonly string[];
  /** Runs to its end before the server, in the foreground, so that nothing writes into a folder while it is removed. */
  readonly first?: readonly string[];
}

/**
 * Puts a shell between Node and the server. It reads a pipe that only Node holds, so the end of Node is the end of the
 * pipe, however Node died; in a session of its own, so that Ctrl-C on the terminal reaches Node alone. It makes the folders
 * itself, since Node may die at any moment (seen: between making one and starting the shell).
 */
export async function guard(wanted: Guard): Promise<Guarded> {
  const logFile = join(wanted.folder, "log");
  const shell = spawn("/bin/sh", ["-c", watchdog(wanted, logFile)], {
    cwd: "/",
    detached: true,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
    stdio: ["pipe", "pipe", "ignore"],
    ...serverUser,
  });
  let failure = "";
  let ended = false;
  let stopping: Promise<void> | undefined;
  const gone = new Promise<void>((resolve) => {
    shell.once("exit", () => resolve());
    shell.once("error", (error) => {
      failure = error.message;
      resolve();
    });
  });
  void gone.then(() => (ended = true));
  const made = new Promise<string>((resolve) => {
    shell.stdout.once("data", (words: Buffer) => resolve(words.toString()));
    void gone.then(() => resolve(failure));
  });
  shell.stdout.once("close", () => (ended = true)).resume();
  shell.stdin.on("error", () => (ended = true));
  const stop = async (): Promise<void> => {
    shell.ref();
    shell.stdin.end();
    await gone;
    // Only a watchdog that could not be run, or was killed itself, leaves something to remove.
    for (const folder of wanted.folders) rmSync(folder, { recursive: true, force: true });
  };
  const answer = await made;
  if (answer !== "made\n") {
    await stop();
    throw new Error(`no folders for the server: ${answer}`);
  }
  // A forgotten server must not keep Node alive: without Node it ends by itself.
  shell.unref();
  for (const pipe of [shell.stdin, shell.stdout]) (pipe as Socket).unref();
  return {
    start: () => void shell.stdin.write("start\n"),
    hasEnded: () => ended,
    log: () => `${failure}${textOf(logFile)}`,
    stop: () => (stopping ??= stop()),
  };
}

/**
 * The traps keep the shell alive until it has cleared up, whoever signals it and whether or not Node hears what it says.
 * The server holds the shell's former stdout as descriptor 3: its end tells Node that the server is gone.
 * TERM goes first because a background job ignores QUIT until it has handlers of its own, which a server that was
 * started this moment has not; QUIT then makes PostgreSQL (and PgBouncer from 1.23) leave without waiting for clients.
 */
function watchdog({ folders, server, first = ["true"] }: Guard, log: string): string {
  return `
    trap : HUP INT TERM PIPE
    mkdir -m 755 ${quoted(folders)} 2>&1 || exit
    echo made
    if read -r start; then
      if ${quoted(first)} >>${quoted([log])} 2>&1 </dev/null; then
        ${quoted(server)} 3>&1 >>${quoted([log])} 2>&1 </dev/null &
        server=$!
      fi
      exec >&-
      read -r stop
      if [ -n "$server" ]; then
        kill -TERM "$server"
        kill -QUIT "$server"
        wait "$server"
      fi
    fi
    rm -rf ${quoted(folders)}`;
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
