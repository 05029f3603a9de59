/** One setting as the README, `.env.example` and errors know it. */
export interface Setting {
  readonly variable: string;
  /** The option that overrides it; no password, key or token has one, for a process list shows options to everybody. */
  readonly flag: string | null;
  /** What holds without it; null where there is nothing. */
  readonly default: string | null;
  readonly purpose: string;
}

/** Every variable that is read: the one table that README, `.env.example` and the code are checked against. */
export const settings = [
  row("DATABASE_URL", null, null, "the shop's PostgreSQL: postgresql://user:password@host:5432/database"),
  row("PGHOST", null, null, "instead of DATABASE_URL, or for what it leaves out: host or socket folder"),
  row("PGHOSTADDR", null, null, "address to connect to, PGHOST being the name in the certificate"),
  row("PGPORT", null, "5432", "port"),
  row("PGDATABASE", null, "the user's name", "database"),
  row("PGUSER", null, "the system's user", "user"),
  row("PGPASSWORD", null, null, "password"),
  row("PGPASSFILE", null, "~/.pgpass", "password file; ignored where others can read it"),
  row("PGSSLMODE", null, "prefer", "disable, allow, prefer, require, verify-ca or verify-full, as in libpq"),
  row("PGSSLROOTCERT", null, "~/.postgresql/root.crt", "authorities to trust, or system"),
  row("PGSSLCERT", null, "~/.postgresql/postgresql.crt", "client certificate"),
  row("PGSSLKEY", null, "~/.postgresql/postgresql.key", "its key"),
  row("PGCONNECT_TIMEOUT", null, "10", "seconds to wait for a connection; 0 waits for ever"),
  row("PGOPTIONS", null, null, "server settings such as -c search_path=shop; PgBouncer may refuse them"),
  row("PURCHASE_FIX_DB_TIMEZONE", "--db-timezone", "America/Sao_Paulo", "zone of timestamps without one"),
  row("PURCHASE_FIX_CURRENCY", "--currency", "BRL", "currency of the amounts"),
  row("ENCRYPTION_KEY", null, null, "the application's Fernet key: decrypts the pools' access tokens"),
  row("META_PIXEL_ID", "--pixel-id", null, "pixel, for shops without pools; needs an access token"),
  row("META_ACCESS_TOKEN", null, null, "access token of META_PIXEL_ID"),
  row("META_ACCESS_TOKEN_FILE", "--access-token-file", null, "file that holds it instead"),
  row(
    "META_GRAPH_URL",
    "--graph-url",
    "https://graph.facebook.com",
    "Meta's Graph; https, or http on loopback",
  ),
  row("META_GRAPH_VERSION", "--graph-version", "v26.0", "version of the Graph API"),
  row("PURCHASE_FIX_NO_BROWSER_PIXEL", "--no-browser-pixel", "false", "true: the delivery page has no pixel"),
  row(
    "PURCHASE_FIX_MAX_ATTEMPTS",
    "--max-attempts",
    "8",
    "tries of one sale in vain after which windows leave it in quarantine",
  ),
  row(
    "CELERY_BROKER_URL",
    null,
    "the application's own",
    "Celery's broker; asked natively where it is a Redis",
  ),
  row("CELERY_RESULT_BACKEND", null, "database 1 of the broker's Redis", "where Celery keeps task results"),
  row(
    "REDIS_URL",
    null,
    null,
    "the application's Redis: tracking data; its broker too, where CELERY_BROKER_URL is not set",
  ),
  row("PURCHASE_FIX_CELERY_QUEUES", null, "celery", "queues to look at beside those that the workers name"),
  row("PURCHASE_FIX_CELERY_KEYPREFIX", null, null, "Celery's global_keyprefix in Redis"),
  row(
    "PURCHASE_FIX_RABBITMQ_API",
    null,
    null,
    "RabbitMQ's management: http://user:password@host:15672/vhost",
  ),
  row(
    "PURCHASE_FIX_EVIDENCE_LOGS",
    "--evidence-log",
    null,
    "logs of the application and its workers, with spaces between; * in a name",
  ),
  row(
    "PURCHASE_FIX_LOG_TIMEZONE",
    "--log-timezone",
    null,
    "zone of the clocks that wrote them; else this host's",
  ),
  row("PURCHASE_FIX_CELERY_APP", "--celery-app", "celery_app", "the module that celery -A is given"),
  row("PURCHASE_FIX_CELERY_BIN", "--celery-bin", "celery", "the celery program"),
  row(
    "PURCHASE_FIX_PING_URL",
    "--ping-url",
    null,
    "healthchecks.io or its like: pinged at the start and end of an unattended run",
  ),
  row(
    "PURCHASE_FIX_NOTIFY_URL",
    "--notify-url",
    null,
    "Slack-compatible webhooks, or Telegram's sendMessage with its chat_id, with spaces between",
  ),
  row("PURCHASE_FIX_METRICS_FILE", "--metrics-file", null, "written for node_exporter's textfile collector"),
  row("PURCHASE_FIX_CELERY_CWD", "--celery-cwd", null, "folder that celery is run in"),
] as const;

export type Variable = (typeof settings)[number]["variable"];

function row<V extends string>(
  variable: V,
  flag: string | null,
  fallback: string | null,
  purpose: string,
): Setting & { readonly variable: V } {
  return { variable, flag, default: fallback, purpose };
}
