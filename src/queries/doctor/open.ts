import type { Examiners, PoolFact } from "../../ports.js";
import type { Database } from "../database.js";
import { readIndexes } from "./indexes.js";
import { readJournal } from "./journal.js";
import { look } from "./look.js";
import { readAllPools } from "./pools.js";
import { readRows, storedAmong } from "./rows.js";
import { readServer } from "./server.js";
import { readShape } from "./shape.js";

/** What the doctor asks of the database. */
export type DatabaseExaminers = Pick<
  Examiners,
  "server" | "shape" | "index" | "journal" | "rows" | "storedAmong"
> & { pools(): Promise<Omit<PoolFact, "tokenFault">[] | null> };

/** Each check in a read-only transaction of its own, so that one that fails leaves the others alone. */
export function openDatabaseExaminers(
  database: Database,
  settings: {
    readonly place: string;
    readonly timeZone: string;
    readonly currency: string;
    readonly now: () => number;
  },
): DatabaseExaminers {
  const { place, timeZone, currency, now } = settings;
  return {
    server: () => look(database, (tx) => readServer(tx, place, now)),
    shape: () => look(database, readShape),
    index: () => readIndexes(database),
    journal: () => look(database, readJournal),
    rows: () => look(database, (tx) => readRows(tx, timeZone, currency)),
    storedAmong: (eventIds) => look(database, (tx) => storedAmong(tx, eventIds)),
    pools: () => look(database, readAllPools),
  };
}
