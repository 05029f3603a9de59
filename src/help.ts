import { fateTable, fates } from "./sales/account.js";

/** What `report --help` ends with: the definitions of what it counts. */
export const reportHelp = `
Each sale of the window is counted once, on the day on which it was created:
${fates.map((fate) => told(fateTable[fate])).join("\n")}
Others, which were never stuck or which the application confirmed by itself, are
not counted. What we did counts as the journal has it last, undo included.`;

/** As commander lays out options: at most 80 columns. */
function told({ title, meaning }: { readonly title: string; readonly meaning: string }): string {
  const indent = 18;
  const lines = [`  ${title.toLowerCase()}`.padEnd(indent)];
  for (const word of meaning.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (`${last} ${word}`.length > 80) lines.push(`${" ".repeat(indent)}${word}`);
    else lines[lines.length - 1] = last.endsWith(" ") ? `${last}${word}` : `${last} ${word}`;
  }
  return lines.join("\n");
}

/** `purchase-fix help exit-codes`. The README carries it too, checked by a test. */
export const exitCodesHelp = `Exit codes

  0    every sale undertaken ended well, and nothing left needs a person
  1    something needs a person, a named sale was not acted on, or the answer to
       the question was no (find-stuck and dry runs only with --exit-code)
  2    the command could not do its job: usage, configuration, connection;
       stdout then stays empty
  75   another run holds the lock (--wait waits for it)
  130  interrupted (Ctrl-C): what was in flight was awaited and settled
  143  terminated (SIGTERM): likewise
`;
