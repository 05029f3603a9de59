import { createCipheriv, createHmac, randomBytes } from "node:crypto";

/**
 * Encrypting as the shop's application does it, to fill databases for the demo and the tests. The product only decrypts
 * (src/meta/fernet.ts), so the two are written apart: a mistake in one does not hide in the other.
 */

/** A new key as it stands in `ENCRYPTION_KEY`: 32 random bytes, the first half signs, the second half encrypts. */
export function newFernetKey(): string {
  return urlSafe(randomBytes(32));
}

/** A Fernet token (github.com/fernet/spec): version, time, IV, AES-128-CBC, then HMAC-SHA256 over all of it. */
export function encryptToken(key: string, token: string): string {
  const bytes = Buffer.from(key, "base64url");
  if (bytes.length !== 32) throw new Error("A Fernet key has 32 bytes.");
  const head = Buffer.alloc(9);
  head.writeUInt8(0x80);
  head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1);
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", bytes.subarray(16), iv);
  const signed = Buffer.concat([head, iv, cipher.update(token, "utf8"), cipher.final()]);
  const signature = createHmac("sha256", bytes.subarray(0, 16)).update(signed).digest();
  return urlSafe(Buffer.concat([signed, signature]));
}

/** Python's base64 keeps the padding. */
function urlSafe(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
