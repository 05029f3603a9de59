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
