import type { RestrainOptions } from "./acting/restraining.js";
import { KnownError } from "./errors.js";
import type { Options } from "./options.js";
import { checkedReason } from "./wishes.js";

/** What `quarantine` is asked to do. */
export type QuarantineAsked = { readonly do: "list" } | ({ readonly do: "release" } & RestrainOptions);

/** @throws KnownError where names or words are missing, or there are too many */
export function quarantineOptions(
  what: string,
  references: readonly string[],
  options: Options,
  onTerminal: boolean,
): QuarantineAsked {
  if (what === "list") {
    if (references.length === 0 && options.reason === undefined) return { do: "list" };
    throw new KnownError({ what: "quarantine list takes neither ids nor --reason", next: "give none" });
  }
  return {
    do: "release",
    ...restrainOptions("quarantine release", references, options, onTerminal),
  };
}

/** What `acknowledge` is asked to do. */
export type AcknowledgeAsked =
  | { readonly do: "list" }
  | ({ readonly do: "acknowledge" | "withdraw" } & RestrainOptions);

/** @throws KnownError likewise */
export function acknowledgeOptions(
  references: readonly string[],
  options: Options,
  onTerminal: boolean,
): AcknowledgeAsked {
  const { list, withdraw, reason } = options;
  if (list === true) {
    if (references.length === 0 && reason === undefined && withdraw === undefined) return { do: "list" };
    throw new KnownError({
      what: "acknowledge --list takes neither ids nor other options",
      next: "give none",
    });
  }
  const what = withdraw === undefined ? "acknowledge" : "withdraw";
  return { do: what, ...restrainOptions("acknowledge", references, options, onTerminal) };
}

function restrainOptions(
  command: string,
  references: readonly string[],
  { reason, wait }: Pick<Options, "reason" | "wait">,
  onTerminal: boolean,
): RestrainOptions {
  if (references.length === 0)
    throw new KnownError({
      what: "Which sales?",
      why: `${command} works on sales that are named; nothing was changed`,
      next: `purchase-fix ${command} 9445 --reason "the customer paid twice"`,
    });
  if (reason === undefined)
    throw new KnownError({
      what: `${command} needs a --reason`,
      why: "whoever finds the sale later must know why; nothing was changed",
      next: 'add --reason "the customer paid twice"',
    });
  return { references, reason: checkedReason(reason), waitMs: wait ?? (onTerminal ? 30_000 : 0) };
}
