import { join } from "node:path";
import type { Config, ConfigInput } from "./config.js";
import { readConfig } from "./config.js";
import { missingLogs } from "./config/logs.js";
import { lostBetween, originsOf } from "./config/origins.js";
import type { Connection } from "./connection.js";
import type { DoctoringContext, Output, Signals } from "./context.js";
import { KnownError, KnownErrors } from "./errors.js";
import { openExaminers } from "./open/examiners.js";
import { metricsOf, settingsOf } from "./settings-facts.js";
import type { Clock, CronFacts, SettingsFacts } from "./ports.js";

/** What the process is, as far as the doctor needs it. */
export interface DoctorSurroundings {
  readonly output: Output;
  readonly clock: Clock;
  readonly signals: Signals;
  /** What the configuration was read from. */
  readonly input: ConfigInput;
  readonly config: Config;
  /** The Node that runs. */
  readonly node: string;
  readonly version: string;
}

export interface DoctorWishes {
  readonly asCron: boolean;
  readonly passive: boolean;
  readonly timeoutMs: number;
}

/** Opened for one diagnosis; connections are made when they are used. */
export interface OpenedDoctor {
  readonly context: DoctoringContext;
  close(): Promise<void>;
}

const BARE_PATH = "/usr/bin:/bin";

export async function openDoctor(around: DoctorSurroundings, wishes: DoctorWishes): Promise<OpenedDoctor> {
  const here = around.input;
  const input = wishes.asCron ? bare(here) : here;
  const read = wishes.asCron ? tryConfig(input) : { config: around.config, problems: [] };
  // Where cron could read none, what this shell reads is looked at, beside the fault.
  const config = read.config ?? around.config;
  const connection = connectionOf(config);
  const settings = settingsOf(config, connection, input, await metricsOf(config));
  const { examiners, close } = openExaminers(config, {
    ...around,
    ...wishes,
    env: input.env,
    cwd: input.cwd,
    connection,
    missingLogs: missingOf(settings, input),
    openCelery: async () => {
      const { openCelery } = await import("./open-celery.js");
      return await openCelery(
        config,
        { ...around, env: input.env, cwd: input.cwd },
        { via: null, passive: wishes.passive },
      );
    },
  });
  return {
    context: {
      output: around.output,
      clock: around.clock,
      currency: config.currency,
      timeZone: config.dbTimezone,
      hasConfiguredPixel: config.pixelId !== null,
      settings,
      cron: wishes.asCron ? cronOf(here, input, around, read.problems) : null,
      examiners,
    },
    close,
  };
}

/** What cron gives a job: no profile, no folder but the home. `.env` counts there as anywhere. */
function bare(input: ConfigInput): ConfigInput {
  const { HOME, LOGNAME = input.user ?? undefined } = input.env;
  const env = { HOME, LOGNAME, SHELL: "/bin/sh", PATH: BARE_PATH };
  return { ...input, env, cwd: input.home ?? "/" };
}

function tryConfig(input: ConfigInput): { config: Config | null; problems: CronFacts["problems"] } {
  try {
    return { config: readConfig(input), problems: [] };
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    return { config: null, problems: problemsOf(error) };
  }
}

function problemsOf(error: KnownError): CronFacts["problems"] {
  return error instanceof KnownErrors ? error.problems : [error.problem];
}

function cronOf(
  here: ConfigInput,
  there: ConfigInput,
  { node }: DoctorSurroundings,
  problems: CronFacts["problems"],
): CronFacts {
  const hasNode = BARE_PATH.split(":").some((folder) => here.files.mode(join(folder, "node")) !== null);
  const ofLogs = originsOf(there).filter(
    ({ variable, value }) => /EVIDENCE_LOGS|LOG_TIMEZONE/.test(variable) && value !== null,
  );
  const hangsOnZone = ofLogs.length === 1 && ofLogs[0]?.variable === "PURCHASE_FIX_EVIDENCE_LOGS";
  const { TZ = "" } = here.env;
  const named = here.flags.envFile;
  const readsHere = named === undefined && here.files.mode(join(here.cwd, ".env")) !== null;
  return {
    dotenv: join(there.cwd, ".env"),
    lost: lostBetween(here, there),
    envFile: readsHere && here.cwd !== there.cwd ? join(here.cwd, ".env") : null,
    nodeFolder: hasNode ? null : node.replace(/\/[^/]*$/, ""),
    zone: hangsOnZone && TZ !== "" ? TZ.replace(/^:/, "") : null,
    problems,
  };
}

function connectionOf(config: Config): Connection | KnownError {
  try {
    return config.connection();
  } catch (error) {
    if (error instanceof KnownError) return error;
    throw error;
  }
}

function missingOf({ settings }: SettingsFacts, input: ConfigInput): readonly string[] | null {
  const named = settings.find(({ variable }) => variable === "PURCHASE_FIX_EVIDENCE_LOGS")?.value ?? null;
  return named === null ? null : missingLogs(named.split(/\s+/), input);
}
