import { againOf } from "./again.js";
import type { Config, ConfigInput } from "./config.js";
import type { DoctoringContext, Output, Signals } from "./context.js";
import type { Files } from "./files.js";
import type { Opened } from "./open.js";
import type { Options } from "./options.js";
import type { Clock } from "./ports.js";
import type { CeleryPort } from "./sales/workers.js";

/** What the body of a command can ask for; nothing is opened before it does. */
export interface Session {
  readonly output: Output;
  readonly clock: Clock;
  readonly signals: Signals;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly files: Files;
  readonly timeZone: string;
  /** Somebody watches: waiting a little for another run is better than a refusal. */
  readonly onTerminal: boolean;
  /** All of standard input. @throws KnownError where it is a terminal */
  readonly stdin: () => Promise<string>;
  readonly open: (command: string, options: Options) => Promise<Opened>;
  readonly openCelery: (options: Options) => Promise<CeleryPort>;
  readonly openDoctor: (options: Options) => Promise<DoctoringContext>;
}

export interface SessionParts {
  readonly config: Config;
  /** What it was read from. */
  readonly input: ConfigInput;
  /** The Node that runs. */
  readonly node: string;
  readonly output: Output;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly random: Session["random"];
  readonly files: Files;
  readonly stdin: Session["stdin"];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  readonly version: string;
  readonly named: (run: string) => void;
}

/** A session, and how to end it. */
export function openSession(parts: SessionParts): { session: Session; close: () => Promise<void> } {
  const { config, output, clock } = parts;
  const closing: { close(): Promise<void> }[] = [];
  return {
    session: {
      output,
      clock,
      signals: parts.signals,
      random: parts.random,
      files: parts.files,
      timeZone: config.dbTimezone,
      onTerminal: output.canAsk,
      stdin: parts.stdin,
      open: async (command, options) => {
        const { open } = await import("./open.js");
        const one = await open(config, parts, {
          command,
          timeoutMs: options.timeout ?? 30_000,
          minAgeMs: options.minAge,
          retryHorizonMs: options.retryHorizon,
          connections: options.connections,
          witness: options.witness ?? true,
          broker: options.broker ?? true,
          trustInferred: options.trustInferred ?? false,
          again: againOf(options),
        });
        closing.push(one);
        return one;
      },
      openCelery: async (options) => {
        const { openCelery } = await import("./open-celery.js");
        const one = await openCelery(config, parts, {
          via: options.via ?? null,
          passive: options.passive ?? false,
        });
        closing.push(one);
        return one;
      },
      openDoctor: async ({ asCron = false, passive = false, timeout: timeoutMs = 10_000 }) => {
        const { openDoctor } = await import("./open-doctor.js");
        const one = await openDoctor(parts, { asCron, passive, timeoutMs });
        closing.push(one);
        return one.context;
      },
    },
    close: async () => {
      await Promise.all(closing.map((one) => one.close()));
    },
  };
}
