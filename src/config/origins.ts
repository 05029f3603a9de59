import type { ConfigInput, Flags } from "../config.js";
import type { Layer } from "./layers.js";
import { dotenvLayer, find } from "./layers.js";
import { settings } from "./settings.js";
import type { Variable } from "./settings.js";

/** A setting as it holds, fit to be printed, and where it stands. */
export interface Origin {
  readonly variable: Variable;
  /** Null where there is none. */
  readonly value: string | null;
  readonly origin: string;
}

/** Never shown, whatever stands in them. */
const secrets: ReadonlySet<Variable> = new Set([
  "ENCRYPTION_KEY",
  "META_ACCESS_TOKEN",
  "PGPASSWORD",
  "PGOPTIONS",
]);
/** Shown as host and path: the rest may hold a password. */
const urls: ReadonlySet<Variable> = new Set([
  "DATABASE_URL",
  "CELERY_BROKER_URL",
  "CELERY_RESULT_BACKEND",
  "REDIS_URL",
  "PURCHASE_FIX_RABBITMQ_API",
]);

/** Each is the key to its service: of these only the hosts are shown. */
const keys: ReadonlySet<Variable> = new Set(["PURCHASE_FIX_PING_URL", "PURCHASE_FIX_NOTIFY_URL"]);

/** Every setting of the one table, in its order. */
export function originsOf(input: ConfigInput): Origin[] {
  const layers = layersOf(input);
  return settings.map(({ variable, flag, default: usual }): Origin => {
    const given = flag === null ? undefined : givenBy(flag, input.flags);
    if (given !== undefined) return { variable, value: shown(variable, given), origin: flag ?? "" };
    const found = find(layers, variable);
    if (found !== null)
      return { variable, value: shown(variable, found.value), origin: layers[found.depth]?.name ?? "" };
    return { variable, value: usual, origin: usual === null ? "not set" : "default" };
  });
}

/** Where variables may stand, the first that has one wins. */
export function layersOf(input: ConfigInput): Layer[] {
  const unheard = { problems: [], warnings: [] };
  return [{ name: "environment", values: input.env }, dotenvLayer(input.flags.envFile, input, unheard)];
}

/** Variables that hold something else, or nothing, in another place: what a crontab line lacks. */
export function lostBetween(here: ConfigInput, there: ConfigInput) {
  const [own, other] = [layersOf(here), layersOf(there)];
  return settings.flatMap(({ variable, flag }) => {
    const [found, kept] = [find(own, variable), find(other, variable)];
    const isGiven = flag !== null && givenBy(flag, here.flags) !== undefined;
    if (found === null || isGiven || found.value === kept?.value) return [];
    const from = found.depth === 0 ? ("environment" as const) : (".env" as const);
    return [{ variable, from, differs: kept !== null }];
  });
}

/** As commander names an option's value; the one that is a negation is there by being false. */
function givenBy(flag: string, flags: Flags): string | undefined {
  if (flag === "--no-browser-pixel") return flags.browserPixel === false ? "true" : undefined;
  const name = flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const value = (flags as Readonly<Record<string, unknown>>)[name];
  if (Array.isArray(value)) return value.join(" ");
  return typeof value === "string" ? value : undefined;
}

function shown(variable: Variable, value: string): string {
  if (secrets.has(variable)) return "set, not shown";
  if (variable === "META_PIXEL_ID") return `…${value.slice(-4)}`;
  if (keys.has(variable)) {
    const hosts = value.split(/\s+/).map((url) => (URL.canParse(url) ? new URL(url).host : ""));
    return hosts.filter((host) => host !== "").join(" ") || "set, not shown";
  }
  if (!urls.has(variable)) return value;
  if (!URL.canParse(value)) return "set, not shown";
  const { host, pathname } = new URL(value);
  return `${host}${pathname}` || "set, not shown";
}
