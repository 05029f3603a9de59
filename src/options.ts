import type { Command } from "commander";
import { Option } from "commander";
import type { Flags } from "./config.js";
import { groupings } from "./sales/account.js";
import type { Grouping } from "./sales/account.js";
import type { CauseName } from "./sales/causes.js";
import type { Action } from "./sales/permissions.js";
import { count, days, duration, file, hours, moment, references, someTime } from "./values.js";

/** Options as commander hands them over; the parsers of values.ts have checked each. */
export interface Options extends Flags {
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly tsv?: boolean;
  readonly csv?: boolean;
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly id?: readonly string[];
  readonly hours?: number;
  /** `last` only for `reconcile`. */
  readonly since?: ((zone: string) => number) | "last";
  readonly until?: (zone: string) => number;
  readonly limit?: number;
  readonly minAge?: number;
  readonly retryHorizon?: number;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly exitCode?: boolean;
  readonly sql?: boolean;
  readonly acceptDuplicate?: string | true;
  readonly revertRefused?: boolean;
  readonly withoutProof?: boolean;
  readonly evenAccepted?: boolean;
  readonly ignoreWorkers?: boolean;
  readonly wait?: number;
  readonly maxRuntime?: number;
  readonly timeout?: number;
  readonly connections?: number;
  readonly witness?: boolean;
  readonly broker?: boolean;
  readonly trustInferred?: boolean;
  readonly run?: string;
  readonly unsettled?: boolean;
  readonly print?: boolean;
  readonly adopt?: boolean;
  readonly via?: "redis" | "cli";
  readonly passive?: boolean;
  readonly asCron?: boolean;
  /** Milliseconds; true where no number was given. */
  readonly watch?: number | true;
  readonly why?: boolean;
  readonly cause?: readonly CauseName[];
  readonly from?: (zone: string) => number;
  readonly to?: (zone: string) => number;
  readonly pixel?: string;
  readonly reason?: string;
  readonly list?: boolean;
  /** `attest` says which of its words; `acknowledge` names sales beside it. */
  readonly withdraw?: number | true;
  readonly eventId?: string;
  readonly days?: number;
  readonly by?: Grouping;
  readonly html?: string;
  readonly allow?: readonly Action[];
  readonly policy?: string;
  readonly maxSales?: number;
  readonly maxValue?: string;
  readonly jitter?: number;
}

/** Options that every command takes. */
export function common(command: Command): Command {
  return command
    .addOption(new Option("--json", "one JSON document").conflicts(["jsonl", "tsv"]))
    .addOption(new Option("--jsonl", "a line of JSON per sale, and one of totals").conflicts("tsv"))
    .option("--tsv", "tab-separated values, as in a pipe")
    .option("--color", "colour even into a pipe")
    .option("--no-color", "no colour")
    .option("--quiet", "nothing on stderr but warnings and errors")
    .addOption(
      new Option("--log-format <form>", "json: each line on stderr is a JSON object").choices([
        "text",
        "json",
      ]),
    )
    .option("--env-file <file>", "settings file instead of .env")
    .option("--db-timezone <zone>", "zone of timestamps without one (America/Sao_Paulo)");
}

/** Sales by name. */
export function naming(command: Command): Command {
  return command.option(
    "--id <id>",
    "sales by id or payment id; repeats, takes commas, - reads them from stdin",
    references,
  );
}

/** Options of the commands that look at sales. */
export function selecting(command: Command): Command {
  const chosen = naming(command)
    .addOption(
      new Option("--hours <n>", "sales created in the last n hours")
        .argParser(hours)
        .conflicts(["id", "since", "until"]),
    )
    .addOption(
      new Option("--since <time>", "sales created from this time on").argParser(moment).conflicts("id"),
    )
    .addOption(new Option("--until <time>", "and before this time").argParser(moment).conflicts("id"))
    .option("--limit <n>", "at most so many, the nearest deadlines first", count);
  return judging(chosen);
}

/** What decides how a sale is judged: patience, pixel, and where evidence is. */
export function judging(command: Command): Command {
  return looking(command)
    .option("--min-age <time>", "leave sales alone that were flagged more recently (20m)", duration)
    .option("--retry-horizon <time>", "how long the application's own retries may last (18h)", duration)
    .option("--access-token-file <file>", "file that holds its access token")
    .option("--no-browser-pixel", "declare that the delivery page has no browser pixel")
    .option("--trust-inferred", "take an event id guessed from the flag's time for the real one");
}

/** Where evidence is, and what the rows leave out. */
function looking(command: Command): Command {
  return command
    .option("--currency <code>", "currency of the amounts (BRL)")
    .option("--pixel-id <id>", "pixel, for shops without pools")
    .option("--max-attempts <n>", "tries of one sale in vain before quarantine (8)")
    .option("--evidence-log <file>", "the application's and the workers' logs; repeats, takes *", repeated)
    .option("--log-timezone <zone>", "zone of their clocks (this host's)")
    .option("--no-broker", "do not read queues, workers and task results (quicker)");
}

/** An option that may be given again and again. */
export function repeated(one: string, more?: readonly string[]): readonly string[] {
  return [...(more ?? []), one];
}

/** Options of the commands that change something. */
export function acting(command: Command): Command {
  return carrying(selecting(command));
}

/** How far a command goes that changes something, and how patiently. */
export function carrying(command: Command): Command {
  return command
    .option("--dry-run", "print the plan and stop")
    .option("--exit-code", "with --dry-run: exit with 1 when something needs a person")
    .option("--yes", "act on a window, or undo, without asking")
    .option("--wait <time>", "wait for another run to end (30s on a terminal, else 0)", duration)
    .option("--max-runtime <time>", "take no more work after this time (30m)", someTime)
    .option("--connections <n>", "to the database at a time; fewer go easier on the shop (4)", count)
    .option("--no-witness", "do not read back through a second session what was written");
}

/** Which sales a report tells of, and in which form. */
export function reporting(command: Command): Command {
  return looking(command)
    .addOption(
      new Option("--days <n>", "sales created in the last n days, today included (30)")
        .argParser(days)
        .conflicts(["since", "until"]),
    )
    .addOption(new Option("--since <time>", "sales created from this time on").argParser(moment))
    .addOption(new Option("--until <time>", "and before this time").argParser(moment))
    .addOption(new Option("--by <what>", "one section only (in a pipe: day)").choices(groupings))
    .addOption(
      new Option("--csv", "comma-separated values, for a spreadsheet").conflicts(["json", "jsonl", "tsv"]),
    )
    .option("--html <file>", "also write it as a page with charts, in one file of its own", file);
}

/** `--watch`, of the commands whose answer changes while somebody looks. */
export function watching(command: Command): Command {
  return command.option(
    "--watch [time]",
    "again and again, in place on a terminal (5s); Ctrl-C ends it",
    someTime,
  );
}
