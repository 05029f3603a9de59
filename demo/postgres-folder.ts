import { randomBytes } from "node:crypto";
import { accessSync, chownSync, constants, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Whom servers run as when we are root: PostgreSQL and PgBouncer both refuse root. 65534 is nobody nearly everywhere. */
export const serverUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/** A path that nothing bears yet, for a folder that the server's user can make, fill and remove. */
export function newPath(name: string, root = temporaryRoot()): string {
  return join(root, `purchase-fix-${name}-${randomBytes(6).toString("hex")}`);
}

/** Makes the server's user the owner, who could otherwise neither write there nor clear it away. */
export function giveAway(path: string): void {
  if (serverUser !== undefined) chownSync(path, serverUser.uid, serverUser.gid);
}

/** Whether the server's user can come in, and make and remove folders there. */
export function isUsable(path: string): boolean {
  if (serverUser !== undefined) return permits(path, 0o002) && isOpenToAll(path);
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A unix socket's path may have 107 bytes (103 on macOS), which a long TMPDIR would use up. */
function temporaryRoot(): string {
  return [tmpdir(), "/tmp", "/var/tmp"].find((path) => path.length <= 60 && isUsable(path)) ?? tmpdir();
}

function isOpenToAll(path: string): boolean {
  return permits(path, 0o001) && (path === dirname(path) || isOpenToAll(dirname(path)));
}

function permits(path: string, bit: number): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & bit) !== 0;
}
