import { setFlagsFromString } from "node:v8";
import type { List } from "../context.js";
import { csvLines } from "./csv.js";
import { jsonLines, tsvLines } from "./machine.js";
import type { Pipe } from "./pipe.js";
import { writeLines } from "./pipe.js";

/** How the rows of a list are written while others are read. */
export type Way = "jsonl" | "tsv" | "csv";

/** Writes the lines of a list page by page; false where the reader left and more was to come. */
export async function writeList<Row>(pipe: Pipe, list: List<Row>, way: Way): Promise<boolean> {
  const { columns, pages, acts = false, one, totals, last } = list;
  const linesOf = way === "csv" ? csvLines : tsvLines;
  const cells = columns([]);
  let count = 0;
  /** A reader that pauses must not keep a lease, and deadlines, waiting. */
  let written: Promise<unknown> = Promise.resolve();
  for await (const rows of pages) {
    if (pipe.closed && !acts) return false;
    count += 1;
    // The head goes with the first page, so that a command which fails before writes nothing.
    const lines = way === "jsonl" ? jsonLines(rows.map(one)) : linesOf({ columns: cells, rows }, count === 1);
    written = written.then(() => writeLines(pipe, lines));
    written.catch(() => undefined); // Told below: what acts goes on to its end.
    if (!acts) await written;
    if (count === 2) keepHeapSmall();
  }
  await written;
  if (way !== "jsonl" && count === 0) await writeLines(pipe, linesOf({ columns: cells, rows: [] }));
  // Without the last line a list of these is not whole.
  if (way === "jsonl") await writeLines(pipe, jsonLines([last(await totals())]));
  return true;
}

/**
 * V8 lets what it has not collected yet grow to several times of what is in use, in long work most of all. A million sales
 * took 195 MB; now that it collects when half as much has come on top, 130, for a twentieth more CPU. Set only once there
 * is a second page: under another flag V8 takes no code from its cache, nor is what the build notes of use to anybody.
 */
function keepHeapSmall(): void {
  setFlagsFromString("--heap-growing-percent=50");
}
