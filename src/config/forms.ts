/** The form that a setting's text must have: what to call it in an error, and how to read it (null: it has not that form). */
export interface Form<T> {
  readonly name: string;
  readonly read: (text: string) => T | null;
}

function matching(name: string, pattern: RegExp): Form<string> {
  return { name, read: (text) => (pattern.test(text) ? text : null) };
}

export const asGraphVersion = matching("a Graph version such as v26.0", /^v\d+\.\d+$/);
export const asPixelId = matching("a pixel id (digits only)", /^\d{1,20}$/);
/** It follows `celery -A`, where a leading dash would be an option. */
export const asModule = matching("a Python module such as celery_app or shop.celery:app", /^\w[\w.:]*$/);
export const asPath = matching("a path", /^[^\0]+$/);

export const asKeyPrefix = matching("a key prefix without blanks", /^[\x21-\x7e]{1,200}$/);

export const asCount: Form<number> = {
  name: "a whole number from 1",
  read: (text) => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : null),
};

export const asQueues: Form<readonly string[]> = {
  name: "names of queues such as celery,mail",
  read(text) {
    const names = text.split(",").map((name) => name.trim());
    return names.every((name) => /^[\x21-\x7e]{1,200}$/.test(name)) ? [...new Set(names)] : null;
  },
};

export const asCurrency: Form<string> = {
  name: "a currency of three letters such as BRL",
  read: (text) => (/^[a-z]{3}$/i.test(text) ? text.toUpperCase() : null),
};

export const asTruth: Form<boolean> = {
  name: "true or false",
  read: (text) => (/^(1|true|yes|on)$/i.test(text) ? true : /^(0|false|no|off)$/i.test(text) ? false : null),
};

/** A named zone; an offset such as +03:00 would mean one thing to Intl and its opposite to PostgreSQL. */
export const asZone: Form<string> = {
  name: "a time zone such as America/Sao_Paulo or UTC",
  read: (text) => (/^[a-z]/i.test(text) && isKnownZone(text) ? text : null),
};

/** Asking Intl costs a start 8 ms, a third of what Node itself needs: not for the default. */
const everywhere: ReadonlySet<string> = new Set(["America/Sao_Paulo", "UTC"]);

function isKnownZone(timeZone: string): boolean {
  if (everywhere.has(timeZone)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** Access tokens travel to it, so plain http is for this machine only; the path is ours. */
export const asGraphUrl: Form<URL> = {
  name: "an https URL without user, path or query (http only for localhost)",
  read(text) {
    const url = safeUrl(text);
    return url !== null && url.href === `${url.origin}/` ? url : null;
  },
};

/** Its path or query is the key to it, so the same holds. */
export const asOutletUrl: Form<URL> = {
  name: "an https URL without user or fragment (http only for localhost)",
  read(text) {
    const url = safeUrl(text);
    return url !== null && url.username === "" && url.password === "" && url.hash === "" ? url : null;
  },
};

/** https, or this machine. */
function safeUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && loopback) ? url : null;
}
