import { KnownError } from "../errors.js";
import type { Lack } from "../ports.js";
import type { Secret } from "../redact.js";
import type { Fernet } from "./fernet.js";
import { FernetKeyError, FernetTokenError, openFernet } from "./fernet.js";
import { isAccessToken } from "./shipping.js";

/** Where access tokens come from. */
export interface CredentialSources {
  /** A pool's token as the shop stores it: encrypted. */
  readonly encrypted: (pool: number) => Promise<string | null>;
  /** ENCRYPTION_KEY; null where it is not configured. */
  readonly key: Secret | null;
  /** META_ACCESS_TOKEN, for shops without pools. */
  readonly configured: Secret | null;
}

/** Decrypts access tokens when they are needed, and remembers them for this run only. */
export interface Credentials {
  /** Why no pool's token can be decrypted by this invocation; null where the key is one. */
  readonly lack: Lack | null;
  /** Why the pool's token cannot be used; null where it can, or where there is no key to tell. */
  fault(pool: number): Promise<string | null>;
  /** The token of a pool, or the configured one. @throws KnownError where there is none that can be used */
  token(pool: number | null): Promise<Secret>;
}

export function openCredentials({ encrypted, key, configured }: CredentialSources): Credentials {
  const fernet = fernetOf(key);
  const opened = new Map<number, Promise<Secret | { fault: string }>>();

  async function open(pool: number, reader: Fernet): Promise<Secret | { fault: string }> {
    const stored = await encrypted(pool);
    if (stored === null || stored === "")
      return { fault: `redirect_pools ${pool}: meta_access_token is empty` };
    try {
      const token = reader.decrypt(stored);
      return isAccessToken(token.reveal())
        ? token
        : { fault: `redirect_pools ${pool}: meta_access_token decrypts to no access token` };
    } catch (error) {
      if (error instanceof FernetTokenError)
        return { fault: `redirect_pools ${pool}: meta_access_token is ${error.message}` };
      throw error;
    }
  }

  function once(pool: number, reader: Fernet): Promise<Secret | { fault: string }> {
    const known = opened.get(pool) ?? open(pool, reader);
    opened.set(pool, known);
    return known;
  }

  return {
    lack: "lack" in fernet ? fernet.lack : null,
    fault: async (pool) => {
      if ("lack" in fernet) return null;
      const token = await once(pool, fernet);
      return "fault" in token ? token.fault : null;
    },
    token: async (pool) => {
      if (pool === null) return configuredToken(configured);
      if ("lack" in fernet) throw new KnownError(fernet.lack);
      const token = await once(pool, fernet);
      if ("fault" in token)
        throw new KnownError({ what: token.fault, next: "store the token again in the shop's own settings" });
      return token;
    },
  };
}

/** A key that is missing or malformed stops only what needs it: looking and giving back do not. */
function fernetOf(key: Secret | null): Fernet | { lack: Lack } {
  if (key === null) {
    const what = "ENCRYPTION_KEY is not set, so the pools' access tokens cannot be decrypted";
    return { lack: { what, next: "set the application's ENCRYPTION_KEY" } };
  }
  try {
    return openFernet(key);
  } catch (error) {
    if (error instanceof FernetKeyError) return { lack: error.lack };
    throw error;
  }
}

function configuredToken(secret: Secret | null): Secret {
  if (secret !== null) return secret;
  throw new KnownError({
    what: "META_ACCESS_TOKEN is not set",
    next: "set it in the environment or in .env",
  });
}
