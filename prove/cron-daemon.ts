import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./program.js";

/** A real cron daemon, in a mount namespace of its own: this machine's crontabs, mail and pid file are not touched. */
export interface CronDaemon {
  /** What cron mailed, a text for each job that printed anything. */
  mails(): string[];
  stop(): Promise<void>;
}

/** What keeps it from running here, in words that mend it; null where nothing does. */
export function cronHindrance(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "a cron daemon of its own needs root on Linux";
  if (!existsSync("/usr/sbin/cron"))
    return "cron is missing: apt-get install -y --no-install-recommends cron";
  const { status } = spawnSync("unshare", ["--mount", "--propagation", "private", "true"]);
  return status === 0 ? null : "a mount namespace is not allowed here (unshare --mount)";
}

const END = "\n=== end of mail ===\n";

/** Starts it with one crontab. `folder` is the proof's own. */
export function startCron(folder: string, crontab: string): CronDaemon {
  const [mail, table, bin, script] = ["mail", "crontab", "bin", "sendmail"].map((name) => join(folder, name));
  if (!mail || !table || !bin || !script) throw new Error("no folder");
  writeFileSync(mail, "");
  writeFileSync(table, crontab, { mode: 0o644 });
  mkdirSync(bin);
  symlinkSync(join(root(), "bin", "purchase-fix.js"), join(bin, "purchase-fix"));
  // What cron calls to send mail.
  writeFileSync(script, `#!/bin/sh\n{ cat; printf '${END.replaceAll("\n", "\\n")}'; } >>'${mail}'\n`);
  chmodSync(script, 0o755);
  const prepare = [
    "mount -t tmpfs none /etc/cron.d",
    `cp '${table}' /etc/cron.d/purchase-fix`,
    "mount -t tmpfs none /run",
    // Mail is sent through /usr/sbin/sendmail: a copy of that folder, with ours in it.
    `cp -a /usr/sbin '${folder}/sbin'`,
    `cp '${script}' '${folder}/sbin/sendmail'`,
    `mount --bind '${folder}/sbin' /usr/sbin`,
    "exec cron -f",
  ].join(" && ");
  const daemon = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", prepare], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { PATH: process.env["PATH"] },
  });
  const ended = new Promise<void>((resolve) => daemon.once("close", () => resolve()));
  return {
    mails: () => readFileSync(mail, "utf8").split(END).slice(0, -1).map(bodyOf),
    stop: async () => {
      daemon.kill("SIGTERM");
      await ended;
    },
  };
}

/** Behind the head of the message. */
const bodyOf = (text: string): string => text.slice(text.indexOf("\n\n") + 2).trim();
