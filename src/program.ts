import { Command, Option } from "commander";
import type { ExitCode } from "./errors.js";
import { exitCodesHelp } from "./help.js";
import type { Options } from "./options.js";
import { acting, common, judging, namesOf, naming, selecting, selectionOf, watching } from "./options.js";
import { redact } from "./redact.js";
import { causeNames } from "./sales/causes.js";
import type { Session } from "./session.js";
import { performOptions } from "./wishes.js";
import { cause, count, money, reference, someTime, watchEvery } from "./values.js";

/** Runs the body of a command in a session made of its options. */
export type Run = (command: string, options: Options, body: Body) => Promise<void>;
type Body = (session: Session, options: Options) => Promise<ExitCode>;

/** The command line: a paragraph per command. Bodies are imported when they run, since every import costs a start. */
export function buildProgram(version: string, run: Run): Command {
  const program = new Command("purchase-fix")
    .description(
      "Finds paid sales that were marked as reported to Meta but never confirmed, and mends each safely.",
    )
    .version(version)
    // A secret that was typed where no option takes one is not repeated.
    .configureOutput({ outputError: (text, write) => write(redact(text)) })
    .helpCommand(false)
    .showHelpAfterError("(add --help for the options)")
    .addHelpText(
      "after",
      "\nHelp on a command: purchase-fix help COMMAND\nHelp on exit codes: purchase-fix help exit-codes",
    );

  const command = (name: string, summary: string, body: Body) =>
    common(program.command(name).description(summary)).action((options: Options) => run(name, options, body));

  const found = "list stuck sales, with what really happened to each; changes nothing";
  watching(selecting(command("find-stuck", found, findStuck)))
    .option("--why", "with what weighed most in each verdict, and where it stands")
    .option("--cause <cause>", `only sales of this cause; repeats (${causeNames.join(", ")})`, cause)
    .addOption(
      new Option("--sql", "print the statement that runs, ready for psql").conflicts([
        "watch",
        "why",
        "cause",
      ]),
    )
    .option("--exit-code", "exit with 1 when any sale is stuck");

  judging(common(program.command("explain")))
    .description("the story of one sale: facts, cause, verdict and why, what is permitted; changes nothing")
    .argument("<id>", "its id or payment id", reference)
    .action((id: string, options: Options) =>
      run("explain", options, (session) => explain(session, options, id)),
    );

  acting(command("resend", "send the Purchase of stuck sales straight to Meta", resend))
    .option("--accept-duplicate [money]", "also send what may count twice, up to so much money", money)
    .option("--revert-refused", "give back to the application what Meta refuses")
    .option("--timeout <time>", "per request to Meta (30s)", someTime)
    .option("--graph-url <url>", "Meta's Graph; https, or http on loopback")
    .option("--graph-version <version>", "version of the Graph API (v26.0)");

  acting(command("revert", "clear the flag, so that the application sends at the next visit", revert))
    .option("--without-proof", "also sales that Meta may have received")
    .option("--even-accepted", "also sales that Meta did receive")
    .option("--ignore-workers", "a window, even while the Celery workers are not well");

  acting(command("confirm", "store the event id of sales that Meta already has; sends nothing", confirm));

  watching(command("celery-status", "workers, queues, longest task: is anyone sending?", celeryStatus))
    .addOption(
      new Option("--via <way>", "ask over Redis or by the celery command (by the broker)").choices([
        "redis",
        "cli",
      ]),
    )
    .option("--passive", "publish nothing: heartbeats and queues alone; needs Redis")
    .option("--timeout <time>", "how long workers may take to answer (5s)", someTime)
    .option("--celery-app <module>", "the application's Celery module (celery_app)")
    .option("--celery-bin <command>", "how to run celery")
    .option("--celery-cwd <folder>", "where to run it");

  naming(command("journal", "what was attempted, by whom, and how it ended; changes nothing", journal))
    .option("--run <run>", "one run")
    .option("--unsettled", "only attempts without a certain answer")
    .option("--limit <n>", "at most so many, the newest first (100)", count)
    .option("--sql", "with --run: print the guarded update that undoes it, ready for psql");

  command("init", "make the journal's schema; commands that act do it by themselves", init) //
    .option("--print", "print the statements instead");

  program
    .command("help [topic]")
    .description("help on a command, or on exit-codes")
    .action((topic?: string) => {
      const about = program.commands.find((known) => known.name() === topic);
      if (topic === "exit-codes") program.configureOutput().writeOut?.(exitCodesHelp);
      else if (topic === undefined || about) (about ?? program).outputHelp();
      else program.error(`error: no help on '${topic}'`);
    });
  return program;
}

const findStuck: Body = async (session, options) => {
  const selection = await selectionOf(options, session.timeZone, session.stdin, { by: "span", hours: 24 });
  const { reading } = await session.open("find-stuck", options);
  const { sql = false, exitCode = false, limit = null, why = false, cause: causes = [] } = options;
  const wishes = { selection, limit, why, causes, sql, exitCode, everyMs: watchEvery(options.watch) };
  return (await import("./commands/find-stuck.js")).findStuck({ ...reading, clock: session.clock }, wishes);
};

async function explain(session: Session, options: Options, id: string): Promise<ExitCode> {
  const { reading, journal: reader } = await session.open("explain", options);
  return (await import("./commands/explain.js")).explain({ ...reading, journal: reader }, id);
}

const resend: Body = async (session, options) => {
  const wishes = performOptions(options, await named(session, options), session.onTerminal);
  const { sending } = await session.open("resend", options);
  return (await import("./commands/resend.js")).resend(sending, wishes);
};

const revert: Body = async (session, options) => {
  const wishes = performOptions(options, await named(session, options), session.onTerminal);
  const { acting: ctx } = await session.open("revert", options);
  return (await import("./commands/revert.js")).revert(ctx, wishes);
};

const confirm: Body = async (session, options) => {
  const wishes = performOptions(options, await named(session, options), session.onTerminal);
  const { acting: ctx } = await session.open("confirm", options);
  return (await import("./commands/confirm.js")).confirm(ctx, wishes);
};

const celeryStatus: Body = async ({ output, clock, openCelery }, options) => {
  const ctx = { output, celery: await openCelery(options), clock };
  const { timeout: timeoutMs = 5_000 } = options;
  const { celeryStatus } = await import("./commands/celery-status.js");
  return celeryStatus(ctx, { timeoutMs, everyMs: watchEvery(options.watch) });
};

const journal: Body = async (session, options) => {
  const sales = options.id ? await namesOf(options.id, session.stdin) : [];
  const { journal: reader } = await session.open("journal", options);
  const { run = null, unsettled: unsettledOnly = false, sql = false, limit = 100 } = options;
  const ctx = { output: session.output, journal: reader, now: session.clock.now };
  return (await import("./commands/journal.js")).journal(ctx, { sales, run, unsettledOnly, limit, sql });
};

const init: Body = async (session, options) => {
  const { schemaSql } = await import("./queries/journal-schema.js");
  const ctx = {
    output: session.output,
    schemaSql,
    runs: async () => (await session.open("init", options)).runs,
  };
  return (await import("./commands/init.js")).init(ctx, { print: options.print ?? false });
};

function named(session: Session, options: Options) {
  return selectionOf(options, session.timeZone, session.stdin, null);
}
