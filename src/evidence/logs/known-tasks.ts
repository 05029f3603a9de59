const BITS = 1 << 20;

/**
 * Ids of tasks that send a Purchase. The worker's log tells of every page view in the same words, and only these are
 * kept: without that, a busy day would not fit into memory.
 */
export class KnownTasks {
  readonly #ids = new Set<string>();
  /** A Bloom filter, so that a line of another task costs no string. */
  readonly #bits = new Uint8Array(BITS);

  constructor(ids: Iterable<string> = []) {
    for (const id of ids) this.add(id);
  }

  add(id: string): void {
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    this.#bits[hash(Buffer.from(id, "latin1"), 0)] = 1;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** False: the id that begins at `at` is none of them. True: it has to be looked up. */
  mayHold(b: Buffer, at: number): boolean {
    return this.#bits[hash(b, at)] === 1;
  }
}

function hash(b: Buffer, at: number): number {
  let sum = 0;
  for (let i = 0; i < 8; i++) sum = (sum * 31 + (b[at + i] ?? 0)) | 0;
  return sum & (BITS - 1);
}
