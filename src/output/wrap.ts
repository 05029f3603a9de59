/** Where a name may be broken without being misread: `payments.customer_` and `user_id`. */
const SEAMS = /[_./:,;=-](?=[^_./:,;=-]*$)/;

/**
 * Breaks words that are longer than a line, since cli-table3 would cut them, and half an event id or column name is of
 * no use. Words beyond ASCII are left to it: how wide they are is its business. Colour codes are stepped over.
 */
export function broken(text: string, width: number): string {
  if (text.length <= width) return text;
  // oxlint-disable-next-line no-control-regex
  const longWords = new RegExp(`\u001B\\[[\\d;]*m|[!-~]{${width + 1},}`, "g");
  return text.replaceAll(longWords, (word) =>
    word.startsWith("\u001B") ? word : pieces(word, width).join("\n"),
  );
}

function pieces(word: string, width: number): string[] {
  const list: string[] = [];
  let rest = word;
  while (rest.length > width) {
    const line = rest.slice(0, width);
    const seam = line.search(SEAMS) + 1;
    // A seam near the beginning would leave a line almost empty.
    const end = seam > width / 3 ? seam : width;
    list.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...list, rest];
}
