import type { Examined } from "../../src/doctor/diagnose.js";
import type {
  GraphFacts,
  IndexFacts,
  JournalFacts,
  LogFacts,
  PoolFact,
  RowFacts,
  ServerFacts,
  ShapeFacts,
} from "../../src/ports.js";

/*
 * A set-up in which all is well, as facts. A test says only what is special.
 */

export const now = Date.UTC(2026, 10, 26, 12);

export const server: ServerFacts = {
  place: "db:5432/shop as purchase_fix",
  version: "15.4",
  versionNumber: 150004,
  user: "purchase_fix",
  readOnly: null,
  clock: { before: now, at: now, after: now },
  zone: "UTC",
};

export const rows: RowFacts = {
  now,
  days: 7,
  newest: now - 60_000,
  newestIn: [],
  busy: 40,
  future: 0,
  paid: 200,
  flaggedWithoutTime: 0,
  withoutAmount: 0,
  idWithoutFlag: 0,
  idUnpaid: 0,
  oldestStuck: null,
  folded: { count: 0, amount: "0.00" },
  otherCurrency: null,
  botsWithoutPool: [],
};

export const index: IndexFacts = {
  table: "payments",
  rows: 10_000_000,
  clicks: false,
  indexes: [
    {
      name: "payments_stuck",
      valid: true,
      predicate: "(((status)::text = 'paid'::text) AND meta_purchase_sent AND (meta_event_id IS NULL))",
      first: "created_at",
    },
  ],
  stuck: 8_000,
};

export const journal: JournalFacts = {
  version: 3,
  known: 3,
  role: "purchase_fix",
  mayCreate: false,
  away: null,
  usage: true,
  lacking: [],
  keeps: [],
};

export const pool: PoolFact = {
  id: 6,
  name: "Loja",
  pixelId: "111",
  hasToken: true,
  on: true,
  testEventCode: false,
  bots: [19],
  tokenFault: null,
};

export const graph: GraphFacts = {
  host: "graph.facebook.com",
  version: "v26.0",
  clock: { before: now, at: now, after: now },
  versionWarning: null,
  versionRefused: null,
  unreached: null,
  pixels: [],
  skipped: 0,
};

export const logs: LogFacts = {
  zone: "America/Sao_Paulo",
  missing: [],
  files: [
    { path: "logs/gunicorn.log", kinds: ["application"], last: now - 60_000 },
    { path: "logs/celery.log", kinds: ["worker"], last: now - 60_000 },
  ],
  warnings: [],
  wholeSince: { application: now - 9 * 86_400_000, worker: now - 9 * 86_400_000 },
  storedBeforeQueued: 0,
  refused: [],
};

export const shape: ShapeFacts = {
  tables: ["payments", "bots"].map((table) => ({
    table,
    owned: false,
    insert: false,
    delete: false,
    truncate: false,
    filtered: false,
  })),
  columns: [],
  role: {
    name: "purchase_fix",
    superuser: false,
    bypassesRowSecurity: false,
    createsRoles: false,
    readsXmin: true,
  },
};

export const examined: Examined = {
  now,
  timeZone: "America/Sao_Paulo",
  currency: "BRL",
  hasConfiguredPixel: false,
  settings: { settings: [], warnings: [], passwordFrom: null, metrics: null },
  cron: null,
  server: { known: server },
  shape: null,
  index: { known: index },
  journal: { known: journal },
  rows: { known: rows },
  pools: { known: { pools: [pool], lack: null } },
  graph: { known: graph },
  celery: { known: null },
  logs: { known: logs },
  storedThoughRefused: 0,
};
