import type { EvidenceReader, HistoryReader, Journalled, SalesReader, Span } from "../ports.js";
import type { Account, Counted } from "../sales/account.js";
import { fateOf, groupings } from "../sales/account.js";
import type { CauseName } from "../sales/causes.js";
import { causeNames, causeOf } from "../sales/causes.js";
import type { Calendar } from "../sales/days.js";
import { calendarOf } from "../sales/days.js";
import { noEvidence } from "../sales/evidence.js";
import type { Evidence } from "../sales/evidence.js";
import { openGroups } from "../sales/grouped.js";
import { identify } from "../sales/identity.js";
import { restraintOf } from "../sales/restraint.js";
import type { Instant, Sale } from "../sales/sale.js";
import { DAY, paidMoment } from "../sales/sale.js";
import type { Policy } from "../sales/verdict.js";
import { wholesOf } from "./whole.js";

/** What an account is made of: rows, evidence and the journal. Nothing here can write or send. */
export interface AccountPorts {
  readonly sales: SalesReader;
  readonly evidence: EvidenceReader;
  readonly history: HistoryReader;
  readonly policy: Policy;
  readonly currency: string;
  /** In which days begin, and in which the shop's timestamps without zone are read. */
  readonly timeZone: string;
}

/** Whole days up to now, or a span; of `created_at` in either case, as everywhere. */
export type AccountWindow =
  | { readonly days: number }
  | { readonly since: Instant; readonly until: Instant | null };

/**
 * Counts each sale of the window once: those that are open, and those that the journal knows. Of open ones what counts is
 * held, since the journal may know them too; the others are read page by page and added up.
 */
export async function accountOf(ports: AccountPorts, window: AccountWindow): Promise<Account> {
  const { sales, history, policy, currency, timeZone } = ports;
  const now = await sales.now();
  const calendar = calendarOf(timeZone);
  const span = spanOf(window, now, calendar);
  const open = await openSales(ports, span, now, calendar);
  const groups = openGroups();
  await history.journalled(span, (sale) => {
    const one = open.get(sale.id);
    if (one === undefined) groups.add(countedOf(sale, policy, now, calendar));
    else if (one.cause === "unknown") open.set(sale.id, { ...one, cause: causeNamed(sale.cause) });
  });
  for (const one of open.values()) groups.add(one);
  const { count, amount } = await sales.outside(span, now);
  return {
    generatedAt: now,
    ...span,
    timeZone,
    currency,
    totals: groups.totals(),
    groups: Object.fromEntries(groupings.map((by) => [by, groups.of(by)])) as unknown as Account["groups"],
    outside: { count, amount },
  };
}

function spanOf(window: AccountWindow, now: Instant, calendar: Calendar): Span {
  if ("since" in window) return window;
  const today = Date.parse(`${calendar.dayOf(now)}T00:00Z`);
  const first = new Date(today - (window.days - 1) * DAY).toISOString().slice(0, 10);
  return { since: calendar.startOf(first), until: null };
}

async function openSales(
  { sales, evidence, policy }: AccountPorts,
  span: Span,
  now: Instant,
  calendar: Calendar,
): Promise<Map<number, Counted>> {
  const open = new Map<number, Counted>();
  const whole = wholesOf({ sales }, span)(now);
  for await (const page of (await sales.stuck(span)).pages()) {
    const found = await evidence.about(page, now, whole);
    for (const sale of page)
      open.set(sale.id, countedOpen(sale, found.get(sale.id) ?? noEvidence, policy, now, calendar));
  }
  return open;
}

/** Cause and pixel as `find-stuck` tells them. */
function countedOpen(
  sale: Sale,
  evidence: Evidence,
  policy: Policy,
  now: Instant,
  { dayOf }: Calendar,
): Counted {
  const { botId, botName, amount, status, flagged, metaEventId, createdAt } = sale;
  const trail = {
    lastEffect: evidence.reverted ? ("reverted" as const) : null,
    stands: false,
    accepted: false,
  };
  const standing = { status, flagged, hasId: metaEventId !== null, paidAt: paidMoment(sale), trail };
  // A deadline moves the end of a pause, and a pause is no fate: what is tried again soon is stuck.
  const { kind } = restraintOf({ sale, evidence, deadline: null }, policy, now);
  return {
    day: createdAt === null ? null : dayOf(createdAt),
    botId,
    botName,
    pixelId: identify(sale, evidence, policy.pixelId, policy.trustInferred).pixelId,
    cause: causeOf(evidence) ?? "unknown",
    fate: fateOf(standing, now, kind),
    amount,
  };
}

function countedOf(sale: Journalled, { pixelId }: Policy, now: Instant, { dayOf }: Calendar): Counted {
  const { botId, botName, amount, createdAt, pools, standing } = sale;
  return {
    day: createdAt === null ? null : dayOf(createdAt),
    botId,
    botName,
    pixelId: sale.pixelId ?? (pools === null ? pixelId : (pools[0]?.pixelId ?? null)),
    cause: causeNamed(sale.cause),
    fate: fateOf(standing, now),
    amount,
  };
}

/** What a later version calls a cause is not known to this one. */
function causeNamed(name: string | null): CauseName {
  return causeNames.find((known) => known === name) ?? "unknown";
}
