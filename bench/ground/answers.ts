import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";

/** What a program wrote into a file. */
export function textOf(file: string): string {
  return readFileSync(file, "utf8");
}

export function sizeOf(file: string): number {
  return statSync(file).size;
}

/** Of an output of gigabytes nothing but the number of its lines is asked. */
export function linesOf(file: string): number {
  const buffer = Buffer.allocUnsafe(1 << 20);
  const from = openSync(file, "r");
  let lines = 0;
  for (let size = readSync(from, buffer); size > 0; size = readSync(from, buffer)) {
    for (let at = buffer.indexOf(10); at >= 0 && at < size; at = buffer.indexOf(10, at + 1)) lines += 1;
  }
  closeSync(from);
  return lines;
}

/** The ids in the first column, sorted: what two lists of sales must agree in. */
export function idsOf(file: string, separator: string): number[] {
  const cells = textOf(file)
    .split("\n")
    .map((line) => Number(line.split(separator)[0]));
  return cells.filter((id) => Number.isInteger(id) && id > 0).toSorted((a, b) => a - b);
}
