import type { Ended } from "../cast/binary.js";

/**
 * The lines of stderr of a command that could not do its job, each error in three lines at most.
 * @throws where it ended otherwise than such a command must: exit code 2, nothing on stdout, no stack
 */
export function refusal({ code, signal, stdout, stderr }: Ended): string[] {
  if (code !== 2) throw new Error(`it ended with ${code ?? signal}:\n${stdout}${stderr}`);
  if (stdout !== "") throw new Error(`stdout is not empty:\n${stdout}`);
  if (/^\s+at /m.test(stderr)) throw new Error(`a stack was printed:\n${stderr}`);
  const lines = stderr.trimEnd().split("\n");
  for (const error of stderr.split(/^(?=error: )/m)) {
    if (error.trimEnd().split("\n").length > 3) throw new Error(`more than three lines:\n${error}`);
  }
  return lines;
}
