import type { LedgerEntry } from "../demo/graph/start.js";

/** What is to be seen after cron has run the job for some minutes. */
export interface Seen {
  /** Before there was anything to do. */
  readonly early: { readonly mails: number; readonly pings: number };
  /** Sales whose event id is known, and those of which nobody can tell. */
  readonly sold: { readonly known: readonly number[]; readonly unknown: readonly number[] };
  readonly rows: readonly { readonly id: number; readonly event: string | null }[];
  readonly ledger: readonly LedgerEntry[];
  readonly isLockHeld: boolean;
  readonly mails: readonly string[];
  readonly heard: readonly { readonly path: string; readonly body: string }[];
  readonly metrics: string;
  readonly secrets: readonly string[];
  readonly minutes: number;
}

/** What is promised of an unattended run, and whether it was kept. */
export function promises(seen: Seen): (readonly [string, boolean])[] {
  const { early, sold, rows, ledger, mails, heard, metrics } = seen;
  const counted = ledger.filter((entry) => entry.counted);
  const [known, unknown] = [sold.known, sold.unknown].map((ids) => rows.filter(({ id }) => ids.includes(id)));
  const [starts, ends, posts] = [/\/start$/, /\/ping\/.*\/\d+$/, /^\/services\//].map((path) =>
    heard.filter((one) => path.test(one.path)),
  );
  const gauge = (name: string) => Number(new RegExp(`^purchase_fix_${name} (\\S+)$`, "m").exec(metrics)?.[1]);
  const told = [...mails, metrics, ...heard.map(({ body }) => body)].join("\n");
  return [
    ["cron ran the job every minute", (starts?.length ?? 0) >= seen.minutes],
    ["each start was followed by its end", starts?.length === ends?.length],
    ["no run failed", ends?.every(({ path }) => /\/[01]$/.test(path)) === true],
    ["nothing was mailed while there was nothing to do", early.pings > 0 && early.mails === 0],
    ["mail came when something was done", mails.length > 0 && mails.length < (ends?.length ?? 0)],
    [
      "each mail is the line of the summary",
      mails.every((mail) => mail.split("\n").every((line) => line.startsWith("reconcile: "))),
    ],
    ["somebody was told of the money, and of the person needed", (posts?.length ?? 0) > 0],
    ["no secret stands in mail, ping, message or metrics", !seen.secrets.some((one) => told.includes(one))],
    ["every sale that may be sent is confirmed", known?.every(({ event }) => event !== null) === true],
    [
      "each of them counts once at Meta, and nothing else does",
      known?.every(({ event }) => counted.filter(({ eventId }) => eventId === event).length === 1) === true &&
        counted.length === known.length,
    ],
    ["what nobody can tell was left to a person", unknown?.every(({ event }) => event === null) === true],
    ["the metrics say how many need one", gauge("needs_person_sales") === sold.unknown.length],
    ["the metrics are of the last minute", Date.now() / 1000 - gauge("last_success_timestamp_seconds") < 90],
    ["no lock is left", !seen.isLockHeld],
  ];
}
