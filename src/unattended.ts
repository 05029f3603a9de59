import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { isPositive } from "./sales/money.js";
import type { Action } from "./sales/permissions.js";
import { actions } from "./sales/permissions.js";
import { repeated } from "./options.js";
import { count, duration, hours, moment, money, references } from "./values.js";

/** `--max-value 500`: a cap of nothing would stop every run. */
export function someMoney(text: string): string {
  const amount = money(text);
  if (!isPositive(amount)) throw new InvalidArgumentError("Give more than 0.");
  return amount;
}

/** `--allow confirm,resend`. */
export function allowed(text: string): readonly Action[] {
  const names = text.split(",").map((name) => name.trim());
  const known = actions.filter((action) => names.includes(action));
  if (names.some((name) => !actions.some((action) => action === name)))
    throw new InvalidArgumentError(`Give some of ${actions.join(",")}.`);
  return known;
}

/** `--since last`, or a time. */
export function sinceWhen(text: string): "last" | ((timeZone: string) => number) {
  return text === "last" ? text : moment(text);
}

/** What an unattended run looks at and may do, and whom it tells. */
export function unattended(command: Command): Command {
  return told(command)
    .addOption(new Option("--id <id>", "not here: a window").argParser(references).hideHelp())
    .option("--hours <n>", "sales created in the last n hours (168)", hours)
    .option(
      "--since <time>",
      "sales created from then on; last: as many hours before the last success",
      sinceWhen,
    )
    .option("--until <time>", "and before this time", moment)
    .option("--limit <n>", "at most so many, the nearest deadlines first", count)
    .option("--allow <actions>", "what it may do (confirm,resend,revert)", allowed)
    .option("--policy <file>", "the same as JSON, by pixel and bot too, with caps")
    .option("--max-sales <n>", "do nothing where the plan has more sales", count)
    .option("--max-value <money>", "do nothing where the plan is worth more", someMoney)
    .option("--jitter <time>", "wait a random part of it first", duration);
}

/** The URLs are keys, and a process list shows options to everybody. */
function told(command: Command): Command {
  return command
    .option(
      "--ping-url <url>",
      "pinged at start and end; PURCHASE_FIX_PING_URL keeps it from the process list",
    )
    .option(
      "--notify-url <url>",
      "Slack-compatible or Telegram; repeats; PURCHASE_FIX_NOTIFY_URL likewise",
      repeated,
    )
    .option("--metrics-file <file>", "written for node_exporter's textfile collector");
}
