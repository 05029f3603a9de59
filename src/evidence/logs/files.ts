import { lookAt, type LogBytes } from "./bytes.js";
import type { LogName } from "./event.js";
import { ageOf, headOf, lineageOf, positionOf, type Position } from "./position.js";
import { shapeOf } from "./heads.js";

/** A file that is to be read, with what is known of it before. */
export interface LogFile {
  readonly path: string;
  readonly bytes: LogBytes;
  readonly position: Position | null;
  /** By the first line that looks like one of ours; null where none does. */
  readonly log: LogName | null;
  readonly id: string;
}

export interface Looked {
  readonly files: readonly LogFile[];
  readonly warnings: readonly string[];
}

/** Looks at the files' heads: which log each is, which were read before under whatever name, and in which order to read. */
export async function lookAtAll(paths: readonly string[], positions: readonly Position[]): Promise<Looked> {
  const files: LogFile[] = [];
  const warnings: string[] = [];
  for (const path of new Set(paths)) {
    try {
      const bytes = await lookAt(path);
      if (bytes.head.length === 0) continue;
      const file = withPosition(path, bytes, positions);
      if (file.truncated) warnings.push(`${path}: shorter than it was; read from its beginning`);
      files.push(file);
    } catch (error) {
      warnings.push(`${path}: not read (${error instanceof Error ? error.message : "it cannot be opened"})`);
    }
  }
  const once = withoutCopies(files, warnings);
  return { files: inOrder(once), warnings: [...warnings, ...rotatedAway(once, paths, positions)] };
}

function withPosition(
  path: string,
  bytes: LogBytes,
  positions: readonly Position[],
): LogFile & { truncated: boolean } {
  const found = positionOf(bytes.head, positions);
  const truncated = found !== null && !bytes.compressed && found.offset > bytes.size;
  const position = truncated ? null : found;
  const id = position?.id ?? headOf(bytes.head).sha256;
  return { path, bytes, position, log: logOf(bytes.head) ?? position?.log ?? null, id, truncated };
}

/** One log given twice (`x.log` and its copy) would be two attempts for each of its lines. */
function withoutCopies(files: readonly LogFile[], warnings: string[]): LogFile[] {
  const kept = new Map<string, LogFile>();
  for (const file of files) {
    const other = kept.get(file.id);
    if (other) warnings.push(`${file.path}: begins like ${other.path}; one of them was read`);
    if (!other || length(file) > length(other)) kept.set(file.id, file);
  }
  return [...kept.values()];
}

const length = ({ bytes }: LogFile): number => (bytes.compressed ? 0 : bytes.size);

/** Applications first, since they tell which tasks are Purchases; of one log the oldest part first. */
function inOrder(files: readonly LogFile[]): LogFile[] {
  const rank = ({ log }: LogFile): number => (log === "worker" ? 1 : 0);
  return files.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      compare(lineageOf(a.path), lineageOf(b.path)) ||
      compare(firstTime(a.bytes.head), firstTime(b.bytes.head)) ||
      (ageOf(b.path) ?? 0) - (ageOf(a.path) ?? 0),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What was read before under a name, and is nowhere now: its last lines were never seen. */
function rotatedAway(
  files: readonly LogFile[],
  paths: readonly string[],
  positions: readonly Position[],
): string[] {
  const found = new Set(files.map(({ id }) => id));
  return positions
    .filter(({ id, path }) => !found.has(id) && paths.includes(path))
    .map(
      ({ path }) =>
        `${path}: rotated since it was read; give the file before it too, or its last lines stay unseen`,
    );
}

function logOf(head: Buffer): LogName | null {
  const shape = firstHead(head)?.shape;
  return shape === undefined ? null : shape === 2 ? "worker" : "application";
}

/** As it stands: the times of one log compare as text. */
function firstTime(head: Buffer): string {
  const first = firstHead(head);
  if (first === null) return "";
  const start = first.shape === 2 ? first.start + 1 : first.start;
  return head.toString("latin1", start, start + 23);
}

function firstHead(head: Buffer): { shape: 1 | 2; start: number } | null {
  for (let start = 0; start >= 0 && start < head.length;) {
    while (head[start] === 0) start++;
    const next = head.indexOf(10, start);
    const end = next < 0 ? head.length : next;
    const shape = shapeOf(head, start, end);
    if (shape !== 0) return { shape, start };
    start = end + 1;
  }
  return null;
}
