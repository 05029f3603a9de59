import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** How an invocation of the built program ended. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What surrounds an invocation. Nothing is inherited but PATH and TZ. */
export interface Invocation {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** All of its standard input; it is empty unless given. */
  readonly input?: string;
  /** The input does not end where `input` does. */
  readonly keepsInput?: boolean;
  readonly cwd?: string;
}

/** The program while it runs. */
export interface Running {
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until stdout or stderr holds the text; fails where the program ends without having said it. */
  said(text: string): Promise<void>;
  /** Writes to its terminal or pipe; resolves once it has read all but what the pipe itself can hold. */
  type(text: string): Promise<void>;
}

/** A terminal as `script` of util-linux makes it. */
export interface Terminal extends Invocation {
  readonly columns?: number;
  /** Files that stand in the terminal's place. */
  readonly stdin?: string;
  readonly stdout?: string;
  readonly stderr?: string;
}

const here = dirname(fileURLToPath(import.meta.url));
export const program = join(here, "../../bin/purchase-fix.js");

/** Milliseconds; no invocation of a test has work for longer. */
const limit = 80_000;

/** The built program with its arguments, on pipes. */
export async function purchaseFix(args: readonly string[], invocation: Invocation = {}): Promise<Ended> {
  return await start(args, invocation).ended;
}

/** The same, handed over while it runs. */
export function start(args: readonly string[], invocation: Invocation = {}): Running {
  return watch(process.execPath, [program, ...args], invocation);
}

/** A line of the shell; `"$@"` is the program with its arguments, and `&3` is added to what counts as stderr. */
export async function inShell(
  line: string,
  args: readonly string[],
  invocation: Invocation = {},
): Promise<Ended> {
  return await watch("/bin/sh", ["-c", line, "sh", process.execPath, program, ...args], invocation).ended;
}

/** Whether there is `script`; on CI nothing is skipped. */
export function hasTerminal(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const folders = (environment["PATH"] ?? "").split(delimiter);
  if (process.platform === "linux" && folders.some((folder) => existsSync(join(folder, "script"))))
    return true;
  if (environment["CI"] === "true")
    throw new Error("script (util-linux) is not installed; on CI nothing is skipped.");
  process.stderr.write("script (util-linux) is not installed: tests on a terminal are skipped\n");
  return false;
}

/** The program on a terminal of its own. Everything on the screen counts as stdout, what was typed included. */
export function onTerminal(args: readonly string[], terminal: Terminal = {}): Running {
  const { columns = 100, stdin, stdout, stderr, input = "", env, ...rest } = terminal;
  const redirects = [
    stdin && `<${quoted(stdin)}`,
    stdout && `>${quoted(stdout)}`,
    stderr && `2>${quoted(stderr)}`,
  ].filter(Boolean);
  const words = [process.execPath, program, ...args].map(quoted).join(" ");
  const line = `stty cols ${columns} rows 50; exec ${words} ${redirects.join(" ")}`;
  return watch("script", ["-qec", line, "/dev/null"], {
    ...rest,
    env: { SHELL: "/bin/sh", TERM: "xterm-256color", ...env },
    input,
    keepsInput: true,
  });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function watch(
  command: string,
  args: readonly string[],
  { env, input = "", cwd = here, keepsInput = false }: Invocation,
): Running {
  const { PATH, TZ } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { PATH, TZ, HOME: here, LANG: "C.UTF-8", ...env },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const heard = { stdout: "", stderr: "" };
  hear(child, (stream, text) => (heard[stream] += text));
  // A program that reads no input may have left before it was written.
  child.stdin?.on("error", () => undefined);
  child.stdin?.write(input);
  if (!keepsInput) child.stdin?.end();
  const ended = ending(child, heard);
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    type: (text) => new Promise((resolve) => child.stdin?.write(text, () => resolve())),
    said: async (text) => {
      const said = () => heard.stdout.includes(text) || heard.stderr.includes(text);
      while (!said()) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it never said "${text}":\n${heard.stdout}${heard.stderr}`);
        await sleep(10);
      }
    },
  };
}

function hear(child: ChildProcess, note: (stream: "stdout" | "stderr", text: string) => void): void {
  for (const [at, stream] of [undefined, "stdout", "stderr", "stderr"].entries()) {
    const pipe = child.stdio[at];
    if (stream === undefined || !pipe || !("setEncoding" in pipe)) continue;
    pipe.setEncoding("utf8").on("data", (text: string) => note(stream as "stdout" | "stderr", text));
  }
}

async function ending(child: ChildProcess, heard: { stdout: string; stderr: string }): Promise<Ended> {
  const timer = setTimeout(() => child.kill("SIGKILL"), limit);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve([code, signal]));
  });
  clearTimeout(timer);
  const stdout = heard.stdout.replaceAll("\r\n", "\n");
  for (const text of [stdout, heard.stderr]) refuseSecrets(text);
  if (signal === "SIGKILL") throw new Error(`it had to be killed:\n${stdout}${heard.stderr}`);
  return { code, signal, stdout, stderr: heard.stderr };
}

const secrets = new Map<string, string>();

/** No output of any later invocation in this file may hold the text; `what` names it when one does. */
export function keepSecret(what: string, text: string | null | undefined): void {
  // Anything shorter occurs by chance.
  if (text && text.length >= 6) secrets.set(text, what);
}

/** Whatever the fixture: an encrypted token, a customer's address (all of ours end so), an authorisation. */
const shapes: readonly [RegExp, string][] = [
  [/gAAAAA/, "an encrypted access token"],
  [/@example\.com/, "a customer's e-mail address"],
  [/Bearer\s+(?!\[)/i, "an authorisation"],
];

export function refuseSecrets(text: string): void {
  for (const [secret, what] of secrets) {
    const at = text.indexOf(secret);
    if (at >= 0) throw new Error(`${what} was printed after: ${text.slice(Math.max(0, at - 200), at)}`);
  }
  for (const [shape, what] of shapes) {
    const at = text.search(shape);
    if (at >= 0) throw new Error(`${what} was printed after: ${text.slice(Math.max(0, at - 200), at)}`);
  }
}
