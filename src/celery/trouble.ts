import { stat } from "node:fs/promises";
import { KnownError, type Problem } from "../errors.js";
import { redact } from "../redact.js";
import { age } from "../sales/time.js";
import type { ChildEnd } from "./child.js";

/** What an error text needs to know of the question that failed. */
export interface Asked {
  readonly binary: string;
  readonly app: string;
  readonly cwd: string;
  readonly deadlineMs: number;
}

/** What users call these settings. */
const flags = { binary: "--celery-bin", app: "--celery-app", cwd: "--celery-cwd" } as const;

/** Turns a child that brought no answer into words. Celery's long tracebacks tell everything in their last line. */
export async function trouble(end: ChildEnd, asked: Asked): Promise<KnownError> {
  return new KnownError(await tell(end, asked));
}

async function tell(end: ChildEnd, asked: Asked): Promise<Problem> {
  switch (end.kind) {
    case "not-started":
      return notStarted(end.code, asked);
    case "deadline":
      return {
        what: `\`${asked.binary}\` did not come back within ${age(asked.deadlineMs)}`,
        why: "the broker accepts connections and never answers, or the application takes long to load",
        next: "check the broker; where the application is slow, give it more time with --timeout 20s",
      };
    case "flood":
      return {
        what: `\`${asked.binary}\` printed more than it may`,
        why: "far too many tasks, or an application that prints while it is imported",
        next: `look at the output of \`${asked.binary} -A ${asked.app} inspect stats\``,
      };
    case "exited":
      return ended(end.code, end.stderr, asked);
  }
}

/** A missing binary and a missing working directory are the same error to the operating system. */
async function notStarted(code: string, { binary, cwd }: Asked): Promise<Problem> {
  const isDirectory = await stat(cwd).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    return {
      what: `the working directory for Celery does not exist: ${cwd}`,
      next: `give the application's folder with ${flags.cwd}`,
    };
  }
  return {
    what: `cannot run \`${binary}\``,
    why: code === "ENOENT" ? "there is no such program" : code,
    next: `give the application's own Celery with ${flags.binary}, such as /srv/app/venv/bin/celery or "/usr/bin/python3 -m celery"; where the broker is a Redis, set CELERY_BROKER_URL: then no celery is needed`,
  };
}

/** By the class that the last line names: an application whose own database is down while it loads is another trouble. */
const brokerTrouble =
  /^(?:kombu|redis|amqp)\.[\w.]+:|^(?:\w+\.)*(?:ConnectionRefusedError|ConnectionResetError|TimeoutError|gaierror):/;

function ended(code: number | null, stderr: string, { binary, app }: Asked): Problem {
  const why = lastLine(stderr);
  if (/Unable to load celery application/.test(stderr)) {
    const notThere = /was not found\.$|has no attribute/.test(why);
    return {
      what: `Celery cannot load the application "${app}"`,
      why,
      next: notThere
        ? `name its module with ${flags.app}, and the folder it is imported from with ${flags.cwd}`
        : `it fails while it is imported: use the application's own Python (${flags.binary}) and folder (${flags.cwd})`,
    };
  }
  if (/No module named '?celery/.test(why)) {
    return {
      what: `cannot run \`${binary}\``,
      why,
      next: `give the Python that has Celery with ${flags.binary}, such as "/srv/app/venv/bin/python -m celery"`,
    };
  }
  if (brokerTrouble.test(why)) {
    return {
      what: "Celery cannot reach its broker",
      why,
      next: "check that the broker runs, and that CELERY_BROKER_URL (with its password) is the workers'",
    };
  }
  return {
    what: `\`${binary}\` ended with ${code === null ? "a signal" : `exit code ${code}`} and no answer`,
    why,
    next: `run \`${binary} -A ${app} inspect ping\` by hand where the worker runs`,
  };
}

function lastLine(stderr: string): string {
  const line = stderr.trimEnd().split("\n").at(-1) ?? "";
  return redact(line.trim()).slice(0, 200) || "it said nothing on stderr";
}
