/** What a line of the password file is looked up by. Several host names match for a unix socket. */
export interface Login {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * The password of the first line that matches, by libpq's rules ("The Password File"): five fields separated
 * by colons, `*` matches everything, a backslash takes the next character literally, # begins a comment.
 */
export function findPassword(passfile: string, login: Login): string | null {
  for (const line of passfile.split("\n")) {
    if (line.startsWith("#")) continue;
    const [host, port, database, user, password] = fieldsOf(line.replace(/\r+$/, ""));
    if (
      login.hosts.some((name) => matches(host, name)) &&
      matches(port, String(login.port)) &&
      matches(database, login.database) &&
      matches(user, login.user)
    ) {
      return password === undefined || password === "" ? null : unescape(password);
    }
  }
  return null;
}

function fieldsOf(line: string): string[] {
  return [...line.matchAll(/((?:\\.|[^:\\]|\\$)*)(?::|$)/g)].map(([, field = ""]) => field);
}

function matches(field: string | undefined, value: string): boolean {
  return field !== undefined && (field === "*" || unescape(field) === value);
}

function unescape(field: string): string {
  return field.replace(/\\(.)/g, "$1");
}
