import { accountColumns } from "../acting/account-columns.js";
import { accountBars, accountLines } from "../acting/account-words.js";
import type { AccountPorts, AccountWindow } from "../acting/account.js";
import { accountOf } from "../acting/account.js";
import type { ReadingContext, Report } from "../context.js";
import type { ExitCode } from "../errors.js";
import { exitCode } from "../errors.js";
import { accountHead, accountJson, groupJson, sumsJson } from "../sales/account-json.js";
import type { Account, Group, Grouping } from "../sales/account.js";
import { groupings } from "../sales/account.js";

/** What `report` is handed. It can save a page, and change no sale. */
export interface ReportContext extends AccountPorts, Pick<ReadingContext, "output" | "again"> {
  /** Writes the account as a page, whole or not at all. */
  save(path: string, account: Account): Promise<void>;
}

export interface ReportOptions {
  readonly window: AccountWindow;
  /** Null for all, where there is room for them. */
  readonly by: Grouping | null;
  /** A file for the same as a page. */
  readonly html: string | null;
}

/** What became of the sales that were stuck, and of their money, by day, bot, pixel and cause. Changes nothing. */
export async function report(ctx: ReportContext, { window, by, html }: ReportOptions): Promise<ExitCode> {
  const { output } = ctx;
  const account = await accountOf(ctx, window);
  // First, since a command that fails leaves stdout empty.
  if (html !== null) await ctx.save(html, account);
  const wanted = groupings.filter((one) => by === null || one === by);
  const sections = output.forPeople && account.totals.count > 0 ? wanted : [by ?? "day"];
  for (const [at, one] of sections.entries()) {
    if (at > 0) await output.data("");
    await output.report(sectionOf(account, one, by));
  }
  for (const { text, tone } of accountLines(account, ctx.again)) output.say(text, tone);
  if (html !== null) output.say(`the page is ${html}`);
  if (sections.includes("day")) await output.chart("sales by day", accountBars(account));
  return exitCode.ok;
}

function sectionOf(account: Account, section: Grouping, by: Grouping | null): Report<Group> {
  const rows = account.groups[section];
  return {
    columns: accountColumns(section, account),
    rows,
    document: () => accountJson(account, by),
    lines: function* () {
      for (const one of groupings)
        if (by === null || by === one)
          for (const group of account.groups[one]) yield { by: one, ...groupJson(one, group) };
      yield { ...accountHead(account), totals: { ...sumsJson(account.totals), outside: account.outside } };
    },
  };
}
