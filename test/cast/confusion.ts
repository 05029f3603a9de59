import type { Judged } from "../../src/sales/verdict.js";
import type { Shop } from "./judged.js";

/** One table for a person: what is true at Meta, by what each kind of sources makes of it. */
export function confusionOf(
  shop: Shop,
  judgings: readonly { readonly name: string; readonly judged: readonly Judged[] }[],
): string {
  const kinds = ["delivered", "by click", "folded", "in-flight", "lost", "ambiguous", "untraceable"] as const;
  // Meta has the click's event once, and one of its sales is given it: which one's it was, no line tells.
  const called = ({ kind, because }: Judged) => (because.includes("(risk R2)") ? "by click" : kind);
  const cells = (texts: readonly (string | number)[]) =>
    texts.map((text) => String(text).padStart(12)).join("");
  const head = `${"verdict by".padEnd(20)}${"truth".padEnd(9)}${cells(kinds)}`;
  const lines = judgings.flatMap(({ name, judged }) =>
    (["received", "lost", "open"] as const).map((truth) => {
      const those = judged.filter((_, at) => shop.stuck[at]?.label.truth === truth);
      const counts = kinds.map((kind) => those.filter((one) => called(one) === kind).length);
      return `${name.padEnd(20)}${truth.padEnd(9)}${cells(counts)}`;
    }),
  );
  return [
    `${shop.stuck.length} stuck sales, what is true at Meta and what is said of it:`,
    head,
    ...lines,
  ].join("\n");
}
