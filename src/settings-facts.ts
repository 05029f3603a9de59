import { dirname } from "node:path";
import type { Config, ConfigInput } from "./config.js";
import { find } from "./config/layers.js";
import { layersOf, originsOf } from "./config/origins.js";
import type { Connection } from "./connection.js";
import { KnownError } from "./errors.js";
import type { SettingsFacts } from "./ports.js";

/** Where metrics go, and what is in the way. */
export async function metricsOf({
  outlets: { metricsFile: path },
}: Config): Promise<SettingsFacts["metrics"]> {
  if (path === null) return null;
  const { faultOfPlace } = await import("./outlets/metrics-file.js");
  return { path, folder: dirname(path), fault: faultOfPlace(path) };
}

/** The configuration as it holds, for the doctor. */
export function settingsOf(
  config: Config,
  connection: Connection | KnownError,
  input: ConfigInput,
  metrics: SettingsFacts["metrics"],
): SettingsFacts {
  const ofConnection = connection instanceof KnownError ? [] : connection.warnings;
  // A log that is missing is told among the logs.
  const warnings = [...config.warnings, ...ofConnection].filter((line) => !/: there is no file /.test(line));
  return { settings: originsOf(input), warnings, passwordFrom: passwordFrom(connection, input), metrics };
}

function passwordFrom(connection: Connection | KnownError, input: ConfigInput): string | null {
  if (connection instanceof KnownError || connection.password === null) return null;
  const layers = layersOf(input);
  const url = find(layers, "DATABASE_URL");
  if (url !== null && URL.canParse(url.value) && new URL(url.value).password !== "") return url.from;
  return find(layers, "PGPASSWORD")?.from ?? find(layers, "PGPASSFILE")?.from ?? "~/.pgpass";
}
