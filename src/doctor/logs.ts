import type { LogFacts, RowFacts } from "../ports.js";
import type { Instant } from "../sales/sale.js";
import { DAY, HOUR, MINUTE } from "../sales/sale.js";
import { ACCEPTED_FOR } from "../sales/verdict.js";
import { age, iso } from "../sales/time.js";
import type { Finding } from "./finding.js";
import { count, findingsOf } from "./finding.js";

const finding = findingsOf("logs");

/** A payment is logged by the web process at once; so much later its line is missing, not late. */
const LATE = 30 * MINUTE;
/** Where no payment tells, a log without a line for a day is not written any more. */
const SILENT = DAY;

/** Are the logs read, recent, of both kinds, and do they reach back far enough? */
export function judgeLogs(facts: LogFacts | null, rows: RowFacts | null, now: Instant): Finding[] {
  if (facts === null) {
    const what = "no log is configured: what the application and its workers wrote is no evidence";
    return [
      finding("logs", "note", {
        what,
        mend: "PURCHASE_FIX_EVIDENCE_LOGS='logs/gunicorn.log* logs/celery.log*'",
      }),
    ];
  }
  const found = [
    ...ofFiles(facts),
    ...recent(facts, rows, now),
    ...ofKinds(facts),
    ...covering(facts, rows, now),
  ];
  if (found.some(({ level }) => level !== "note")) return found;
  const last = Math.max(...facts.files.map((file) => file.last ?? 0));
  const what = `${count(facts.files.length, "log file")} read, the last line of ${iso(last)}`;
  return [finding("logs", "ok", { what }), ...found];
}

function ofFiles({ missing, warnings }: LogFacts): Finding[] {
  return [
    ...missing.map((name) =>
      finding("log-missing", "warning", {
        subject: name,
        what: `there is no file ${name}`,
        mend: `ls -l ${name}`,
      }),
    ),
    ...warnings.map((what) => {
      const [path = ""] = what.split(": ");
      const name = /: not read \(/.test(what)
        ? "log-unreadable"
        : /future/.test(what)
          ? "log-future"
          : "log-odd";
      const mend = name === "log-unreadable" ? `setfacl -m u:$(id -un):r ${path}` : `tail -n 3 ${path}`;
      return finding(name, "warning", { subject: path, what, mend });
    }),
  ];
}

function recent({ files }: LogFacts, rows: RowFacts | null, now: Instant): Finding[] {
  const stale = (kind: string): Finding[] => {
    const ofKind = files.filter(({ kinds, last }) => kinds.includes(kind) && last !== null);
    if (ofKind.length === 0) return [];
    const last = Math.max(...ofKind.map((file) => file.last ?? 0));
    const { path = "" } = ofKind.find((file) => file.last === last) ?? {};
    const newest = Math.min(rows?.newest ?? -Infinity, now);
    const isBehind = kind === "application" && newest - last > LATE;
    if (!isBehind && now - last <= SILENT) return [];
    return [
      finding("log-stale", "warning", {
        subject: path,
        what: `the newest line of the ${kind}'s log is ${age(now - last)} old${isBehind ? `, and a payment was made ${age(newest - last)} after it` : ""}`,
        why: "it is written elsewhere now, or read in a wrong zone (--log-timezone): what happened since is not seen",
        mend: `ls -lt ${path.replace(/[^/]*$/, "")}`,
      }),
    ];
  };
  return [...stale("application"), ...stale("worker")];
}

function ofKinds({ files }: LogFacts): Finding[] {
  const kinds = new Set(files.flatMap((file) => file.kinds));
  if (files.length === 0 || kinds.size === 0) return [];
  return (["application", "worker"] as const)
    .filter((kind) => !kinds.has(kind))
    .map((kind) => {
      const what = `none of the logs is the ${kind === "worker" ? "workers'" : "web process's"}`;
      const file = kind === "worker" ? "logs/celery.log" : "logs/gunicorn.log";
      const why = "with one of the two alone, few sales can be told apart";
      return finding("log-kinds", "note", { what, why, mend: `--evidence-log '${file}*'` });
    });
}

/** The oldest sale that can still be sent decides how far back they should reach. */
function covering({ wholeSince, files }: LogFacts, rows: RowFacts | null, now: Instant): Finding[] {
  const oldest = rows?.oldestStuck ?? null;
  // A sale of this hour may still be on its way, and a log's end is never quite now.
  if (oldest === null || files.length === 0 || now - oldest > ACCEPTED_FOR || now - oldest < HOUR) return [];
  const since = Math.max(wholeSince.application ?? Infinity, wholeSince.worker ?? Infinity);
  if (since <= oldest) return [];
  return [
    finding("log-covering", "warning", {
      what: Number.isFinite(since)
        ? `the logs are whole since ${iso(since)}, and the oldest stuck sale is ${age(since - oldest)} older`
        : "the logs are not known to be whole up to their end",
      why: "only where they are whole does an attempt that was not seen mean that there was none",
      mend: "PURCHASE_FIX_EVIDENCE_LOGS='logs/gunicorn.log* logs/celery.log*' # of every host, rotated parts too",
    }),
  ];
}
