import type { Plan } from "../../src/sales/plan.js";
import { HOUR, MINUTE } from "../../src/sales/sale.js";
import type { Judged } from "../../src/sales/verdict.js";
import type { LabelledSale } from "./corpus.js";
import type { Shop } from "./judged.js";

/* Meta's count, from what truly happened: copies of one pixel and event id within 48 h of the first are one. */

interface Copy {
  readonly eventId: string;
  readonly pixelId: string;
  readonly at: number;
}

function counted(copies: readonly Copy[]): number {
  const windows = new Map<string, number>();
  let count = 0;
  for (const { eventId, pixelId, at } of copies.toSorted((a, b) => a.at - b.at)) {
    const name = `${pixelId}|${eventId}`;
    const first = windows.get(name);
    if (first !== undefined && at - first < 48 * HOUR) continue;
    windows.set(name, at);
    count += 1;
  }
  return count;
}

/** What Meta got of a sale without us: its tasks' copies, those still to come, and the browser's pixel. */
function copiesOf({ corpus, rows, now }: Shop, label: LabelledSale): Copy[] {
  const { eventId, pixelId, saleId, truth } = label;
  const runs = corpus.book.runs.filter(({ sale }) => sale.saleId === saleId);
  const accepted = runs.filter(({ outcome, dies }) => outcome === "success" && dies !== "before");
  const unseen = truth === "received" && accepted.length === 0 ? runs.slice(0, 1) : [];
  const later = corpus.living.filter(({ sale }) => sale.saleId === saleId).map(() => now + 30 * MINUTE);
  const row = rows.find(({ id }) => id === saleId);
  const browser =
    row?.pageviewEventId && row.sentFromDelivery !== false && saleId % 2 === 0 ? [label.at] : [];
  return [...[...accepted, ...unseen].map(({ at }) => at), ...later, ...browser].map((at) => ({
    eventId,
    pixelId,
    at,
  }));
}

/** Sales whose number at Meta is not theirs after the plan: those of one click are counted together. */
export function miscounted(shop: Shop, judged: readonly Judged[], plan: Plan): string[] {
  const acted = new Map(plan.act.map(({ judged: one }) => [one.sale.id, one]));
  const delivered = new Set(judged.flatMap(({ kind, sale }) => (kind === "delivered" ? [sale.id] : [])));
  const groups = new Map<string, LabelledSale[]>();
  for (const label of shop.corpus.sales)
    groups.set(label.eventId, [...(groups.get(label.eventId) ?? []), label]);
  return [...groups.values()].flatMap((group) => {
    if (!group.some(({ saleId }) => acted.has(saleId))) return [];
    const theirs = group.flatMap((label) => copiesOf(shop, label));
    const ours = group.flatMap((label) => copyOf(shop, label, acted.get(label.saleId), plan.action));
    const count = counted([...theirs, ...ours]);
    const isSettled = group.every(({ saleId }) => acted.has(saleId) || delivered.has(saleId));
    const isRight = isSettled ? count === group.length : count <= group.length;
    if (isRight) return [];
    return [`${count} for ${group.map(({ saleId, route }) => `${saleId} (${route})`).join(", ")}`];
  });
}

/** A reverted sale is sent by the application at its next visit, with the id that it chooses then. */
function copyOf(shop: Shop, label: LabelledSale, one: Judged | undefined, action: Plan["action"]): Copy[] {
  if (one === undefined || action === "confirm") return [];
  const { pixelId } = label;
  const at = shop.now + MINUTE;
  if (action === "resend") return [{ eventId: one.identity.eventId, pixelId, at }];
  const eventId = one.sale.pageviewEventId ?? `purchase_${one.sale.id}_${Math.floor(at / 1000)}`;
  return [{ eventId, pixelId, at: at + 12 * HOUR }];
}
