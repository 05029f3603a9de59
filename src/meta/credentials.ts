import { KnownError } from "../errors.js";
import type { Secret } from "../redact.js";
import type { Fernet } from "./fernet.js";
import { FernetTokenError, openFernet } from "./fernet.js";
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
  /** Why the pool's token cannot be used; null where it can, or where there is no key to tell. */
  fault(pool: number): Promise<string | null>;
  /** The token of a pool, or the configured one. @throws KnownError where there is none that can be used */
  token(pool: number | null): Promise<Secret>;
}

export function openCredentials({ encrypted, key, configured }: CredentialSources): Credentials {
  let fernet: Fernet | null = null;
  const opened = new Map<number, Promise<Secret | { fault: string }>>();

  async function open(pool: number, secret: Secret): Promise<Secret | { fault: string }> {
    fernet ??= openFernet(secret);
    const stored = await encrypted(pool);
    if (stored === null || stored === "")
      return { fault: `redirect_pools ${pool}: meta_access_token is empty` };
    try {
      const token = fernet.decrypt(stored);
      return isAccessToken(token.reveal())
        ? token
        : { fault: `redirect_pools ${pool}: meta_access_token decrypts to no access token` };
    } catch (error) {
      if (error instanceof FernetTokenError)
        return { fault: `redirect_pools ${pool}: meta_access_token is ${error.message}` };
      throw error;
    }
  }

  function once(pool: number, secret: Secret): Promise<Secret | { fault: string }> {
    const known = opened.get(pool) ?? open(pool, secret);
    opened.set(pool, known);
    return known;
  }

  return {
    fault: async (pool) => {
      if (key === null) return null;
      const token = await once(pool, key);
      return "fault" in token ? token.fault : null;
    },
    token: async (pool) => {
      if (pool === null) return demand(configured, "META_ACCESS_TOKEN is not set");
      const token = await once(pool, demand(key, "ENCRYPTION_KEY is not set"));
      if ("fault" in token)
        throw new KnownError({ what: token.fault, next: "store the token again in the shop's own settings" });
      return token;
    },
  };
}

function demand(secret: Secret | null, what: string): Secret {
  if (secret === null) throw new KnownError({ what, next: "set it in the environment or in .env" });
  return secret;
}
