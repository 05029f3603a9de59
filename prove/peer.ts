import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds: without Linux's table one can only wait; and nobody is waited for longer than the limit. */
const usual = 25;
const limit = 5_000;

/**
 * Waits until the process at the other end, on this machine, has read all that was written: a reset throws away what
 * lies unread. Linux tells for each end of a connection how many bytes are not acknowledged, and how many are not read.
 */
export async function untilRead({ localPort = 0, remotePort = 0 }: Socket): Promise<void> {
  const until = performance.now() + limit;
  do await sleep(usual);
  while (performance.now() < until && waiting(localPort, remotePort) > 0);
}

function waiting(ours: number, theirs: number): number {
  let table: string;
  try {
    table = readFileSync("/proc/net/tcp", "utf8");
  } catch {
    return 0;
  }
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");
  const bytes = (from: number, to: number) =>
    new RegExp(`:${hex(from)} \\w+:${hex(to)} \\w\\w (\\w+):(\\w+)`).exec(table)?.slice(1) ?? ["0", "0"];
  const [sent = "0"] = bytes(ours, theirs);
  const [, unread = "0"] = bytes(theirs, ours);
  return Number.parseInt(sent, 16) + Number.parseInt(unread, 16);
}
