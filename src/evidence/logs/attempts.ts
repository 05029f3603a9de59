import type { LoggedAttempt } from "../../sales/logged.js";
import { MINUTE } from "../../sales/sale.js";
import { Bearers } from "./bearers.js";
import { attemptOf } from "./attempt.js";
import { draftOf, type Draft } from "./draft.js";
import type { LogEvent } from "./event.js";
import { requestsOf } from "./requests.js";
import type { Expected } from "./neighbours.js";
import { storiesOf, type TaskStory } from "./runs.js";

/** What lines of all logs come to. */
export interface Tied {
  readonly attempts: readonly LoggedAttempt[];
  /** Lines of ours that could not be tied to one attempt with certainty, by what they say. */
  readonly untied: ReadonlyMap<LogEvent["kind"], number>;
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
  for (const story of unclaimed) adoptStory(story, drafts, bearers);
  const lost = loose.filter((line) => !adoptAcceptance(line, drafts, bearers));
  const around = {
    holes: worker.filter(({ kind }) => kind === "unseen"),
    failed: application.filter(({ kind }) => kind === "not-queued" || kind === "queued"),
  };
  const counts = new Map<LogEvent["kind"], number>();
  for (const { kind } of [...untied, ...lost]) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const attempts = drafts.flatMap((draft) => attemptOf(draft, around) ?? []);
  return { attempts: attempts.toSorted((a, b) => a.at - b.at), untied: counts };
}

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

/** A task whose "queued" line is missing: its sale is known only where one sale alone bears its event id. */
function adoptStory(story: TaskStory, drafts: Draft[], bearers: Bearers): void {
  const eventId = eventIdOf(story);
  if (eventId === null) return;
  const first = Math.min(...linesOf(story).map((line) => line.at));
  const owner = bearers.only(eventId);
  const waiting = drafts.findLast(
    (draft) =>
      owner !== null &&
      draft.eventId === eventId &&
      draft.taskId === null &&
      bearers.isOf(draft, owner) &&
      draft.request.data !== undefined &&
      draft.request.notQueued === undefined &&
      draft.at <= first + CLOCKS,
  );
  if (waiting) {
    waiting.story = story;
    waiting.taskId = story.taskId;
    waiting.byEventId = true;
  } else drafts.push(draftOf({}, { story, eventId, at: first, ...bearers.idsOf(owner) }));
}

/** `SUCCESS` beside no task's end: proof for a sale where its event id is of that sale alone. */
function adoptAcceptance(line: LogEvent, drafts: Draft[], bearers: Bearers): boolean {
  if (line.kind !== "accepted" || line.eventId === undefined || (line.received ?? 0) === 0) return false;
  const { eventId, at } = line;
  const owner = bearers.only(eventId);
  const own = drafts.findLast(
    (draft) =>
      owner !== null && draft.eventId === eventId && bearers.isOf(draft, owner) && draft.at <= at + CLOCKS,
  );
  if (own) {
    own.accepted.push(line);
    if (own.request.sent === undefined) own.byEventId = true;
  } else drafts.push({ ...draftOf({}, { eventId, at, ...bearers.idsOf(owner) }), accepted: [line] });
  return true;
}

function linesOf({ runs, received }: TaskStory): LogEvent[] {
  return [...received, ...runs.flatMap(({ end, lines }) => (end === null ? lines : [...lines, end]))];
}

function eventIdOf(story: TaskStory): string | null {
  const ids = new Set(linesOf(story).flatMap(({ eventId }) => (eventId === undefined ? [] : [eventId])));
  const [id = null] = ids;
  return ids.size === 1 ? id : null;
}
