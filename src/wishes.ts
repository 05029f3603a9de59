import type { PerformOptions } from "./acting/perform.js";
import type { Selection } from "./acting/survey.js";
import type { Options } from "./options.js";

/** What the operator decided, for a command that acts. */
export function performOptions(options: Options, selection: Selection, onTerminal: boolean): PerformOptions {
  return {
    selection,
    wishes: {
      named: selection.by === "name",
      acceptDuplicate: options.acceptDuplicate !== undefined,
      duplicateLimit: typeof options.acceptDuplicate === "string" ? options.acceptDuplicate : null,
      withoutProof: options.withoutProof ?? false,
      evenAccepted: options.evenAccepted ?? false,
      ignoreWorkers: options.ignoreWorkers ?? false,
      revertRefused: options.revertRefused ?? false,
      limit: options.limit ?? null,
    },
    yes: options.yes ?? false,
    dryRun: options.dryRun ?? false,
    exitCode: options.exitCode ?? false,
    waitMs: options.wait ?? (onTerminal ? 30_000 : 0),
    maxRuntimeMs: options.maxRuntime ?? 30 * 60_000,
  };
}
