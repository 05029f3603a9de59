import { isIP } from "node:net";
import { createClient, RESP_TYPES } from "@redis/client";
import { KnownError } from "../errors.js";
import { LOOK_EVERY_MS, isOutgrown, noteReply } from "./reply-room.js";
import { endlessRedis, redisTrouble, silentRedis } from "./redis-trouble.js";
import type { RedisAddress } from "./redis-url.js";

export interface WireOptions {
  /** For connecting, and for each command that brings no time-out of its own. */
  readonly deadlineMs: number;
  /** Aborting rejects what is under way with the signal's reason. To tidy up, commands may still be sent until `close`. */
  readonly signal?: AbortSignal;
  /** What `client list` shows; letters and signs without blanks. */
  readonly name: string;
}

type Client = ReturnType<typeof clientOf>;

/** RESP2, which every Redis and its look-alikes speak. One attempt: whoever asks for a status wants to know now. */
function clientOf(
  { host, port, path, tls, ...login }: RedisAddress,
  ca: Buffer | null,
  connectTimeout: number,
) {
  const common = { connectTimeout, reconnectStrategy: false } as const;
  const secured = {
    tls: true,
    rejectUnauthorized: tls?.verify ?? true,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca && { ca }),
  } as const;
  return createClient({
    RESP: 2,
    socket: path !== null ? { path, ...common } : { host, port, ...common, ...(tls === null ? {} : secured) },
    database: login.database,
    ...(login.username !== null && { username: login.username }),
    ...(login.password !== null && { password: login.password }),
    disableClientInfo: true,
    maintNotifications: "disabled",
  });
}

/** One connection. Any error that the library reports beside a command ends it: after that it may answer nothing. */
export class Wire {
  readonly #client: Client;
  readonly #name: string;
  readonly #options: WireOptions;
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #look: NodeJS.Timeout;
  #failure: KnownError | null = null;

  private constructor(client: Client, name: string, options: WireOptions) {
    this.#client = client;
    this.#name = name;
    this.#options = options;
    client.on("error", (error: unknown) => this.#fail(redisTrouble(error, name)));
    options.signal?.addEventListener("abort", this.#abort);
    noteReply();
    this.#look = setInterval(() => isOutgrown() && this.#fail(endlessRedis(name)), LOOK_EVERY_MS).unref();
  }

  static async open(address: RedisAddress, ca: Buffer | null, options: WireOptions): Promise<Wire> {
    options.signal?.throwIfAborted();
    const wire = new Wire(clientOf(address, ca, options.deadlineMs), address.name, options);
    try {
      // A socket that is being made cannot be destroyed: it must not keep the process. Our deadlines do, while they run.
      wire.#client.unref();
      await wire.#within(wire.#client.connect(), options.deadlineMs);
      await wire.send(["PING"]);
      // For whoever looks at the broker; a user without that right is served all the same.
      await wire.send(["CLIENT", "SETNAME", options.name]).catch((error: unknown) => wire.#still(error));
      return wire;
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  send(
    args: readonly (string | Buffer)[],
    options: { buffers?: boolean; timeoutMs?: number } = {},
  ): Promise<unknown> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const typeMapping = options.buffers === true ? { [RESP_TYPES.BLOB_STRING]: Buffer } : {};
    return this.#within(
      this.#client.sendCommand([...args], { typeMapping }),
      options.timeoutMs ?? this.#options.deadlineMs,
    );
  }

  async psubscribe(pattern: string, heard: (channel: string, message: string) => void): Promise<void> {
    const listening = this.#client.pSubscribe(pattern, (message, channel) => {
      noteReply();
      heard(channel, message);
    });
    await this.#within(listening, this.#options.deadlineMs);
  }

  close(): void {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#fail(new KnownError({ what: `the connection to the Redis ${this.#name} is closed` }));
  }

  readonly #abort = (): void => {
    for (const reject of this.#waiting) reject(this.#options.signal?.reason);
  };

  #still(error: unknown): void {
    if (this.#failure !== null || this.#options.signal?.aborted === true) throw error;
  }

  #fail(failure: KnownError): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    clearInterval(this.#look);
    for (const reject of this.#waiting) reject(failure);
    this.#client.destroy();
  }

  /** The work's own end, the end of the connection, an abort or the deadline: whichever is first. */
  async #within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const cut = new Promise<never>((_, reject) => {
      this.#waiting.add(reject);
      // Where our own process stood still, the answer may be here already: it is read before the deadline holds.
      const late = () => settled || this.#fail(silentRedis(this.#name, timeoutMs));
      timer = setTimeout(() => setImmediate(late), timeoutMs);
      work
        .finally(() => {
          settled = true;
          noteReply();
          this.#waiting.delete(reject);
        })
        .catch(() => undefined);
    });
    try {
      return await Promise.race([work, cut]);
    } catch (error) {
      if (this.#options.signal?.aborted === true && error === this.#options.signal.reason) throw error;
      throw this.#failure ?? redisTrouble(error, this.#name);
    } finally {
      clearTimeout(timer);
    }
  }
}
