import { Argument, Command, Option } from "commander";
import type { Body } from "./bodies.js";
import * as bodies from "./bodies.js";
import { exitCodesHelp, reportHelp } from "./help.js";
import type { Options } from "./options.js";
import {
  acting,
  carrying,
  common,
  judging,
  naming,
  repeated,
  reporting,
  selecting,
  watching,
} from "./options.js";
import { redact } from "./redact.js";
import { causeNames } from "./sales/causes.js";
import { unattended } from "./unattended.js";
import { cause, count, duration, moment, money, reference, references, runId, someTime } from "./values.js";

/** Runs the body of a command in a session made of its options. */
export type Run = (command: string, options: Options, body: Body) => Promise<void>;

/** Says what a command is: its own part of the command line, and what gives it summary, common options and body. */
type Describe = (own: Command, does: (summary: string, body: Body) => Command) => Command;

/**
 * Over 150 lines: the command line has a paragraph per command, of which only the wanted one is described where its
 * name is known. Bodies are imported when they run, since every import costs a start.
 */
export function buildProgram(version: string, run: Run, wanted?: string): Command {
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

  const commands: Readonly<Record<string, Describe>> = {
    "find-stuck": (_, does) =>
      watching(
        selecting(
          does("list stuck sales, with what really happened to each; changes nothing", bodies.findStuck),
        ),
      )
        .option("--why", "with what weighed most in each verdict, and where it stands")
        .option("--cause <cause>", `only sales of this cause; repeats (${causeNames.join(", ")})`, cause)
        .addOption(
          new Option("--sql", "print the statement that runs, ready for psql").conflicts([
            "watch",
            "why",
            "cause",
          ]),
        )
        .option("--exit-code", "exit with 1 when any sale is stuck"),

    explain: (own) =>
      judging(common(own))
        .description(
          "the story of one sale: facts, cause, verdict and why, what is permitted; changes nothing",
        )
        .argument("<id>", "its id or payment id", reference)
        .action((id: string, options: Options) =>
          run("explain", options, (session) => bodies.explain(session, options, id)),
        ),

    reconcile: (_, does) =>
      graph(
        carrying(
          judging(
            unattended(
              does(
                "the cron job: confirm, then resend, then revert what nobody else can mend",
                bodies.reconcile,
              ),
            ),
          ),
        )
          .option("--accept-duplicate [money]", "also send what may count twice; needs a cap", money)
          .option("--timeout <time>", "per request to Meta (30s)", someTime),
      ),

    resend: (_, does) =>
      graph(
        acting(does("send the Purchase of stuck sales straight to Meta", bodies.resend))
          .option("--accept-duplicate [money]", "also send what may count twice, up to so much money", money)
          .option("--revert-refused", "give back to the application what Meta refuses")
          .option("--timeout <time>", "per request to Meta (30s)", someTime),
      ),

    revert: (_, does) =>
      acting(does("clear the flag, so that the application sends at the next visit", bodies.revert))
        .option("--without-proof", "also sales that Meta may have received")
        .option("--even-accepted", "also sales that Meta did receive")
        .option("--ignore-workers", "a window, even while the Celery workers are not well"),

    confirm: (_, does) =>
      acting(does("store the event id of sales that Meta already has; sends nothing", bodies.confirm))
        .option("--event-id <id>", "for one --id: the event id, on your own word")
        .option("--reason <words>", "with --event-id: how you know"),

    undo: (own) =>
      carrying(judging(common(own)))
        .description("restore the rows that a run changed and nobody touched since; a run of its own")
        .argument("<run>", "the run, as it was told or as journal lists it", runId)
        .option("--even-accepted", "also sales that Meta did receive: the application may send them again")
        .action((id: string, options: Options) =>
          run("undo", options, (session) => bodies.undo(session, options, id)),
        ),

    quarantine: (own) =>
      waiting(
        judging(common(own))
          .description("sales that were tried in vain too often: list them, or let windows try them again")
          .addArgument(new Argument("<what>", "list or release").choices(["list", "release"]))
          .argument("[id...]", "ids or payment ids", references)
          .option("--reason <words>", "with release: what has changed"),
      ).action((what: string, ids: readonly string[] | undefined, options: Options) =>
        run("quarantine", options, (session) => bodies.quarantine(session, options, what, ids ?? [])),
      ),

    acknowledge: (own) =>
      waiting(
        judging(common(own))
          .description("let sales rest that nobody can mend: windows leave them, and no alarm is raised")
          .argument("[id...]", "ids or payment ids", references)
          .option("--reason <words>", "why nothing can be done")
          .option("--list", "list what was acknowledged; changes nothing")
          .option("--withdraw", "take it back, with --reason"),
      ).action((ids: readonly string[] | undefined, options: Options) =>
        run("acknowledge", options, (session) => bodies.acknowledge(session, options, ids ?? [])),
      ),

    attest: (_, does) =>
      waiting(
        judging(does("your word that nothing was sent in a span, as evidence", bodies.attest))
          .option("--from <time>", "begin of the span", moment)
          .option("--to <time>", "end of the span", moment)
          .option("--pixel <id>", "only of this pixel")
          .option("--reason <words>", "how you know")
          .option("--list", "list what was attested; changes nothing")
          .option("--withdraw <n>", "take a word back, with --reason", count)
          .option("--dry-run", "say what it would cover and stop")
          .option("--yes", "do not ask"),
      ),

    observe: (_, does) =>
      logging(does("keep task results, tasks and logs before they vanish; changes no sale", bodies.observe)),

    "celery-status": (_, does) =>
      celery(
        watching(does("workers, queues, longest task: is anyone sending?", bodies.celeryStatus))
          .addOption(
            new Option("--via <way>", "ask over Redis or by the celery command (by the broker)").choices([
              "redis",
              "cli",
            ]),
          )
          .option("--passive", "publish nothing: heartbeats and queues alone; needs Redis")
          .option("--timeout <time>", "how long workers may take to answer (5s)", someTime),
      ),

    doctor: (_, does) =>
      celery(
        logging(
          graph(
            does(
              "look at all that the others rely on, and say how to mend it; changes and sends nothing",
              bodies.doctor,
            )
              .option("--as-cron", "as a crontab line would see it: bare environment, home folder")
              .option("--passive", "publish nothing to the broker either: its workers are not asked")
              .option("--timeout <time>", "per request to Meta (10s)", someTime)
              .option("--currency <code>", "currency of the amounts (BRL)")
              .option("--pixel-id <id>", "pixel, for shops without pools")
              .option("--access-token-file <file>", "file that holds its access token"),
          ),
        ),
      ),

    journal: (_, does) =>
      naming(does("what was attempted, by whom, and how it ended; changes nothing", bodies.journal))
        .option("--run <run>", "one run")
        .option("--unsettled", "only attempts without a certain answer")
        .option("--limit <n>", "at most so many, the newest first (100)", count)
        .option("--sql", "with --run: print the guarded update that undoes it, ready for psql"),

    report: (_, does) =>
      reporting(
        does("what became of stuck sales, and of their money; changes nothing", bodies.report),
      ).addHelpText("after", reportHelp),

    init: (_, does) =>
      does("make the journal's schema; commands that act do it by themselves", bodies.init) //
        .addOption(new Option("--print", "print the statements instead").conflicts("adopt"))
        .option("--adopt", "this database is the new home of a journal that was written in another"),
  };
  // To describe them all takes 4 ms of CPU.
  const isKnown = wanted !== undefined && Object.hasOwn(commands, wanted);
  for (const [name, describe] of Object.entries(commands)) {
    if (isKnown && name !== wanted) continue;
    const own = program.command(name);
    describe(own, (summary, body) =>
      common(own.description(summary)).action((options: Options) => run(name, options, body)),
    );
  }
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

/** Where Meta is. */
function graph(command: Command): Command {
  return command
    .option("--graph-url <url>", "Meta's Graph; https, or http on loopback")
    .option("--graph-version <version>", "version of the Graph API (v26.0)");
}

/** Where the logs are. */
function logging(command: Command): Command {
  return command
    .option("--evidence-log <file>", "the application's and the workers' logs; repeats, takes *", repeated)
    .option("--log-timezone <zone>", "zone of their clocks (this host's)");
}

/** How the application's own `celery` command is run. */
function celery(command: Command): Command {
  return command
    .option("--celery-app <module>", "the application's Celery module (celery_app)")
    .option("--celery-bin <command>", "how to run celery")
    .option("--celery-cwd <folder>", "where to run it");
}

/** For how long another run is waited for. */
function waiting(command: Command): Command {
  return command.option("--wait <time>", "wait for another run to end (30s on a terminal, else 0)", duration);
}
