import type { LogFacts, RowFacts } from "../ports.js";
import { showAmount } from "../sales/money.js";
import type { Finding } from "./finding.js";
import { count, findingsOf } from "./finding.js";

const finding = findingsOf("application");

/** One odd row is a slip of somebody's; as many are a habit of the application's. */
const HABIT = 3;

/** What is known of what the application does today. */
export interface Signs {
  readonly rows: RowFacts;
  readonly logs: LogFacts | null;
  /** Sales stored as sent whose event Meta refused, or which never left. */
  readonly storedThoughRefused: number;
  readonly currency: string;
}

/** Does the application still do what this program takes for granted? */
export function judgeDrift(signs: Signs): Finding[] {
  const { rows, currency } = signs;
  const found = [...earlyId(signs), ...folded(signs), ...oddRows(rows, currency)];
  if (found.length > 0) return found;
  const what = `${count(rows.paid, "paid sale")} of the last ${rows.days} days: ids are stored after sending, and are each a sale's own`;
  return [finding("id-before-send", "ok", { what })];
}

/**
 * Where the id is stored before the event is sent, a sale that never arrived has one too: "without an id" then finds
 * nothing, and that looks like health.
 */
function earlyId({ rows, logs, storedThoughRefused }: Signs): Finding[] {
  const { idWithoutFlag, idUnpaid } = rows;
  const signs = [
    [
      logs?.storedBeforeQueued ?? 0,
      1,
      "event ids were stored before they were queued, by the web process's log",
    ],
    [storedThoughRefused, 1, "sales bear an event id that Meta refused or that never left, by the logs"],
    [idWithoutFlag, HABIT, "paid sales have an event id and no flag"],
    [idUnpaid, HABIT, "sales have an event id before they were paid"],
  ] as const;
  const seen = signs
    .filter(([number, least]) => number >= least)
    .map(([number, , words]) => `${number} ${words}`);
  if (seen.length === 0) return [];
  return [
    finding("id-before-send", "warning", {
      what: `the application seems to store meta_event_id before it sends: ${seen.join("; ")}`,
      why: "then a sale without an id is none that was lost: find-stuck finds nothing, and that is no good news",
      mend: "grep -rn meta_event_id --include='*.py' . # in the application: store it only after events_received > 0",
    }),
  ];
}

function folded({ rows, currency }: Signs): Finding[] {
  const { count: number, amount } = rows.folded;
  if (number === 0) return [];
  return [
    finding("shared-event-ids", "warning", {
      what: `${number} of ${count(rows.paid, "paid sale")} of the last ${rows.days} days bear the event id of an earlier one (${showAmount(amount, currency)}): Meta folded each into that one`,
      why: "they are stored as sent, and were never counted: one page view's id for two purchases of one click",
      mend: "in the application: send event_id = 'purchase_' || id for every sale of a click but its first",
    }),
  ];
}

function oddRows(rows: RowFacts, currency: string): Finding[] {
  const { flaggedWithoutTime, withoutAmount, otherCurrency, botsWithoutPool, days } = rows;
  const odd: Finding[] = [];
  const push = (name: string, words: Parameters<typeof finding>[2]) =>
    odd.push(finding(name, "warning", words));
  if (flaggedWithoutTime > 0)
    push("flag-without-time", {
      what: `${count(flaggedWithoutTime, "stuck sale")} of the last ${days} days ${flaggedWithoutTime === 1 ? "has" : "have"} no meta_purchase_sent_at`,
      why: "how long its own task may run yet is reckoned from updated_at, then from the payment",
      mend: "select id, payment_id, updated_at from payments where status = 'paid' and meta_purchase_sent and meta_event_id is null and meta_purchase_sent_at is null;",
    });
  if (withoutAmount > 0)
    push("sales-without-amount", {
      what: `${count(withoutAmount, "paid sale")} of the last ${days} days ${withoutAmount === 1 ? "has" : "have"} no amount above zero`,
      why: "Meta takes no Purchase without a value: they are unsendable",
      mend: "select id, payment_id, amount from payments where status = 'paid' and (amount is null or amount <= 0);",
    });
  if (otherCurrency !== null && otherCurrency > 0)
    push("sales-in-other-currency", {
      what: `${count(otherCurrency, "paid sale")} of the last ${days} days ${otherCurrency === 1 ? "is" : "are"} not in ${currency}, or name no currency`,
      why: "every event is sent in the configured currency",
      mend: "select currency, count(*) from payments where status = 'paid' group by currency;",
    });
  if (botsWithoutPool.length > 0)
    push("bot-without-pool", {
      what: `bots with paid sales and no enabled pool: ${botsWithoutPool.join(", ")}`,
      why: "neither the application nor resend sends their sales",
      mend: `insert into pool_bots (pool_id, bot_id, is_enabled) values (…, ${botsWithoutPool[0] ?? ""}, true);`,
    });
  return odd;
}
