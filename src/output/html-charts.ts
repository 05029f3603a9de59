import type { Account, Group, Grouping } from "../sales/account.js";
import { fateTable, fates } from "../sales/account.js";
import { calendarOf, daysBetween } from "../sales/days.js";
import { escapeHtml as esc } from "./html-text.js";

/** Bars that are thinner than a pixel show nothing. */
const MOST_DAYS = 366;
/** A chart of more rows is a table, and that one stands beneath. */
const MOST_ROWS = 10;
/** Units of the drawing for one day. */
const STEP = 10;

/**
 * A column for each day, of the days on which nothing happened too. The drawing stretches with the page; its labels are
 * text beside it, so that they stay readable on a phone.
 */
export function daysChart({ groups, since, until, generatedAt, timeZone }: Account): string {
  const { dayOf } = calendarOf(timeZone);
  const last = Math.max(since, until === null ? generatedAt : Math.min(until - 1, generatedAt));
  const known = new Map(groups.day.map((group) => [group.key, group]));
  const days = daysBetween(dayOf(since), dayOf(last)).slice(-MOST_DAYS);
  const most = Math.max(1, ...days.map((day) => known.get(day)?.count ?? 0));
  const columns = days.map((day, at) => column(day, known.get(day), at * STEP, most));
  const middle = days[Math.floor((days.length - 1) / 2)];
  const labels = days.length < 3 ? days : [days[0] ?? "", middle ?? "", days.at(-1) ?? ""];
  return `<div class="plot"><span class="tick">${most}</span>
<svg class="days" role="img" aria-labelledby="days-title days-desc" viewBox="0 0 ${days.length * STEP} 100" preserveAspectRatio="none" style="max-width:${days.length * 4}rem">
<title id="days-title">Sales by day</title>
<desc id="days-desc">${esc(`${days[0]} to ${days.at(-1)}, at most ${most} a day; the table beneath has the figures`)}</desc>
${columns.join("\n")}
</svg></div>
<div class="axis" aria-hidden="true" style="max-width:${days.length * 4}rem">${labels.map((day) => `<span>${esc(day)}</span>`).join("")}</div>`;
}

function column(day: string, group: Group | undefined, x: number, most: number): string {
  let top = 100;
  const parts = fates.flatMap((fate) => {
    const count = group?.byFate[fate].count ?? 0;
    if (count === 0) return [];
    const height = (count / most) * 100;
    top -= height;
    return [
      `<rect class="f-${fate}" x="${x + 1}" y="${short(top)}" width="${STEP - 2}" height="${short(height)}"/>`,
    ];
  });
  return `<g><title>${esc(`${day}: ${wordsOf(group)}`)}</title><rect class="ground" x="${x}" y="0" width="${STEP}" height="100"/>${parts.join("")}</g>`;
}

/** A bar for each of the largest groups, as long as it has sales. */
export function barsChart(by: Exclude<Grouping, "day">, groups: readonly Group[]): string {
  const most = Math.max(1, ...groups.map(({ count }) => count));
  const rows = groups.slice(0, MOST_ROWS).map((group, at) => {
    const id = `${by}-${at}`;
    return `<li><p><bdi>${esc(group.label)}</bdi> <span class="note">${group.count} · ${esc(group.amount)}</span></p>
<svg class="bar" role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 100 10" preserveAspectRatio="none">
<title id="${id}-title">${esc(group.label)}</title>
<desc id="${id}-desc">${esc(wordsOf(group))}</desc>
${partsOf(group, most)}
</svg></li>`;
  });
  const rest = groups.length - rows.length;
  const more = rest > 0 ? `\n<p class="note">${rest} more in the table</p>` : "";
  return `<ol class="bars">\n${rows.join("\n")}\n</ol>${more}`;
}

function partsOf({ byFate }: Group, most: number): string {
  let x = 0;
  const parts = fates.flatMap((fate) => {
    const width = (byFate[fate].count / most) * 100;
    if (width === 0) return [];
    x += width;
    return [`<rect class="f-${fate}" x="${short(x - width)}" y="0" width="${short(width)}" height="10"/>`];
  });
  return `<rect class="ground" x="0" y="0" width="100" height="10"/>${parts.join("")}`;
}

function wordsOf(group: Group | undefined): string {
  if (group === undefined) return "no sale";
  const parts = fates
    .filter((fate) => group.byFate[fate].count > 0)
    .map((fate) => `${group.byFate[fate].count} ${fateTable[fate].title.toLowerCase()}`);
  return `${group.count} in all, ${group.amount}: ${parts.join(", ")}`;
}

const short = (value: number) => String(Math.round(value * 1000) / 1000);
