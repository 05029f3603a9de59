import { fates } from "../sales/account.js";

/** Colours of the fates that people who confuse red and green can tell apart (Okabe and Ito), lighter on a dark page. */
const light = `--bg:#f7f5f2;--card:#fff;--ink:#1d1b19;--muted:#625d57;--line:#e2ddd6;--ground:#f1eee9;
--stuck:#d55e00;--quarantined:#cc79a7;--acknowledged:#b8a24a;--reverted:#e69f00;--expired:#7f2a4a;--confirmedLate:#56b4e9;--resent:#0072b2;--byApplication:#009e73;--closed:#8f8a84;`;
const dark = `--bg:#151413;--card:#1f1e1c;--ink:#efece7;--muted:#aaa49c;--line:#393633;--ground:#2a2826;
--stuck:#ff8a3d;--quarantined:#e39ac4;--acknowledged:#a39248;--reverted:#f2bf4a;--expired:#d06a91;--confirmedLate:#8fd0f5;--resent:#3f9bdb;--byApplication:#2fbf95;--closed:#8f8a84;`;

const fateColours = fates
  .map((fate) => `.f-${fate}{fill:var(--${fate});background:var(--${fate})}`)
  .join("\n");

/** The page's looks: no font, picture or sheet is fetched. */
export const style = `:root{${light}color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.15rem;margin:0 0 .75rem}
p{margin:0}
.lead{font-size:1.1rem}
.note{color:var(--muted);font-size:.875rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1.25rem 0}
.card{border:1px solid var(--line);border-top:4px solid var(--closed);border-radius:.5rem;background:var(--card);padding:.75rem 1rem}
.card.reached{border-top-color:var(--resent)}
.card.open{border-top-color:var(--stuck)}
.card.too-late{border-top-color:var(--expired)}
.card h2{font-size:.9rem;font-weight:600;margin:0;color:var(--muted)}
.card .figure{font-size:2rem;font-weight:650;line-height:1.2}
section:not(.cards){border:1px solid var(--line);border-radius:.5rem;background:var(--card);padding:1rem;margin:0 0 1rem}
figure{margin:0 0 1rem}
svg{display:block;width:100%}
.plot{position:relative;padding-top:1.25rem}
.tick{position:absolute;top:0;left:0;font-size:.75rem;line-height:1.25rem;color:var(--muted)}
.days{height:10rem;border-top:1px dashed var(--line);border-bottom:1px solid var(--muted)}
.days .ground{fill:transparent}
.days g:hover .ground{fill:var(--ground)}
.axis{display:flex;justify-content:space-between;font-size:.75rem;color:var(--muted);padding-top:.25rem;font-variant-numeric:tabular-nums}
svg [class^="f-"]{stroke:var(--card);stroke-width:1px;vector-effect:non-scaling-stroke}
.days [class^="f-"]{stroke-width:.5px}
.bars{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}
.bars p{display:flex;justify-content:space-between;gap:1rem;align-items:baseline;overflow-wrap:anywhere}
.bars p .note{white-space:nowrap}
.bar{height:.75rem;border-radius:.25rem}
.bar .ground{fill:var(--ground)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.75rem 0 0;padding:0;font-size:.8125rem;color:var(--muted)}
.key{display:inline-block;width:.7rem;height:.7rem;border-radius:.15rem;margin-right:.4rem}
.scroll{overflow:auto;max-height:32rem;border-top:1px solid var(--line)}
.scroll:focus-visible{outline:2px solid var(--resent);outline-offset:2px}
table{border-collapse:separate;border-spacing:0;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);font-size:.8125rem;padding:.5rem 0}
th,td{padding:.4rem .5rem;text-align:right;vertical-align:top;white-space:nowrap}
thead th{font-size:.8125rem;color:var(--muted);vertical-align:bottom;white-space:normal}
thead th{position:sticky;top:0;background:var(--card);z-index:1}
tfoot th,tfoot td{position:sticky;bottom:0;background:var(--card);font-weight:650;border-top:1px solid var(--muted)}
tr>:first-child{text-align:left;position:sticky;left:0;background:var(--card);padding-left:0}
thead th:first-child,tfoot th:first-child{z-index:2}
table.bot tbody th{white-space:normal;min-width:9rem;max-width:18rem;overflow-wrap:anywhere}
tbody th{font-weight:500}
tbody th,tbody td{border-top:1px solid var(--line)}
.money{display:block;font-size:.8125rem;font-weight:400;color:var(--muted)}
.none{color:var(--muted)}
dl{margin:.75rem 0 0;display:grid;gap:.5rem}
dt{font-weight:600}
@media print{.scroll{max-height:none;overflow:visible}section{break-inside:avoid-page}}
dd{margin:0 0 0 1.1rem;color:var(--muted)}
${fateColours}`;
