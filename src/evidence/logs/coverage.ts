import type { LoggedSpan } from "../../sales/logged.js";
import { MINUTE } from "../../sales/sale.js";
import { QUIET } from "./clock.js";
import type { LogEvent, LogName } from "./event.js";
import { push } from "./only-possible.js";
import type { FileStats } from "./scan.js";

/** When each kind of log is known whole: only inside such a span does "no attempt was seen" mean something. */
export interface Coverage {
  readonly application: readonly LoggedSpan[];
  readonly worker: readonly LoggedSpan[];
}

/**
 * From the stats of all runs so far, and all events. Conservative: a log that is silent for ten minutes, a part that is
 * missing or damaged, a line of ours that could not be read, a worker whose log is not among them: not covered.
 */
export function coverage(stats: readonly FileStats[], events: readonly LogEvent[]): Coverage {
  const worker = spansOf("worker", stats, events);
  const absent = ranUnseen(events);
  const unasked = sentUnseen(events);
  return {
    application: spansOf("application", stats, events).filter(
      ({ from, to }) => !unasked.some((at) => at > from + RETRIES && at <= to),
    ),
    worker: worker.filter(({ from, to }) => !absent.some((at) => at >= from && at <= to)),
  };
}

/** A task that was queued before a log begins may run so much later, after a few answers 5xx. */
const RETRIES = 20 * MINUTE;

/** Purchases that Meta accepted, and whose event no web process built: the log of one is missing. */
function sentUnseen(events: readonly LogEvent[]): number[] {
  const built = new Set(events.flatMap((one) => (one.log === "application" ? (one.eventId ?? []) : [])));
  return events.flatMap(({ log, kind, eventId, at }) =>
    log === "worker" && kind === "accepted" && eventId !== undefined && !built.has(eventId) ? [at] : [],
  );
}

/** Where every log of this name is whole: two hosts have two logs, and an attempt may stand in either. */
function spansOf(log: LogName, stats: readonly FileStats[], events: readonly LogEvent[]): LoggedSpan[] {
  const lineages = new Map<string, FileStats[]>();
  for (const one of stats) if (one.logs.includes(log)) push(lineages, one.lineage, one);
  const each = [...lineages].map(([lineage, parts]) => {
    const own = events.filter((event) => event.log === log && event.lineage === lineage);
    // A log that is written at a level which hides these lines tells nothing by not having them.
    const speaks = own.some(({ kind }) => kind === "queueing" || kind === "received");
    return speaks ? without(joined(parts), holes(parts, own)) : [];
  });
  return each.length === 0 ? [] : each.reduce(intersection);
}

/** Parts that follow one another without a byte between: in one file by offset, across files by name. */
function joined(parts: readonly FileStats[]): LoggedSpan[] {
  const spans: { from: number; to: number; id: string; end: number }[] = [];
  for (const { id, follows, from, to, first, last } of parts.toSorted(
    (a, b) => (a.first ?? 0) - (b.first ?? 0),
  )) {
    if (first === null || last === null) continue;
    const before = spans.find(
      (span) =>
        (span.id === id && span.end === from && from > 0) || (follows !== null && span.id === follows),
    );
    if (before) Object.assign(before, { to: Math.max(before.to, last), id, end: to });
    else spans.push({ from: first, to: last, id, end: to });
  }
  return spans.map(({ from, to }) => ({ from, to }));
}

function holes(parts: readonly FileStats[], events: readonly LogEvent[]): LoggedSpan[] {
  const inOrder = parts
    .filter((part) => part.first !== null)
    .toSorted((a, b) => (a.first ?? 0) - (b.first ?? 0));
  const between = inOrder.slice(1).map((part, at) => ({ from: inOrder[at]?.last ?? 0, to: part.first ?? 0 }));
  const unseen = events.filter(({ kind }) => kind === "unseen").map(({ at }) => ({ from: at, to: at }));
  const quiet = [
    ...parts.flatMap((part) => part.quiet),
    ...between.filter(({ from, to }) => to - from > QUIET),
  ];
  return [...quiet, ...unseen].toSorted((a, b) => a.from - b.from);
}

function without(spans: readonly LoggedSpan[], cuts: readonly LoggedSpan[]): LoggedSpan[] {
  let rest = [...spans];
  for (const cut of cuts) {
    rest = rest.flatMap((span) => {
      if (cut.to < span.from || cut.from > span.to) return [span];
      const pieces = [
        { from: span.from, to: cut.from },
        { from: cut.to, to: span.to },
      ];
      return pieces.filter(({ from, to }) => to > from);
    });
  }
  return rest;
}

function intersection(some: readonly LoggedSpan[], others: readonly LoggedSpan[]): LoggedSpan[] {
  return some.flatMap((a) =>
    others
      .map((b) => ({ from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }))
      .filter(({ from, to }) => to > from),
  );
}

/** Tasks that ran, since the web process had their answer, and of which no worker's log has a line: one is missing. */
function ranUnseen(events: readonly LogEvent[]): number[] {
  const seen = new Set(events.flatMap((event) => (event.log === "worker" ? (event.taskId ?? []) : [])));
  const taskOf = new Map(
    events.flatMap((one) => (one.kind === "queued" ? [[one.eventId, one.taskId] as const] : [])),
  );
  return events.flatMap((event) => {
    const timedOut = event.kind === "wait-failed" && /timed out|timeout/i.test(event.words ?? "");
    const answered =
      event.kind === "sent" || event.kind === "returned-nothing" || event.kind === "wait-failed";
    const task = event.taskId ?? taskOf.get(event.eventId);
    return answered && !timedOut && task !== undefined && !seen.has(task) ? [event.at] : [];
  });
}
