import type { ReconcileOptions } from "./acting/reconcile.js";
import type { Window } from "./acting/window.js";
import { KnownError } from "./errors.js";
import type { Options } from "./options.js";
import type { RuleFlags } from "./policy-file.js";
import { noWishes } from "./sales/plan.js";
import { age } from "./sales/time.js";
import type { Session } from "./session.js";
import { carryOptions } from "./wishes.js";

/** All that Meta still accepts was paid in the last seven days. */
const HOURS = 168;

/** What an unattended run was asked for, and where its rules stand. @throws KnownError where that makes no sense */
export function reconcileOptions(
  options: Options,
  timeZone: string,
  onTerminal: boolean,
): Omit<ReconcileOptions, "rules"> & { readonly flags: RuleFlags } {
  if (options.id !== undefined)
    throw new KnownError({
      what: "reconcile takes no --id: it works on a window",
      why: "naming a sale is consent to more than a window may do; nothing was changed",
      next: `name it to the command that is meant: purchase-fix resend --id ${options.id.join(",")}`,
    });
  const { acceptDuplicate, maxSales = null, maxValue = null, limit = null } = options;
  const duplicateLimit = typeof acceptDuplicate === "string" ? acceptDuplicate : maxValue;
  if (acceptDuplicate !== undefined && duplicateLimit === null)
    throw new KnownError({
      what: "--accept-duplicate needs a cap here",
      why: "nobody looks at the plan of an unattended run; nothing was changed",
      next: "say how much money may count twice: --accept-duplicate=500, or cap the run with --max-value 500",
    });
  return {
    window: windowAsked(options, timeZone),
    wishes: {
      ...noWishes,
      acceptDuplicate: acceptDuplicate !== undefined,
      duplicateLimit: acceptDuplicate === undefined ? null : duplicateLimit,
      limit,
    },
    quiet: options.quiet ?? false,
    flags: { file: options.policy ?? null, allow: options.allow ?? null, maxSales, maxValue },
    ...carryOptions(options, onTerminal),
  };
}

/** Waits a random part of that time, before anything is opened: hosts with one crontab must not meet at the database. False after a signal. */
export async function waited(
  { clock, signals, random, output }: Pick<Session, "clock" | "signals" | "random" | "output">,
  jitter: number | undefined,
): Promise<boolean> {
  if (jitter !== undefined) {
    const wait = random() * jitter;
    output.say(`waiting ${age(wait)} first (--jitter)`);
    await clock.sleep(wait, signals.stop);
  }
  return !signals.stop.aborted;
}

function windowAsked({ since, until, hours }: Options, timeZone: string): Window {
  if (since === "last" || since === undefined) {
    if (until !== undefined)
      throw new KnownError({
        what: "--until needs --since with a time",
        next: "say where the window begins",
      });
    return since === "last" ? { by: "last", hours: hours ?? HOURS } : { by: "span", hours: hours ?? HOURS };
  }
  if (hours !== undefined)
    throw new KnownError({
      what: "--hours and --since with a time are two windows",
      next: "give one of them",
    });
  const [from, to] = [since(timeZone), until?.(timeZone) ?? null];
  if (to !== null && to <= from)
    throw new KnownError({ what: "--until is not after --since", next: "swap them" });
  return { by: "span", since: from, until: to };
}
