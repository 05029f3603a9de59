import type {
  CeleryFacts,
  CronFacts,
  GraphFacts,
  IndexFacts,
  JournalFacts,
  LogFacts,
  PoolsFacts,
  RowFacts,
  ServerFacts,
  SettingsFacts,
  ShapeFacts,
  Told,
} from "../ports.js";
import type { Instant } from "../sales/sale.js";
import { judgeClickIndex } from "./click-index.js";
import { judgeCelery } from "./celery.js";
import { judgeCron, judgeSettings } from "./configuration.js";
import { judgeColumns, judgeServer } from "./database.js";
import { judgeDrift } from "./drift.js";
import type { Family, Finding } from "./finding.js";
import { families, findingsOf, unknown } from "./finding.js";
import { judgeGraph } from "./graph.js";
import { judgeJournal } from "./journal.js";
import { judgeLogs } from "./logs.js";
import { judgePools } from "./pools.js";
import { judgePrivileges } from "./privileges.js";
import { judgeIndex } from "./stuck-index.js";
import { judgeDatabaseClock, judgeGraphClock, judgeZone } from "./time.js";

/** All that was found out; null is what this invocation has not got, and what nobody could look at for want of a database. */
export interface Examined {
  readonly now: Instant;
  readonly timeZone: string;
  readonly currency: string;
  readonly hasConfiguredPixel: boolean;
  readonly settings: SettingsFacts;
  readonly cron: CronFacts | null;
  readonly server: Told<ServerFacts>;
  readonly shape: Told<ShapeFacts> | null;
  readonly index: Told<IndexFacts> | null;
  readonly journal: Told<JournalFacts> | null;
  readonly rows: Told<RowFacts> | null;
  readonly pools: Told<PoolsFacts | null> | null;
  readonly graph: Told<GraphFacts> | null;
  readonly celery: Told<CeleryFacts | null>;
  readonly logs: Told<LogFacts | null>;
  readonly storedThoughRefused: number;
}

/** Every check, in the families' order. Pure: facts in, findings out. */
export function diagnose(examined: Examined): Finding[] {
  const { now, server, shape, rows, pools, graph, celery, logs, cron } = examined;
  const knownRows = knownOf(rows);
  const found = [
    ...judgeSettings(examined.settings),
    ...(cron === null ? [] : judgeCron(cron)),
    ...("known" in server ? judgeServer(server.known) : [unreached(server.trouble)]),
    ...told("database", "columns", shape, judgeColumns),
    ...told("database", "stuck-index", examined.index, (facts) => [
      ...judgeIndex(facts),
      ...judgeClickIndex(facts),
    ]),
    ...told("privileges", "privileges", shape, judgePrivileges),
    ...("known" in server ? [judgeDatabaseClock(server.known)] : []),
    ...(graph !== null && "known" in graph ? judgeGraphClock(graph.known) : []),
    ...(knownRows !== null && "known" in server ? judgeZone(knownRows, server.known, examined.timeZone) : []),
    ...told("journal", "journal-schema", examined.journal, judgeJournal),
    ...told("pools", "pools", pools, (known) => judgePools(known, examined.hasConfiguredPixel)),
    ...told("meta", "graph-reachable", graph, (known) => judgeGraph(known, now)),
    ...told("celery", "celery-reachable", celery, judgeCelery),
    ...told("logs", "logs", logs, (known) => judgeLogs(known, knownRows, now)),
    ...told("application", "rows", rows, (known) =>
      judgeDrift({
        rows: known,
        logs: knownOf(logs),
        storedThoughRefused: examined.storedThoughRefused,
        currency: examined.currency,
      }),
    ),
  ];
  const order = Object.keys(families);
  return found.toSorted((a, b) => order.indexOf(a.family) - order.indexOf(b.family));
}

function knownOf<T>(told: Told<T> | null): T | null {
  return told !== null && "known" in told ? told.known : null;
}

function told<T>(
  family: Family,
  name: string,
  fact: Told<T> | null,
  judge: (known: T) => Finding[],
): Finding[] {
  if (fact === null) return [];
  return "known" in fact ? judge(fact.known) : [unknown(family, name, fact.trouble)];
}

function unreached({
  what,
  why,
  next,
}: {
  what: string;
  why?: string | undefined;
  next?: string | undefined;
}) {
  return findingsOf("database")("database-reachable", "fault", { what, why, mend: next });
}
