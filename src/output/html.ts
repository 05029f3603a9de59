import type { Account, Fate, Group, Grouping, Reach } from "../sales/account.js";
import { fateTable, fates, groupings, reaches } from "../sales/account.js";
import { calendarOf } from "../sales/days.js";
import { byReach } from "../sales/grouped.js";
import { showAmount } from "../sales/money.js";
import type { Instant } from "../sales/sale.js";
import { iso } from "../sales/time.js";
import { barsChart, daysChart } from "./html-charts.js";
import { style } from "./html-style.js";
import { escapeHtml as esc } from "./html-text.js";

/** Nothing may be fetched and nothing run, whatever a bot's name holds: the browser itself is told so. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The account as one page that needs no network, no script and no other file. */
export function accountPage(account: Account): string {
  const title = `Stuck sales, ${windowOf(account)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<title>${esc(title)}</title>
<style>
${style}
</style>
</head>
<body>
<main>
${headOf(account)}
${account.totals.count === 0 ? "" : groupings.map((by) => sectionOf(account, by)).join("\n")}
${meanings()}
</main>
</body>
</html>
`;
}

function windowOf({ since, until, timeZone, generatedAt }: Account): string {
  const { dayOf } = calendarOf(timeZone);
  const last = Math.max(since, until === null ? generatedAt : Math.min(until - 1, generatedAt));
  return dayOf(since) === dayOf(last) ? dayOf(since) : `${dayOf(since)} to ${dayOf(last)}`;
}

function headOf(account: Account): string {
  const { totals, timeZone, generatedAt, currency, outside } = account;
  const outer =
    outside.count === 0
      ? ""
      : `<p class="note">Outside this window ${sales(outside.count)} ${outside.count === 1 ? "is" : "are"} still open, ${esc(showAmount(outside.amount, currency))}.</p>`;
  const all =
    totals.count === 0
      ? "No sale is stuck, and the journal knows of none."
      : `${sales(totals.count)} got stuck, worth ${esc(showAmount(totals.amount, currency))}.`;
  return `<header>
<h1>What became of stuck sales</h1>
<p class="lead">${all}</p>
<p class="note">Sales created ${esc(windowOf(account))}, days of ${esc(timeZone)}. Read on ${esc(moment(generatedAt))}.</p>
${outer}</header>
<section class="cards" aria-label="Totals">
${reaches.map((reach) => card(account, reach)).join("\n")}
</section>`;
}

const reachTitles: Readonly<Record<Reach, string>> = {
  reached: "Meta has",
  open: "Still open",
  "too late": "Too late for Meta",
  closed: "Closed without Meta",
};

function card({ totals, currency }: Account, reach: Reach): string {
  const sum = byReach(totals, reach);
  const parts = fates
    .filter((fate) => fateTable[fate].reach === reach && totals.byFate[fate].count > 0)
    .map((fate) => `${totals.byFate[fate].count} ${fateTable[fate].title.toLowerCase()}`);
  return `<div class="card ${reach.replace(" ", "-")}">
<h2>${reachTitles[reach]}</h2>
<p class="figure">${sum.count}</p>
<p>${esc(showAmount(sum.amount, currency))}</p>
<p class="note">${esc(parts.join(", ")) || "none"}</p>
</div>`;
}

function sectionOf(account: Account, by: Grouping): string {
  const found = fates.filter((fate) => account.totals.byFate[fate].count > 0);
  const chart = by === "day" ? daysChart(account) : barsChart(by, account.groups[by]);
  const legend = found.map((fate) => `<li><span class="key f-${fate}"></span>${fateTable[fate].title}</li>`);
  return `<section>
<h2>By ${by}</h2>
<figure>
${chart}
<ul class="legend" aria-hidden="true">${legend.join("")}</ul>
</figure>
${tableOf(account, by, found)}
</section>`;
}

/** The table says all that the chart shows; on a narrow screen it scrolls by itself, and its first column stays. */
function tableOf({ groups, totals, currency }: Account, by: Grouping, found: readonly Fate[]): string {
  const title = by[0]?.toUpperCase() + by.slice(1);
  const heads = ["Sales", ...found.map((fate) => fateTable[fate].title)];
  const cells = ({ count, amount, byFate }: Pick<Group, "count" | "amount" | "byFate">) =>
    [{ count, amount }, ...found.map((fate) => byFate[fate])].map(cell).join("");
  // The newest day first: that is the one which is asked about.
  const rows = (by === "day" ? groups.day.toReversed() : groups[by]).map(
    (group) => `<tr><th scope="row"><bdi>${esc(group.label)}</bdi></th>${cells(group)}</tr>`,
  );
  return `<div class="scroll" role="region" tabindex="0" aria-label="Table by ${by}">
<table class="${by}">
<caption>Sales and ${esc(currency)} by ${by}</caption>
<thead><tr><th scope="col">${title}</th>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
<tfoot><tr><th scope="row">All</th>${cells(totals)}</tr></tfoot>
</table>
</div>`;
}

function cell({ count, amount }: { readonly count: number; readonly amount: string }): string {
  return count === 0
    ? `<td class="none">0</td>`
    : `<td>${count}<span class="money">${esc(amount)}</span></td>`;
}

function meanings(): string {
  const list = fates.map((fate) => {
    const { title, meaning } = fateTable[fate];
    return `<div><dt><span class="key f-${fate}"></span>${title}</dt><dd>${esc(meaning)}</dd></div>`;
  });
  return `<section>
<h2>What the words mean</h2>
<p class="note">Each sale is counted once, on the day on which it was created. Causes are those of the incident; where no source tells one it is unknown.</p>
<dl>
${list.join("\n")}
</dl>
</section>`;
}

/** To the minute: a page is no log. */
const moment = (at: Instant) => `${iso(at).slice(0, 16).replace("T", " at ")} UTC`;

const sales = (count: number) => `${count} sale${count === 1 ? "" : "s"}`;
