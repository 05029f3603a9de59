import type { ExitCode } from "./errors.js";
import { exitCode } from "./errors.js";
import type { Options } from "./options.js";
import { rulesOf } from "./policy-file.js";
import { reconcileOptions, waited } from "./reconcile-wishes.js";
import type { Account } from "./sales/account.js";
import { namesOf, selectionOf, spanAsked } from "./selection.js";
import type { Session } from "./session.js";
import { watchEvery } from "./values.js";
import { acknowledgeOptions, quarantineOptions } from "./restrain-wishes.js";
import { attestOptions, carryOptions, performOptions, wordOf } from "./wishes.js";

/*
 * What each command of program.ts does with its options. The commands themselves are imported when they run, since every
 * import costs a start.
 */

/** The body of a command, in a session made of its options. */
export type Body = (session: Session, options: Options) => Promise<ExitCode>;

export const findStuck: Body = async (session, options) => {
  const selection = await selectionOf(options, session.timeZone, session.stdin, { by: "span", hours: 24 });
  const { reading } = await session.open("find-stuck", options);
  const { sql = false, exitCode = false, limit = null, why = false, cause: causes = [] } = options;
  const wishes = { selection, limit, why, causes, sql, exitCode, everyMs: watchEvery(options.watch) };
  return (await import("./commands/find-stuck.js")).findStuck({ ...reading, clock: session.clock }, wishes);
};

export async function explain(session: Session, options: Options, id: string): Promise<ExitCode> {
  const { reading, journal: reader } = await session.open("explain", options);
  return (await import("./commands/explain.js")).explain({ ...reading, journal: reader }, id);
}

export const reconcile: Body = async (session, options) => {
  const { flags, ...wishes } = reconcileOptions(options, session.timeZone, session.onTerminal);
  if (!(await waited(session, options.jitter))) return exitCode.attention;
  const { reconciling } = await session.open("reconcile", options);
  const { reconcile } = await import("./commands/reconcile.js");
  return reconcile(reconciling, { ...wishes, rules: () => rulesOf(flags, session.files) });
};

export const resend: Body = async (session, options) => {
  const wishes = performOptions(options, await named(session, options), session.onTerminal);
  const { sending } = await session.open("resend", options);
  return (await import("./commands/resend.js")).resend(sending, wishes);
};

export const revert: Body = async (session, options) => {
  const wishes = performOptions(options, await named(session, options), session.onTerminal);
  const { acting: ctx } = await session.open("revert", options);
  return (await import("./commands/revert.js")).revert(ctx, wishes);
};

export const confirm: Body = async (session, options) => {
  const wishes = performOptions(options, await named(session, options), session.onTerminal);
  const word = wordOf(options);
  const { attesting: ctx } = await session.open("confirm", options);
  const { confirm, confirmOne } = await import("./commands/confirm.js");
  return word === null ? confirm(ctx, wishes) : confirmOne(ctx, wishes, word);
};

export async function undo(session: Session, options: Options, run: string): Promise<ExitCode> {
  const wishes = {
    run,
    evenAccepted: options.evenAccepted ?? false,
    ...carryOptions(options, session.onTerminal),
  };
  const { undoing } = await session.open("undo", options);
  return (await import("./commands/undo.js")).undo(undoing, wishes);
}

export async function quarantine(
  session: Session,
  options: Options,
  what: string,
  ids: readonly string[],
): Promise<ExitCode> {
  const asked = quarantineOptions(what, ids, options, session.onTerminal);
  const { reading, restraining } = await session.open("quarantine", options);
  const commands = await import("./commands/quarantine.js");
  return asked.do === "list" ? commands.list(reading) : commands.release(restraining, asked);
}

export async function acknowledge(
  session: Session,
  options: Options,
  ids: readonly string[],
): Promise<ExitCode> {
  const asked = acknowledgeOptions(ids, options, session.onTerminal);
  const { restraining } = await session.open("acknowledge", options);
  const commands = await import("./commands/acknowledge.js");
  if (asked.do === "list") return commands.listAll(restraining);
  return asked.do === "withdraw"
    ? commands.withdraw(restraining, asked)
    : commands.acknowledge(restraining, asked);
}

export const attest: Body = async (session, options) => {
  const waitMs = options.wait ?? (session.onTerminal ? 30_000 : 0);
  const asked = attestOptions(options, session.timeZone, waitMs);
  const { attesting } = await session.open("attest", options);
  const commands = await import("./commands/attest.js");
  if (asked.do === "list") return commands.listWords(attesting);
  return asked.do === "withdraw" ? commands.withdraw(attesting, asked) : commands.attest(attesting, asked);
};

export const observe: Body = async (session, options) => {
  const { observing } = await session.open("observe", options);
  return (await import("./commands/observe.js")).observe(await observing());
};

export const celeryStatus: Body = async ({ output, clock, openCelery }, options) => {
  const ctx = { output, celery: await openCelery(options), clock };
  const { timeout: timeoutMs = 5_000 } = options;
  const { celeryStatus } = await import("./commands/celery-status.js");
  return celeryStatus(ctx, { timeoutMs, everyMs: watchEvery(options.watch) });
};

export const doctor: Body = async (session, options) => {
  const ctx = await session.openDoctor(options);
  return (await import("./commands/doctor.js")).doctor(ctx);
};

export const journal: Body = async (session, options) => {
  const sales = options.id ? await namesOf(options.id, session.stdin) : [];
  const { journal: reader } = await session.open("journal", options);
  const { run = null, unsettled: unsettledOnly = false, sql = false, limit = 100 } = options;
  const ctx = { output: session.output, journal: reader, now: session.clock.now };
  return (await import("./commands/journal.js")).journal(ctx, { sales, run, unsettledOnly, limit, sql });
};

export const report: Body = async (session, options) => {
  const window = spanAsked(options, session.timeZone) ?? { days: options.days ?? 30 };
  const { reading, history } = await session.open("report", options);
  const ctx = { ...reading, history, timeZone: session.timeZone, save: savePage };
  const { by = null, html = null } = options;
  return (await import("./commands/report.js")).report(ctx, { window, by, html });
};

async function savePage(path: string, account: Account): Promise<void> {
  const [{ accountPage }, { replaceFile }] = await Promise.all([
    import("./output/html.js"),
    import("./files.js"),
  ]);
  replaceFile(path, accountPage(account));
}

export const init: Body = async (session, options) => {
  const { schemaSql } = await import("./queries/journal-schema.js");
  const ctx = {
    output: session.output,
    schemaSql,
    open: async () => {
      const { runs, home, acting } = await session.open("init", options);
      return { runs, home, record: acting.record };
    },
  };
  return (await import("./commands/init.js")).init(ctx, {
    print: options.print ?? false,
    adopt: options.adopt ?? false,
  });
};

function named(session: Session, options: Options) {
  return selectionOf(options, session.timeZone, session.stdin, null);
}
