import type { LoggedAttempt } from "../../sales/logged.js";
import { MINUTE } from "../../sales/sale.js";
import { Bearers } from "./bearers.js";
import { attemptOf } from "./attempt.js";
import { draftOf, type Draft } from "./draft.js";
import type { LogEvent } from "./event.js";
import { push } from "./only-possible.js";
import { requestsOf } from "./requests.js";
import type { Expected } from "./neighbours.js";
import { storiesOf, type TaskStory } from "./runs.js";

/** What lines of all logs come to. */
export interface Tied {
  readonly attempts: readonly LoggedAttempt[];
  /** Lines of ours that could not be tied to one attempt with certainty, by what they say. */
  readonly untied: ReadonlyMap<LogEvent["kind"], number>;
  /** Lines of workers that tell of runs of Purchases, and not of which event: they may be anybody's. */
  readonly nobodysRuns: readonly LogEvent[];
}

/** Clocks of two hosts differ by so much at most. */
const CLOCKS = MINUTE;

/**
 * Ties the events of all logs, of all runs so far: sale, event id, task id, outcome. Pure; the order of the events does
 * not matter, except among lines of one file.
 */
export function tie(events: readonly LogEvent[]): Tied {
  const inOrder = events.toSorted((a, b) => a.at - b.at);
  const application = inOrder.filter((event) => event.log === "application");
  const worker = inOrder.filter((event) => event.log === "worker");
  const { requests, untied } = requestsOf(application);
  const drafts = requests.map((request) => draftOf(request));
  const { tasks, loose } = storiesOf(worker, expectedOf(drafts));
  const bearers = new Bearers(drafts);
  const unclaimed = claimByTask(drafts, tasks);
  const byEvent = new Map<string, Draft[]>();
  for (const draft of drafts) push(byEvent, draft.eventId ?? "", draft);
  const adopt = (draft: Draft | null): void => {
    if (draft === null) return;
    drafts.push(draft);
    push(byEvent, draft.eventId ?? "", draft);
  };
  for (const story of unclaimed) adopt(adoptedStory(story, byEvent, bearers));
  for (const line of loose.filter(isProof)) adopt(adoptedProof(line, byEvent, bearers));
  const nobodysRuns = [
    ...unclaimed.filter((story) => eventIdOf(story) === null).flatMap(linesOf),
    ...loose.filter((line) => line.eventId === undefined),
  ].filter(({ kind }) => !ofAnyTask.has(kind));
  const around = {
    holes: worker.filter(({ kind }) => kind === "unseen"),
    failed: application.filter(({ kind }) => kind === "not-queued" || kind === "queued"),
  };
  const counts = new Map<LogEvent["kind"], number>();
  for (const { kind } of [...untied, ...loose.filter((line) => !isProof(line))])
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const attempts = drafts.flatMap((draft) => attemptOf(draft, around) ?? []);
  return { attempts: attempts.toSorted((a, b) => a.at - b.at), untied: counts, nobodysRuns };
}

/** Celery's own lines, which page views have too: a Purchase's run says more. */
const ofAnyTask = new Set<LogEvent["kind"]>(["received", "succeeded", "retrying", "raised"]);

export function attemptsFrom(events: readonly LogEvent[]): readonly LoggedAttempt[] {
  return tie(events).attempts;
}

function expectedOf(drafts: readonly Draft[]): Map<string, Expected> {
  return new Map(
    drafts.flatMap(({ taskId, eventId, pixelId, request: { queued } }) =>
      taskId === null || queued === undefined
        ? []
        : [[taskId, { queuedAt: queued.at, eventId, pixelId }] as const],
    ),
  );
}

function claimByTask(drafts: readonly Draft[], tasks: ReadonlyMap<string, TaskStory>): TaskStory[] {
  const rest = new Map(tasks);
  for (const draft of drafts) {
    const story = draft.taskId === null ? undefined : tasks.get(draft.taskId);
    if (!story) continue;
    draft.story = story;
    draft.eventId ??= eventIdOf(story);
    rest.delete(story.taskId);
  }
  return [...rest.values()];
}

type ByEvent = ReadonlyMap<string, readonly Draft[]>;

/**
 * A task whose "queued" line is missing: its sale is known only where one sale alone bears its event id. Becomes part of
 * an attempt that was about to queue it, or is an attempt of its own.
 */
function adoptedStory(story: TaskStory, byEvent: ByEvent, bearers: Bearers): Draft | null {
  const eventId = eventIdOf(story);
  if (eventId === null) return null;
  const first = Math.min(...linesOf(story).map((line) => line.at));
  const owner = bearers.only(eventId);
  const waiting = (byEvent.get(eventId) ?? []).findLast(
    ({ taskId, request, at }) =>
      taskId === null &&
      request.data !== undefined &&
      request.notQueued === undefined &&
      at <= first + CLOCKS,
  );
  if (owner === null || waiting === undefined)
    return draftOf({}, { story, eventId, at: first, ...bearers.idsOf(owner) });
  waiting.story = story;
  waiting.taskId = story.taskId;
  waiting.byEventId = true;
  return null;
}

function isProof({ kind, eventId, received = 0 }: LogEvent): boolean {
  return kind === "accepted" && eventId !== undefined && received > 0;
}

/** `SUCCESS` beside no task's end: proof for a sale where its event id is of that sale alone. */
function adoptedProof(line: LogEvent, byEvent: ByEvent, bearers: Bearers): Draft | null {
  const { eventId = "", at } = line;
  const owner = bearers.only(eventId);
  const own = (byEvent.get(eventId) ?? []).findLast((draft) => draft.at <= at + CLOCKS);
  if (owner === null || own === undefined)
    return { ...draftOf({}, { eventId, at, ...bearers.idsOf(owner) }), accepted: [line] };
  own.accepted.push(line);
  if (own.request.sent === undefined) own.byEventId = true;
  return null;
}

function linesOf({ runs, received }: TaskStory): LogEvent[] {
  return [...received, ...runs.flatMap(({ end, lines }) => (end === null ? lines : [...lines, end]))];
}

function eventIdOf(story: TaskStory): string | null {
  const ids = new Set(linesOf(story).flatMap(({ eventId }) => (eventId === undefined ? [] : [eventId])));
  const [id = null] = ids;
  return ids.size === 1 ? id : null;
}
