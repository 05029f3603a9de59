/** What stands in JSON as it is. Most texts are of these characters alone. */
const plain = /^[ !#-[\]-~]*$/;

/** Of texts with an accent or an escape, which are few: product names and campaigns, mostly. */
const known = new Map<string, string>();
const MOST_KNOWN = 1_000;
const LONGEST_KNOWN = 200;

/**
 * A text as JSON, in ASCII alone: then a whole event is ASCII, and Node writes it as UTF-8 five times faster (0.5 µs
 * less an event) than one with a single `é` in it.
 */
export function jsonText(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  // Escaping takes 0.4 µs, and a shop sells the same few products all day.
  const found = known.get(text);
  if (found !== undefined) return found;
  const json = JSON.stringify(text).replaceAll(/[\u007f-\uffff]/g, escaped);
  if (text.length > LONGEST_KNOWN) return json;
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, json);
  return json;
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
