import type { Selection } from "./acting/survey.js";
import { KnownError } from "./errors.js";
import type { Options } from "./options.js";
import type { Span } from "./ports.js";
import { splitReferences } from "./values.js";

/** The names of `--id`; `-` stands for those on standard input. */
export async function namesOf(
  given: readonly string[],
  stdin: () => Promise<string>,
): Promise<readonly string[]> {
  const names = await Promise.all(
    given.map(async (name) => (name === "-" ? splitReferences(await stdin()) : [name])),
  );
  const list = [...new Set(names.flat())];
  if (list.length > 0) return list;
  throw new KnownError({ what: "Standard input names no sale", next: "give ids or payment ids, one a line" });
}

/** Which sales are meant; `usual` holds where none were named. */
export async function selectionOf(
  options: Options,
  timeZone: string,
  stdin: () => Promise<string>,
  usual: Selection | null,
): Promise<Selection> {
  if (options.id) return { by: "name", references: await namesOf(options.id, stdin) };
  if (options.hours !== undefined) return { by: "span", hours: options.hours };
  const span = spanAsked(options, timeZone);
  if (span) return { by: "span", ...span };
  if (usual) return usual;
  throw new KnownError({
    what: "Which sales? A command that changes something needs --id or a window",
    next: "add --id 9445, or --hours 24 (with --dry-run to look first)",
  });
}

/** The span of `--since` and `--until`; null where neither was given. @throws KnownError where it is none */
export function spanAsked(options: Options, timeZone: string): Span | null {
  if (options.since === "last")
    throw new KnownError({ what: "--since last is for reconcile", next: "give a time, or --hours" });
  if (options.since) {
    const [since, until] = [options.since(timeZone), options.until?.(timeZone) ?? null];
    if (until !== null && until <= since)
      throw new KnownError({ what: "--until is not after --since", next: "swap them" });
    return { since, until };
  }
  if (options.until)
    throw new KnownError({ what: "--until needs --since", next: "say where the window begins" });
  return null;
}
