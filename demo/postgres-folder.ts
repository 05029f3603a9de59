import { chmodSync, chownSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Whom servers run as when we are root: PostgreSQL and PgBouncer both refuse root. 65534 is nobody nearly everywhere. */
export const serverUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/** A new folder that the server's user owns and everyone may look into, even where TMPDIR lies below a private folder. */
export function makeFolder(name: string, root = temporaryRoot()): string {
  const folder = mkdtempSync(join(root, `purchase-fix-${name}-`));
  chmodSync(folder, 0o755);
  giveAway(folder);
  return folder;
}

/** Makes the server's user the owner, who could otherwise neither write there nor clear it away. */
export function giveAway(path: string): void {
  if (serverUser !== undefined) chownSync(path, serverUser.uid, serverUser.gid);
}

/**
 * A unix socket's path may have 107 bytes (103 on macOS), which a long TMPDIR would use up. The server's user must be
 * able to come in, and to remove its own folder in the end.
 */
function temporaryRoot(): string {
  const allows = (path: string): boolean =>
    serverUser === undefined || (permits(path, 0o002) && isOpenToAll(path));
  return [tmpdir(), "/tmp", "/var/tmp"].find((path) => path.length <= 60 && allows(path)) ?? tmpdir();
}

function isOpenToAll(path: string): boolean {
  return permits(path, 0o001) && (path === dirname(path) || isOpenToAll(dirname(path)));
}

function permits(path: string, bit: number): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & bit) !== 0;
}
