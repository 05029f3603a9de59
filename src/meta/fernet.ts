import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import type { Lack } from "../ports.js";
import { Secret } from "../redact.js";

/** The key is none: nothing can be decrypted until the environment is mended. */
export class FernetKeyError extends Error {
  override readonly name = "FernetKeyError";
  readonly lack: Lack = {
    what: "ENCRYPTION_KEY is no Fernet key, so the pools' access tokens cannot be decrypted",
    next: "copy it from the application's environment, without quotes: 44 characters that end in '='",
  };
}

/** This token cannot be read with the key: a fault of one row. The message says why and holds neither key nor token. */
export class FernetTokenError extends Error {
  override readonly name = "FernetTokenError";
}

/** Reads what the application encrypted with Python's `cryptography.fernet`. */
export interface Fernet {
  /** @throws FernetTokenError where the token is corrupt or was made with another key. */
  decrypt(token: string): Secret;
}

/** Base64 of either alphabet with its padding, as Python's decoder takes it; null for anything else. */
function bytes(text: string): Buffer | null {
  const trimmed = text.trim();
  return trimmed.length % 4 === 0 && /^[\w+/-]*={0,2}$/.test(trimmed) ? Buffer.from(trimmed, "base64") : null;
}

// Layout by the specification (github.com/fernet/spec, version 0x80): version 1, time 8, IV 16, ciphertext, HMAC 32.
const VERSION = 0x80;
const IV = 9;
const CIPHERTEXT = IV + 16;
const BLOCK = 16;
const MAC = 32;

function open(data: Buffer, key: Buffer): string {
  const end = data.length - MAC;
  const mac = createHmac("sha256", key.subarray(0, 16)).update(data.subarray(0, end)).digest();
  if (!timingSafeEqual(mac, data.subarray(end))) {
    throw new FernetTokenError("made with another ENCRYPTION_KEY, or altered");
  }
  try {
    const decipher = createDecipheriv("aes-128-cbc", key.subarray(16), data.subarray(IV, CIPHERTEXT));
    const plain = Buffer.concat([decipher.update(data.subarray(CIPHERTEXT, end)), decipher.final()]);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    // OpenSSL's own words differ from release to release and say no more.
    throw new FernetTokenError("authentic, but not decryptable text");
  }
}

function parse(token: string): Buffer {
  const data = bytes(token);
  if (data === null) throw new FernetTokenError("not base64url: it may be stored unencrypted");
  if (data[0] !== VERSION) throw new FernetTokenError("not a Fernet token of version 0x80");
  const length = data.length - CIPHERTEXT - MAC;
  if (length < BLOCK || length % BLOCK !== 0) throw new FernetTokenError("cut off, or not whole blocks");
  return data;
}

/**
 * A reader for one key, or for several with commas between (a rotation, as in `MultiFernet`; the first that fits
 * decrypts). The age of a token is not judged: at rest it has none.
 *
 * @throws FernetKeyError where a key is malformed
 */
export function openFernet(keys: Secret): Fernet {
  const parsed = keys.reveal().split(",").map(bytes);
  const usable = parsed.filter((key): key is Buffer => key !== null && key.length === 32);
  if (usable.length !== parsed.length) throw new FernetKeyError();
  return {
    decrypt(token) {
      const data = parse(token);
      let refusal: unknown;
      for (const key of usable) {
        try {
          return new Secret(open(data, key));
        } catch (error) {
          refusal = error;
        }
      }
      throw refusal;
    },
  };
}
