import { KnownError } from "../errors.js";

/** A stream that may be a terminal, as `process.stdout` is. */
export type Sink = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** A stream whose reader may leave (`| head`). */
export interface Pipe {
  /** The reader left; every later write does nothing. */
  readonly closed: boolean;
  /** Fires when the reader leaves, so that a reading command can stop early and end with 0. */
  readonly signal: AbortSignal;
  /**
   * Resolves once the chunk is handed over, so that a slow reader slows the writer; at once when closed.
   * @throws KnownError when the data is lost for another reason, such as a full disk
   */
  write(chunk: string | Uint8Array): Promise<void>;
}

const watched = new WeakMap<NodeJS.WritableStream, Pipe>();

/** Catches the errors of a stream, once however often it is asked: main and the output share one watch. */
export function watchPipe(stream: Sink): Pipe {
  let pipe = watched.get(stream);
  if (pipe === undefined) watched.set(stream, (pipe = watch(stream)));
  return pipe;
}

const goneCodes = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"]);

function watch(stream: Sink): Pipe {
  const gone = new AbortController();
  let failure: KnownError | undefined;
  const note = (error: NodeJS.ErrnoException) => {
    if (failure !== undefined) return;
    const code = error.code ?? "";
    // A terminal that was closed answers EIO, which from a file would be a lost write.
    if (goneCodes.has(code) || (code === "EIO" && stream.isTTY === true)) gone.abort();
    else failure = lostWrite(error);
  };
  stream.on("error", note);
  stream.on("close", () => failure ?? gone.abort());
  // A stream that is destroyed never calls back about the chunk that it was writing.
  const left = new Promise<null>((resolve) => gone.signal.addEventListener("abort", () => resolve(null)));
  return {
    get closed() {
      return gone.signal.aborted;
    },
    signal: gone.signal,
    async write(chunk) {
      if (gone.signal.aborted) return;
      if (failure === undefined) {
        const written = new Promise<Error | null | undefined>((resolve) => stream.write(chunk, resolve));
        const error = await Promise.race([written, left]);
        if (error) note(error);
      }
      if (failure !== undefined) throw failure;
    },
  };
}

function lostWrite(error: Error): KnownError {
  const next = "make room, or write elsewhere; what the command did before stays done";
  return new KnownError(
    { what: "the output could not be written completely", why: error.message, next },
    { cause: error },
  );
}

/** Bytes per write: the size of a Linux pipe; larger ones only cost memory. */
const CHUNK = 64 * 1024;

/** Writes lines in chunks and stops asking for more once the reader left. */
export async function writeLines(pipe: Pipe, lines: Iterable<string>): Promise<void> {
  let chunk = "";
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    await pipe.write(chunk);
    chunk = "";
    if (pipe.closed) return;
  }
  if (chunk !== "") await pipe.write(chunk);
}

/** Writes one long text in chunks; cut as bytes, since cutting a string could split a character. */
export async function writeText(pipe: Pipe, text: string): Promise<void> {
  const bytes = Buffer.from(text, "utf8");
  for (let at = 0; at < bytes.length && !pipe.closed; at += CHUNK)
    await pipe.write(bytes.subarray(at, at + CHUNK));
}
