import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { Message } from "./wire.js";
import { Messages, sqlOf } from "./wire.js";

/** A message at which the server acts: Sync, Query or Terminate. Those between only prepare the next of them. */
export interface Step {
  /** From 1, over all connections of the run. */
  readonly n: number;
  readonly kind: "begin" | "statement" | "commit" | "rollback" | "end";
  /** It belongs to a transaction that may write. */
  readonly writes: boolean;
}

/** Where a connection breaks: the step is never forwarded; forwarded and then at once; its answer is swallowed. */
export type WirePhase = "before" | "after" | "swallowed";

/** What befalls a run: at that step, in that phase, `hit` is called and the connection is cut or falls silent. */
export interface WireStrike {
  /** The n-th step, or the first that is of this kind and in a transaction that writes. */
  readonly at: number | Step["kind"];
  readonly phase: WirePhase;
  readonly hit: () => void;
  /** Half-open: nobody hears that the connection is gone. */
  readonly silent?: boolean;
  /** The swallowed answer comes all the same, so many milliseconds later. */
  readonly lateMs?: number;
}

/** Stands before PostgreSQL and sees each message of the protocol. */
export interface WireProxy {
  readonly url: string;
  readonly steps: readonly Step[];
  /** Of both directions. */
  readonly messages: () => number;
  readonly hasStruck: () => boolean;
  close(): Promise<void>;
}

export async function startWireProxy(target: string, strike: WireStrike | null = null): Promise<WireProxy> {
  const to = new URL(target);
  const steps: Step[] = [];
  const connections = new Set<Connection>();
  const seen = { messages: 0, struck: false };
  // Messages are handed on one by one: with Nagle's algorithm each would wait 40 ms for the one before.
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(to.port), host: to.hostname, noDelay: true });
    const connection = new Connection(client, upstream, { steps, seen, strike });
    connections.add(connection);
    client.once("close", () => connections.delete(connection));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url.searchParams.set("sslmode", "disable");
  return {
    url: url.href,
    steps,
    messages: () => seen.messages,
    hasStruck: () => seen.struck,
    close: async () => {
      for (const connection of connections) connection.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Shared {
  readonly steps: Step[];
  readonly seen: { messages: number; struck: boolean };
  readonly strike: WireStrike | null;
}

class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #shared: Shared;
  /** Steps whose answer has not come. */
  readonly #open: Step[] = [];
  #sql = "";
  #writes = false;
  #swallows: Step | null = null;
  #isSilent = false;

  constructor(client: Socket, server: Socket, shared: Shared) {
    this.#client = client;
    this.#server = server;
    this.#shared = shared;
    const [said, answered] = [new Messages("client"), new Messages("server")];
    client.on("data", (chunk: Buffer) => this.#each(said.of(chunk), (message) => this.#forward(message)));
    server.on("data", (chunk: Buffer) => this.#each(answered.of(chunk), (message) => this.#answer(message)));
    // What the client said before it died still reaches the server, as it does when a process is killed.
    client.on("close", () => server.end()).on("error", () => undefined);
    server.on("close", () => this.#isSilent || client.destroy()).on("error", () => client.destroy());
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #each(messages: Iterable<Message>, take: (message: Message) => void): void {
    for (const message of messages) {
      this.#shared.seen.messages += 1;
      if (!this.#isSilent && !this.#client.destroyed) take(message);
    }
  }

  #forward(message: Message): void {
    this.#sql = sqlOf(message) ?? this.#sql;
    const step = "SQX".includes(message.type) ? this.#step(message) : null;
    const phase = step === null ? null : this.#struckIn(step);
    if (phase === "before") return this.#strike(() => this.cut());
    this.#server.write(message.bytes);
    if (step !== null && message.type !== "X") this.#open.push(step);
    if (phase === "swallowed") this.#swallows = step;
    // The end of the connection goes out behind the message, so that the server does what it says.
    if (phase === "after") this.#strike(() => this.#client.destroy());
  }

  #answer(message: Message): void {
    const isSwallowed = this.#swallows !== null && this.#open[0] === this.#swallows;
    if (message.type === "Z") this.#open.shift();
    const { lateMs } = this.#shared.strike ?? {};
    if (isSwallowed && lateMs !== undefined) {
      this.#shared.seen.struck = true;
      setTimeout(() => this.#client.write(message.bytes), lateMs);
    } else if (!isSwallowed) this.#client.write(message.bytes);
    else if (message.type === "Z") this.#strike(() => this.cut());
  }

  #step({ type }: Message): Step {
    const word = /^\s*(begin|commit|rollback)\b/i.exec(this.#sql)?.[1]?.toLowerCase();
    const kind = type === "X" ? "end" : ((word ?? "statement") as Step["kind"]);
    if (kind === "begin") this.#writes = /read write/i.test(this.#sql);
    const step = { n: this.#shared.steps.length + 1, kind, writes: this.#writes };
    if (kind === "commit" || kind === "rollback") this.#writes = false;
    this.#shared.steps.push(step);
    return step;
  }

  #struckIn({ n, kind, writes }: Step): WirePhase | null {
    const { seen, strike } = this.#shared;
    if (strike === null || seen.struck) return null;
    return strike.at === n || (strike.at === kind && writes) ? strike.phase : null;
  }

  #strike(cut: () => void): void {
    this.#shared.seen.struck = true;
    if (this.#shared.strike?.silent === true) this.#isSilent = true;
    this.#shared.strike?.hit();
    if (!this.#isSilent) cut();
  }
}
