import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem, type } from "node:os";
import type { Ground } from "./ground.js";
import { sdkVersion, versionOf } from "./tools.js";

/** Date, machine and versions: what a figure is worth nothing without. */
export async function machine(bench: Ground): Promise<string> {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const server = bench.hasShops() ? `PostgreSQL ${(await bench.shops()).version}` : null;
  const versions = [
    `Node ${process.versions.node}`,
    server,
    quietly(() => versionOf(bench.tools.psql())),
    quietly(() => versionOf(bench.tools.python())),
    quietly(() => `facebook-nodejs-business-sdk ${sdkVersion()}`),
  ];
  return [
    `${new Date().toISOString().slice(0, 10)}:`,
    `${processors.length} × ${processors[0]?.model.trim()} (${arch()}), ${memory} GB, ${type()} ${release()}, ${distribution()};`,
    `${versions.filter((text) => text !== null).join(", ")}.`,
  ].join(" ");
}

function distribution(): string {
  return (
    quietly(() => /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? null) ??
    ""
  );
}

/** A part that cannot be had has no version. */
function quietly(find: () => string | null): string | null {
  try {
    return find();
  } catch {
    return null;
  }
}
