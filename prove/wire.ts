/** One message of PostgreSQL's protocol, version 3. The start-up, which bears no type, is called "startup". */
export interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Cuts one direction of a connection without TLS into messages, however the network has cut it. */
export class Messages {
  #rest: Buffer = Buffer.alloc(0);
  #startsUp: boolean;

  /** Only what the client says begins with a start-up. */
  constructor(side: "client" | "server") {
    this.#startsUp = side === "client";
  }

  *of(chunk: Buffer): Generator<Message> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const head = this.#startsUp ? 0 : 1;
      if (this.#rest.length < head + 4) return;
      const length = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < length) return;
      const bytes = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield { type: this.#startsUp ? "startup" : String.fromCharCode(bytes[0] ?? 0), bytes };
      this.#startsUp = false;
    }
  }
}

/** The SQL of a Parse (after its statement's name) or of a simple Query; null for every other message. */
export function sqlOf({ type, bytes }: Message): string | null {
  if (type === "Q") return bytes.toString("utf8", 5, bytes.length - 1);
  if (type !== "P") return null;
  const from = bytes.indexOf(0, 5) + 1;
  return bytes.toString("utf8", from, bytes.indexOf(0, from));
}
