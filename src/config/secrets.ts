import { resolve } from "node:path";
import type { Files } from "../files.js";
import { remember, Secret } from "../redact.js";
import { find } from "./layers.js";
import type { Found } from "./layers.js";
import { findGiven } from "./reading.js";
import type { Reading } from "./reading.js";
import type { Variable } from "./settings.js";

/** The application's Fernet key; whether it is one, decrypting tells. */
export function encryptionKey({ layers }: Reading): Secret | null {
  const found = find(layers, "ENCRYPTION_KEY");
  return found === null ? null : new Secret(found.value);
}

/**
 * Celery's broker, where it is named. REDIS_URL does not stand in: handed to the celery command, it would override a
 * broker that the application has elsewhere, and the wrong Redis would be asked.
 */
export function brokerUrl(reading: Reading): Secret | null {
  return secretUrl(reading, "CELERY_BROKER_URL");
}

/** A URL whose password a client may name alone in an error. */
export function secretUrl({ layers }: Reading, variable: Variable): Secret | null {
  const found = find(layers, variable);
  if (found === null) return null;
  const password = URL.canParse(found.value) ? new URL(found.value).password : "";
  remember(password);
  remember(unescape(password));
  return new Secret(found.value);
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The access token of META_PIXEL_ID: from its file or its variable, whichever stands higher (flag, environment, `.env`).
 * Side by side the file wins, since a file can be kept from others and a variable is inherited by every child.
 */
export function accessToken(
  reading: Reading,
  flag: string | undefined,
  at: { cwd: string; files: Files },
): Secret | null {
  const file = findGiven(reading, "META_ACCESS_TOKEN_FILE", flag);
  const variable = find(reading.layers, "META_ACCESS_TOKEN");
  if (file === null) return variable === null ? null : token(variable.value, variable.from, reading);
  if (variable === null || variable.depth > file.depth) return fromFile(file, at, reading);
  if (variable.depth < file.depth) return token(variable.value, variable.from, reading);
  reading.warnings.push(`${variable.from} is not used: ${file.from} is given beside it`);
  return fromFile(file, at, reading);
}

function fromFile(
  found: Found,
  { cwd, files }: { cwd: string; files: Files },
  reading: Reading,
): Secret | null {
  const path = resolve(cwd, found.value);
  const text = files.read(path);
  if (text === null) {
    // Without the path: a token put into the wrong variable would be shown as one.
    reading.problems.push({ what: `The access token file of ${found.from} is missing or cannot be read` });
    return null;
  }
  if (((files.mode(path) ?? 0) & 0o077) !== 0) {
    reading.warnings.push(`The access token file ${path} can be read by others: chmod 600 it`);
  }
  return token(text.trim(), `The access token file ${path}`, reading);
}

function token(text: string, from: string, { problems }: Reading): Secret | null {
  if (/^[\x21-\x7e]+$/.test(text)) return new Secret(text);
  problems.push({
    what: text === "" ? `${from} is empty` : `${from} is not one access token`,
    next: "it must hold the token and nothing else",
  });
  return null;
}
