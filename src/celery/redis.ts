import { readFile } from "node:fs/promises";
import { KnownError } from "../errors.js";
import { remember, type Secret } from "../redact.js";
import { readRedisUrl, type RedisAddress } from "./redis-url.js";
import { Wire, type WireOptions } from "./redis-wire.js";

/** A Redis on which nothing of ours waits for ever. */
export interface Redis {
  /**
   * One command; raw reply (bulk strings as Buffer where `buffers` is asked). Rejects with KnownError after the deadline: a
   * client library's own time-outs do not hold against a broker that accepts and never answers. After that the
   * connection is given up, so that a command that blocks on purpose needs a longer `timeoutMs`.
   */
  send(
    args: readonly (string | Buffer)[],
    options?: { readonly buffers?: boolean; readonly timeoutMs?: number },
  ): Promise<unknown>;
  /** Messages of channel patterns until `close`, on a connection of their own. */
  psubscribe(pattern: string, heard: (channel: string, message: string) => void): Promise<void>;
  close(): Promise<void>;
}

/** Connects, and has heard an answer when it resolves. @throws KnownError in words for whatever stood in the way */
export async function openRedis(url: Secret, options: WireOptions): Promise<Redis> {
  const address = readRedisUrl(url.reveal());
  // A server may quote the password alone.
  if (address.password !== null) remember(address.password);
  const ca = await authority(address);
  const wire = await Wire.open(address, ca, options);
  const listeners: Promise<Wire>[] = [];
  return {
    send: (args, sending) => wire.send(args, sending),
    async psubscribe(pattern, heard) {
      // A connection that listens may send nothing else (RESP2).
      const listener = Wire.open(address, ca, options);
      listeners.push(listener);
      await (await listener).psubscribe(pattern, heard);
    },
    async close() {
      wire.close();
      await Promise.allSettled(listeners.map(async (listener) => (await listener).close()));
    },
  };
}

async function authority({ tls, name }: RedisAddress): Promise<Buffer | null> {
  if (tls?.caFile == null) return null;
  return readFile(tls.caFile).catch(() => {
    const what = `the authorities for the Redis ${name} cannot be read: ${tls.caFile}`;
    throw new KnownError({ what, next: "name a readable file in ssl_ca_certs" });
  });
}
