import { WriteRefused } from "../errors.js";

/** What a write over many rows came to, and the rows that the shop refused. */
export interface Halved<Item, Done> {
  readonly done: readonly Done[];
  readonly refused: readonly { readonly item: Item; readonly because: string }[];
}

/**
 * A statement over many rows fails for one that a constraint or trigger of the shop refuses: halving finds that one,
 * and the others get through (1,000 rows with one offender: about 20 statements).
 */
export async function halving<Item, Done>(
  items: readonly Item[],
  write: (items: readonly Item[]) => Promise<Done>,
): Promise<Halved<Item, Done>> {
  const [first] = items;
  if (first === undefined) return { done: [], refused: [] };
  try {
    return { done: [await write(items)], refused: [] };
  } catch (error) {
    if (!(error instanceof WriteRefused)) throw error;
    const because = `the shop's database refused the write: ${error.problem.why ?? error.problem.what}`;
    if (items.length === 1) return { done: [], refused: [{ item: first, because }] };
    const middle = Math.ceil(items.length / 2);
    const left = await halving(items.slice(0, middle), write);
    const right = await halving(items.slice(middle), write);
    return { done: [...left.done, ...right.done], refused: [...left.refused, ...right.refused] };
  }
}
