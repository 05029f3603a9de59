import type { ServerFacts } from "../../ports.js";
import type { Tx } from "../database.js";

/** Version, clock and kind of the server. `reset_val` is what a session has that, other than ours, sets no zone. */
export async function readServer(tx: Tx, place: string, now: () => number): Promise<ServerFacts> {
  const [row] = await tx<
    { version: string; number: string; user: string; standby: boolean; read_only: string; zone: string }[]
  >`
    select current_setting('server_version') as version, current_setting('server_version_num') as number,
           current_user::text as "user", pg_is_in_recovery() as standby,
           current_setting('default_transaction_read_only') as read_only,
           (select s.reset_val from pg_catalog.pg_settings s where s.name = 'TimeZone') as zone`;
  if (row === undefined) throw new RangeError("a server without a version");
  const before = now();
  const [clock] = await tx<
    { at: string }[]
  >`select (extract(epoch from clock_timestamp()) * 1000)::text as at`;
  const after = now();
  return {
    place,
    version: row.version.split(" ")[0] ?? row.version,
    versionNumber: Number(row.number),
    user: row.user,
    readOnly: row.standby ? "standby" : row.read_only === "on" ? "default" : null,
    clock: { before, at: Math.floor(Number(clock?.at)), after },
    zone: row.zone,
  };
}
