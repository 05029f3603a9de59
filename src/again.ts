import type { Options } from "./options.js";

/**
 * The options that decide how a sale is judged, as they were given, for a command that is to be typed next: without the
 * logs that proved an acceptance, `confirm` would find none. Empty, or with a space before it.
 */
export function againOf(options: Options): string {
  const { minAge, retryHorizon, maxAttempts, broker, browserPixel, trustInferred } = options;
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : `${ms / 1000}s`);
  const words = [
    ...valued("--env-file", options.envFile),
    ...valued("--db-timezone", options.dbTimezone),
    ...valued("--min-age", seconds(minAge)),
    ...valued("--retry-horizon", seconds(retryHorizon)),
    ...valued("--max-attempts", maxAttempts),
    ...valued("--pixel-id", options.pixelId),
    ...valued("--access-token-file", options.accessTokenFile),
    ...(browserPixel === false ? ["--no-browser-pixel"] : []),
    ...(options.evidenceLog ?? []).flatMap((file) => valued("--evidence-log", file)),
    ...valued("--log-timezone", options.logTimezone),
    ...(broker === false ? ["--no-broker"] : []),
    ...(trustInferred === true ? ["--trust-inferred"] : []),
  ];
  return words.map((word) => ` ${word}`).join("");
}

function valued(flag: string, value: string | undefined): string[] {
  return value === undefined ? [] : [flag, quoted(value)];
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
