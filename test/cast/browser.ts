import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "undici";
import { startWatched } from "./watched.js";

/** How a page is looked at. */
export interface Look {
  /** Columns of pixels; a phone has 390. */
  readonly width: number;
  readonly dark?: boolean;
}

/** A page in a real browser. */
export interface Tab {
  /** What an expression comes to inside the page. */
  value<T>(expression: string): Promise<T>;
  /** A part of the page as a PNG: so many pixels from there on. */
  screenshot(y: number, height: number): Promise<Buffer>;
  /** What the page asked for, itself included. */
  readonly requests: readonly string[];
  /** What the browser complained of: markup, policy, scripts that were kept from running. */
  readonly complaints: readonly string[];
}

export interface Browser {
  open(url: string, look: Look): Promise<Tab>;
  close(): Promise<void>;
}

const how = "apt-get install -y --no-install-recommends chromium";

/** Whether there is a browser. On CI nothing is skipped: there a missing one throws; elsewhere one line tells. */
export function hasBrowser(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (spawnSync("chromium", ["--version"], { env: { ...env } }).status === 0) return true;
  if (env["CI"] === "true") throw new Error(`No real browser: cannot run chromium. Install it: ${how}`);
  process.stderr.write(`skipped: tests in a real browser (cannot run chromium); to run them: ${how}\n`);
  return false;
}

/** The browser's own services would look for hosts of their own; root needs `--no-sandbox`. */
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** Starts Chromium, which ends with this process however that ends. Spoken to by its DevTools protocol, which needs no library. */
export async function startBrowser(): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), "purchase-fix-browser-"));
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder, LANG: "C.UTF-8" };
  const chromium = await startWatched(["chromium", ...flags, `--user-data-dir=${folder}`, "about:blank"], {
    cwd: folder,
    env,
    ready: "DevTools listening on",
  });
  const [port = "", path = ""] = (await whereItListens(folder)).split("\n");
  const line = await connect(`ws://127.0.0.1:${port}${path}`);
  return {
    open: (url, look) => openTab(line, url, look),
    close: async () => {
      line.close();
      await chromium.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** It says that it listens a moment before it writes down where. */
async function whereItListens(folder: string): Promise<string> {
  for (const limit = Date.now() + 10_000; Date.now() < limit; await pause(20)) {
    const file = join(folder, "DevToolsActivePort");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (text.includes("\n/")) return text;
  }
  throw new Error("chromium does not say where it listens");
}

type Fields = Record<string, unknown>;

interface Line {
  call(method: string, params?: Fields, sessionId?: string): Promise<Fields>;
  hear(sessionId: string, each: (method: string, params: Fields) => void): void;
  close(): void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

async function connect(url: string): Promise<Line> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, { resolve(result: Fields): void; reject(error: Error): void }>();
  const listeners = new Map<string, (method: string, params: Fields) => void>();
  let sent = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, method, params = {}, result = {}, error, sessionId } = JSON.parse(String(data)) as Message;
    if (method !== undefined) return listeners.get(sessionId ?? "")?.(method, params);
    const one = waiting.get(id ?? 0);
    waiting.delete(id ?? 0);
    if (error) one?.reject(new Error(error.message));
    else one?.resolve(result);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`no connection to ${url}`)));
  });
  return {
    call: (method, params = {}, sessionId = "") =>
      new Promise((resolve, reject) => {
        waiting.set((sent += 1), { resolve, reject });
        socket.send(JSON.stringify({ id: sent, method, params, ...(sessionId && { sessionId }) }));
      }),
    hear: (sessionId, each) => void listeners.set(sessionId, each),
    close: () => socket.close(),
  };
}

async function openTab(line: Line, url: string, { width, dark = false }: Look): Promise<Tab> {
  const { targetId } = await line.call("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await line.call("Target.attachToTarget", { targetId, flatten: true });
  const call = (method: string, params?: Fields) => line.call(method, params, String(sessionId));
  const [requests, complaints]: string[][] = [[], []];
  const loaded = new Promise<void>((resolve) => {
    line.hear(String(sessionId), (method, params) => {
      if (method === "Page.loadEventFired") resolve();
      if (method === "Network.requestWillBeSent") requests?.push((params["request"] as { url: string }).url);
      if (method === "Log.entryAdded") complaints?.push((params["entry"] as { text: string }).text);
      if (method === "Runtime.exceptionThrown") complaints?.push(JSON.stringify(params));
    });
  });
  for (const domain of ["Page", "Network", "Log", "Runtime"]) await call(`${domain}.enable`);
  const mobile = width < 600;
  await call("Emulation.setDeviceMetricsOverride", { width, height: 844, deviceScaleFactor: 1, mobile });
  const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
  await call("Emulation.setEmulatedMedia", { features });
  await call("Page.navigate", { url });
  await loaded;
  return {
    requests: requests ?? [],
    complaints: complaints ?? [],
    value: async <T>(expression: string) => {
      const { result } = await call("Runtime.evaluate", { expression, returnByValue: true });
      return (result as { value: T }).value;
    },
    screenshot: async (y, height) => {
      const clip = { x: 0, y, width, height, scale: 1 };
      const { data } = await call("Page.captureScreenshot", { captureBeyondViewport: true, clip });
      return Buffer.from(String(data), "base64");
    },
  };
}
