import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { check } from "../engine/pairs.js";
import { clean } from "./launcher.js";
import type { Arrived } from "./receiver.js";
import { root } from "./root.js";

/** The lean stand-in for Graph while it runs. */
export interface Receiver {
  readonly url: string;
  /** Forgets everything, and answers so late from now on. */
  reset(latencyMs?: number): Promise<void>;
  arrived(): Promise<Arrived>;
  /** @throws WrongAnswer unless exactly so many events arrived, each with an id of its own, and none was found wrong */
  demand(events: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const main = join(root, "dist", "bench", "ground", "receiver.js");
  const child = spawn(process.execPath, [main], { env: clean, stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const ask = async <T>(path: string): Promise<T> => (await (await fetch(`${url}${path}`)).json()) as T;
  const arrived = async () => await ask<Arrived>("/_arrived");
  return {
    url,
    arrived,
    reset: async (latencyMs = 0) => void (await ask(`/_reset?latency=${latencyMs}`)),
    demand: async (wanted) => demandEvents(await arrived(), wanted),
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/** @throws WrongAnswer: see `Receiver` */
export function demandEvents({ events, distinct, offences }: Arrived, wanted: number): void {
  check(offences.length === 0, `Meta would have refused: ${offences[0]}`);
  check(events === wanted && distinct === wanted, `${events} events with ${distinct} ids, not ${wanted}`);
}
