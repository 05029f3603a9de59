import { KnownError } from "../errors.js";
import type { Secret } from "../redact.js";
import { readAnswer } from "./answers.js";
import { runChild } from "./child.js";
import { EX_NO_REPLY, SEND_TASK, splitWords } from "./inspect.js";
import { list } from "./json.js";
import { ask, type Polled } from "./pidbox.js";
import type { Place } from "./place.js";

/** Workers by whether they know the task that sends. */
export interface Registered {
  readonly having: readonly string[];
  readonly lacking: readonly string[];
}

/** Asks the workers over Redis which tasks they know; only names come back. */
export async function askRegistered(place: Place, timeoutMs: number): Promise<Registered> {
  const polled = await ask(place, ["registered"], timeoutMs);
  return sorted((polled.answers as Answer)["registered"] ?? {});
}

type Answer = Polled["answers"] & { readonly registered?: Readonly<Record<string, unknown>> };

/** Names stand as `app.task`, or `app.task [rate_limit=…]`. */
function sorted(answer: Readonly<Record<string, unknown>>): Registered {
  const nodes = Object.keys(answer).toSorted();
  const has = (node: string): boolean =>
    (list(answer[node]) ?? []).some((task) => new RegExp(`(^|\\.)${SEND_TASK}( |$)`).test(String(task)));
  return { having: nodes.filter(has), lacking: nodes.filter((node) => !has(node)) };
}

export interface RegisteredCommand {
  /** One word or several, as for `celeryCommand`. */
  readonly binary: string;
  readonly app: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly brokerUrl: Secret | null;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The same by the application's `celery`. Silence is no answer, and so is an empty one. */
export async function commandRegistered({
  binary,
  app,
  brokerUrl,
  env,
  ...rest
}: RegisteredCommand): Promise<Registered> {
  const [file = "celery", ...before] = splitWords(binary);
  const end = await runChild({
    ...rest,
    file,
    args: [...before, "-A", app, "inspect", "registered", "--json"],
    env: brokerUrl === null ? env : { ...env, CELERY_BROKER_URL: brokerUrl.reveal() },
  });
  if (end.kind === "exited" && end.code === EX_NO_REPLY) return { having: [], lacking: [] };
  const answer = end.kind === "exited" && end.code === 0 ? readAnswer(end.stdout) : null;
  if (answer === null) throw new KnownError({ what: "celery did not tell which tasks are registered" });
  return sorted(answer);
}
