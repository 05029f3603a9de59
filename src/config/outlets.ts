import { resolve } from "node:path";
import { remember, Secret } from "../redact.js";
import { asOutletUrl, asPath } from "./forms.js";
import { findGiven, optional } from "./reading.js";
import type { Reading } from "./reading.js";

/** Where an unattended run is told about. The URLs are secrets: whoever has one may ping and post. */
export interface OutletSettings {
  readonly pingUrl: Secret | null;
  readonly notifyUrls: readonly Secret[];
  readonly metricsFile: string | null;
}

export interface OutletFlags {
  readonly pingUrl?: string | undefined;
  readonly notifyUrl?: readonly string[] | undefined;
  readonly metricsFile?: string | undefined;
}

export function outletsOf(reading: Reading, cwd: string, flags: OutletFlags): OutletSettings {
  const ping = optional(reading, "PURCHASE_FIX_PING_URL", flags.pingUrl, asOutletUrl);
  const file = optional(reading, "PURCHASE_FIX_METRICS_FILE", flags.metricsFile, asPath);
  return {
    pingUrl: ping === null ? null : secretOf(ping),
    notifyUrls: notifyUrls(reading, flags.notifyUrl),
    metricsFile: file === null ? null : resolve(cwd, file),
  };
}

/** The flag repeats; the variable holds URLs with spaces between. */
function notifyUrls(reading: Reading, flags: readonly string[] | undefined): Secret[] {
  const given = findGiven(reading, "PURCHASE_FIX_NOTIFY_URL", undefined);
  const texts = flags ?? given?.value.split(/\s+/) ?? [];
  const from = flags ? "--notify-url" : (given?.from ?? "");
  return [...new Set(texts)].flatMap((text) => {
    const url = asOutletUrl.read(text.trim());
    // Never the text itself: it may hold a token.
    if (url === null) reading.problems.push({ what: `${from} is not ${asOutletUrl.name}` });
    return url === null ? [] : [secretOf(url)];
  });
}

/** Shorter parts of a path are words such as `bot`, `services`, `sendMessage`, and no keys. */
const SHORTEST_KEY = 12;

/** A library or a service may quote the path without its host, or the key alone. */
function secretOf(url: URL): Secret {
  // Telegram's token stands behind the word `bot`.
  const parts = url.pathname.split("/").flatMap((part) => [part, part.replace(/^bot/, "")]);
  for (const part of [...parts, ...url.searchParams.values()])
    if (part.length >= SHORTEST_KEY) remember(part);
  if (url.pathname.length >= SHORTEST_KEY) remember(url.pathname);
  return new Secret(url.href);
}
