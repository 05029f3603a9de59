import { connect } from "node:net";

/** A connection to Redis that knows nothing but the protocol: tests look at Redis through it, not through the product. */
export interface Wire {
  send(args: readonly string[]): Promise<unknown>;
  /** Every command sent so far. */
  readonly sent: readonly (readonly string[])[];
  /** The longest time between a command and its answer, in milliseconds. */
  slowest(): number;
  close(): Promise<void>;
}

interface Waiting {
  readonly at: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Opens database `db` of the Redis on this port. */
export async function wire(port: number, db = 0): Promise<Wire> {
  const socket = connect({ port, host: "127.0.0.1" });
  const waiting: Waiting[] = [];
  const sent: (readonly string[])[] = [];
  let chunks: Buffer[] = [];
  let slowest = 0;
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  void gone.then(() =>
    waiting.splice(0).forEach(({ reject }) => reject(new Error("the connection is closed"))),
  );
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    // An answer ends with a line's end: joining earlier would cost a copy for every packet.
    if (!chunk.subarray(-2).equals(Buffer.from("\r\n"))) return;
    let rest = Buffer.concat(chunks);
    for (let reply = read(rest, 0); reply !== null; reply = read(rest, 0)) {
      rest = rest.subarray(reply.end);
      const next = waiting.shift();
      slowest = Math.max(slowest, performance.now() - (next?.at ?? 0));
      if (reply.value instanceof Error) next?.reject(reply.value);
      else next?.resolve(reply.value);
    }
    chunks = [rest];
  });
  const send = (args: readonly string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      sent.push(args);
      waiting.push({ at: performance.now(), resolve, reject });
      const words = args.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("");
      socket.write(`*${args.length}\r\n${words}`);
    });
  await send(["SELECT", String(db)]);
  return {
    send,
    sent,
    slowest: () => slowest,
    close: async () => {
      socket.destroy();
      await gone;
    },
  };
}

/** One reply that begins at `from`; null where it is not there as a whole. */
function read(bytes: Buffer, from: number): { value: unknown; end: number } | null {
  const line = bytes.indexOf("\r\n", from, "latin1");
  if (line < 0) return null;
  const head = bytes.toString("utf8", from + 1, line);
  const start = line + 2;
  const kind = bytes[from];
  if (kind === 0x2b) return { value: head, end: start };
  if (kind === 0x2d) return { value: new Error(head), end: start };
  if (kind === 0x3a) return { value: Number(head), end: start };
  const length = Number(head);
  if (length < 0) return { value: null, end: start };
  if (kind === 0x24) {
    const end = start + length + 2;
    return bytes.length < end ? null : { value: bytes.toString("utf8", start, end - 2), end };
  }
  const values: unknown[] = [];
  let end = start;
  for (let at = 0; at < length; at += 1) {
    const element = read(bytes, end);
    if (element === null) return null;
    values.push(element.value);
    ({ end } = element);
  }
  return { value: values, end };
}
