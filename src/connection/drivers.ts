import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import { checkServerIdentity } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import type { Connection } from "../connection.js";
import type { Ssl } from "./tls.js";

/**
 * The connection in the words of `postgres()`. Everything is said, so that the driver does not look at PG*
 * variables itself; a password is a function, because an empty one would make it look.
 */
export function forPostgresJs(connection: Connection, applicationName = "purchase-fix") {
  const { host, port, database, user, ssl, options, socketPath } = connection;
  const opportunistic = ssl.mode === "prefer" || ssl.mode === "allow";
  return {
    host,
    port,
    database,
    user,
    password: () => connection.password?.reveal() ?? "",
    // libpq's `allow` asks for plain text first; TLS first is no weaker, and the driver's own `allow` insists on TLS.
    ssl: opportunistic ? ("prefer" as const) : tlsOptions(ssl),
    connect_timeout: connection.connectTimeoutMs / 1000,
    ...(socketPath === null
      ? { socket: () => withoutDelay(host, port, !opportunistic && ssl.mode !== "disable") }
      : { path: socketPath }),
    connection: { application_name: applicationName, ...(options === null ? {} : { options }) },
    // Named statements hang behind PgBouncer; the type query costs a round trip and we read text.
    prepare: false,
    fetch_types: false,
    // The driver would replace a connection after half an hour, and a lease would lose its session.
    max_lifetime: null,
    // The driver's default prints notices to stdout, where data goes.
    onnotice: () => {},
  };
}

/** The connection in the words of `new pg.Client()`; `allow` and `prefer` become encrypted: pg knows neither. */
export function forPg(connection: Connection, applicationName = "purchase-fix") {
  const { host, port, database, user, ssl, options } = connection;
  return {
    host,
    port,
    database,
    user,
    password: () => connection.password?.reveal() ?? "",
    ssl: tlsOptions(ssl),
    sslnegotiation: "postgres" as const,
    connectionTimeoutMillis: connection.connectTimeoutMs,
    application_name: applicationName,
    ...(options === null ? {} : { options }),
  };
}

/**
 * Connects through pg, and for `allow` and `prefer` once more in plain text where the server has no TLS:
 * what libpq does. A failed handshake is no reason: somebody in between could cause one.
 * @param open makes a client of the configuration and connects it
 */
export async function connectPg<Client>(
  connection: Connection,
  applicationName: string,
  open: (config: ReturnType<typeof forPg>) => Promise<Client>,
): Promise<Client> {
  const config = forPg(connection, applicationName);
  const { mode } = connection.ssl;
  if (mode !== "prefer" && mode !== "allow") return open(config);
  try {
    return await open(config);
  } catch (error) {
    // pg 8.23 has no code for this answer.
    if (!(error instanceof Error) || error.message !== noTls) throw error;
    return open({ ...config, ssl: false });
  }
}

function tlsOptions({ mode, ca, cert, key, servername }: Ssl): ConnectionOptions | false {
  if (mode === "disable") return false;
  const verified = mode === "verify-ca" || mode === "verify-full";
  return {
    rejectUnauthorized: verified,
    // Left alone, Node compares with "localhost" where a driver gives it neither name nor host.
    checkServerIdentity: (_, certificate) =>
      mode === "verify-full" ? checkServerIdentity(servername, certificate) : undefined,
    ...(isIP(servername) === 0 ? { servername } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key: key.reveal() }),
  };
}

/** pg's words for the answer of a server that has no TLS. */
const noTls = "The server does not support SSL connections";

/**
 * Nagle's algorithm costs a TLS connection 50 ms (64 instead of 12, measured); what is written meanwhile waits.
 * Where TLS is demanded, a server that answers `N` (it has none) hears nothing more: the driver would begin a handshake
 * all the same, and wait for the end of its time.
 */
function withoutDelay(host: string, port: number, demandsTls: boolean): Socket {
  const socket = Object.assign(connect({ host, port, noDelay: true }), { host, port });
  if (demandsTls) {
    socket.once("data", (answer: Buffer) => {
      if (answer[0] === "N".charCodeAt(0)) socket.destroy(new Error(noTls));
    });
  }
  return socket;
}
