import type { Account, Counted } from "../../src/sales/account.js";
import { fates, groupings } from "../../src/sales/account.js";
import { causeNames } from "../../src/sales/causes.js";
import { daysBetween } from "../../src/sales/days.js";
import { openGroups } from "../../src/sales/grouped.js";

/** Bots as shops name them, and one by somebody who means harm. */
export const bots = [
  "Violão em Casa",
  "Receitas da Vovó",
  "Curso de Confeitaria Artesanal para Iniciantes e Avançados",
  "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>",
  "متجر العطور",
  "🎸 Guitarra 🎸",
] as const;

const days = daysBetween("2026-10-28", "2026-11-26");

/** A sale as a report counts it; what is not said is ordinary. */
export function counted(differing: Partial<Counted> = {}): Counted {
  return {
    day: "2026-11-20",
    botId: 1,
    botName: bots[0],
    pixelId: "410000000000001",
    cause: "unknown",
    fate: "stuck",
    amount: "97.00",
    ...differing,
  };
}

/** The account of these sales, for thirty days of São Paulo up to the 26th of November 2026. */
export function accountOfSales(sales: readonly Counted[], differing: Partial<Account> = {}): Account {
  const groups = openGroups();
  for (const sale of sales) groups.add(sale);
  return {
    generatedAt: Date.UTC(2026, 10, 26, 15, 4),
    since: Date.UTC(2026, 9, 28, 3),
    until: null,
    timeZone: "America/Sao_Paulo",
    currency: "BRL",
    totals: groups.totals(),
    groups: Object.fromEntries(groupings.map((by) => [by, groups.of(by)])) as unknown as Account["groups"],
    outside: { count: 3, amount: "291.00" },
    ...differing,
  };
}

/** A month with an outage of two days in the middle of it, the same every time. */
export function monthOfSales(): Counted[] {
  return days.flatMap((day, at) => {
    const count = at === 18 ? 47 : at === 19 ? 31 : at % 7 === 3 ? 0 : (at * 5) % 6;
    return Array.from({ length: count }, (_, n) => {
      const bot = (at * 3 + n * n) % bots.length;
      return counted({
        day,
        botId: bot + 1,
        botName: bots[bot] ?? "",
        pixelId: bot === 4 ? null : String(410_000_000_000_000 + (bot % 3)),
        cause: causeNames[(at + n * 2) % causeNames.length] ?? "unknown",
        fate: at < 23 ? (fates.slice(4)[(n * 3 + at) % 5] ?? "resent") : (fates[(n * 2 + at) % 7] ?? "stuck"),
        amount: `${27 + ((n * 35) % 300)}.90`,
      });
    });
  });
}
