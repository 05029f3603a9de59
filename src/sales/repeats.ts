import type { StoryLine } from "./story.js";

type Line = Omit<StoryLine, "times" | "until">;

/** A task that retries writes an error, a retry and perhaps "received": blocks longer than this do not repeat. */
const LONGEST_BLOCK = 4;

/** Blocks of lines that repeat one after the other are told once, with how often and until when. */
export function repeatsFolded(lines: readonly Line[]): StoryLine[] {
  const keys = lines.map(keyOf);
  const folded: StoryLine[] = [];
  let at = 0;
  while (at < lines.length) {
    const { size, times } = bestBlock(keys, at);
    const begun = times > 1 ? begunAgain(keys, at, size, times) : 0;
    for (const [place, line] of lines.slice(at, at + size).entries()) {
      const all = place < begun ? times + 1 : times;
      const last = lines[at + (all - 1) * size + place];
      folded.push({ ...line, times: all, until: all > 1 ? (last?.at ?? null) : null });
    }
    at += size * times + begun;
  }
  return folded;
}

/** The block that starts here and swallows most lines; the shortest of equals. */
function bestBlock(keys: readonly string[], at: number): { size: number; times: number } {
  let best = { size: 1, times: 1 };
  for (let size = 1; size <= LONGEST_BLOCK; size += 1) {
    const times = timesOf(keys, at, size);
    if (times > 1 && size * times > best.size * best.times) best = { size, times };
  }
  return best;
}

function timesOf(keys: readonly string[], at: number, size: number): number {
  let times = 1;
  const isSame = (block: number) =>
    keys.slice(at, at + size).every((key, place) => keys[at + block * size + place] === key);
  while (at + (times + 1) * size <= keys.length && isSame(times)) times += 1;
  return times;
}

/** How many lines of the block follow once more, where its last turn was cut short. */
function begunAgain(keys: readonly string[], at: number, size: number, times: number): number {
  let begun = 0;
  while (begun < size && keys[at + begun] === keys[at + size * times + begun]) begun += 1;
  return begun;
}

/** Retries differ in their wait and their number alone. */
function keyOf({ source, text }: Line): string {
  return `${source}|${text.replaceAll(/Retry in [\d.]+s/g, "Retry").replaceAll(/\bretry \d+/g, "retry")}`;
}
