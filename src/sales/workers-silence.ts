import { age } from "./time.js";
import { startedSince, sum } from "./workers-signals.js";
import type { Conclusion } from "./workers-judgement.js";
import { TASK_LIMIT_MS, type CelerySnapshot } from "./workers.js";

/** Nobody answered. Only what else was heard tells why; where nothing was, it is unknown, never down. */
export function judgeSilence(snapshot: CelerySnapshot): Conclusion | null {
  const { workers, receivers, heartbeats, timeoutMs, via } = snapshot;
  if (workers.length > 0 || via === "passive") return null;
  if (receivers === null && snapshot.queues.some(({ consumers }) => consumers === 0)) {
    const because =
      "no worker answered, and RabbitMQ counts no consumer of their queue: they are not running";
    return { state: "unhealthy", condition: "dead", because };
  }
  if (receivers === null) {
    return unknown(`no worker answered within ${timeoutMs / 1000} s (down, frozen, or another broker)`);
  }
  if (receivers > 0) return null;
  if (heartbeats === null) return unknown("nobody listens for questions, and heartbeats were not waited for");
  if (heartbeats.length > 0) return deaf(snapshot);
  return absent(snapshot);
}

/** Heartbeats of nodes that neither answered nor can have: a ping alone would not miss them. */
export function judgeDeaf(snapshot: CelerySnapshot): Conclusion | null {
  const { receivers, replies, heartbeats, via } = snapshot;
  if (via !== "redis" || receivers === null || receivers !== replies || heartbeats === null) return null;
  return unheard(snapshot).length === 0 ? null : deaf(snapshot);
}

/** It beats and does not listen: seen of workers whose Redis was restarted. One whose remote control is off works on. */
function deaf(snapshot: CelerySnapshot): Conclusion {
  const names = unheard(snapshot).join(", ");
  if ((startedSince(snapshot) ?? 0) > 0 && snapshot.workers.length === 0) {
    return unknown(`${names} works on, but takes no questions (its remote control is switched off)`);
  }
  return {
    state: "unhealthy",
    condition: "zombie",
    because: `${names} lives and beats, but listens to nothing any more: a zombie, which takes no task`,
  };
}

function absent(snapshot: CelerySnapshot): Conclusion {
  if (snapshot.traces === false) {
    return unknown(
      "no worker listens, and nothing of Celery lies in this database: is it the workers' broker?",
    );
  }
  if (depthChange(snapshot) < 0) {
    return unknown("no worker listens or beats, and yet somebody takes tasks from the queue");
  }
  if (snapshot.traces === null && waitingIn(snapshot) === 0) {
    return unknown("no worker listens or beats, and nothing waits: is this the workers' broker?");
  }
  return {
    state: "unhealthy",
    condition: "dead",
    because: "no worker listens and none beats: they are not running",
  };
}

/** Some that listen did not answer. */
export function judgeMute(snapshot: CelerySnapshot): Conclusion | null {
  const { receivers, replies, heartbeats, unacknowledged, answeredAt } = snapshot;
  if (receivers === null || replies === null || replies >= receivers) return null;
  const mute = receivers - replies;
  const who = `${mute} of ${receivers} listening ${receivers === 1 ? "worker" : "workers"}`;
  if (heartbeats === null) return unknown(`${who} did not answer, and heartbeats were not waited for`);
  const beating = unheard(snapshot);
  if (beating.length > 0) {
    return unknown(
      `${who} did not answer, though ${beating.join(", ")} beats: slow; ask again with more --timeout`,
    );
  }
  const since = unacknowledged?.oldestDeliveredAt ?? null;
  const held = unacknowledged?.count ?? null;
  if (held === null) return unknown(`${who} neither answered nor beat: frozen, or a solo pool that is busy`);
  const heldMs = since === null ? 0 : Math.max(0, answeredAt - since);
  // A solo pool runs its one task in the process that would answer; a main process that froze may hold any number.
  if (replies === 0 && held > 0 && held <= mute && heldMs <= TASK_LIMIT_MS) {
    return {
      state: "unknown",
      condition: "solo-busy",
      because: `${who} neither answered nor beat, and holds one task for ${age(heldMs)}: a solo pool that is busy answers nobody`,
    };
  }
  return {
    state: "unhealthy",
    condition: "main-frozen",
    because: `${who} neither answered nor beat: the main process is frozen`,
  };
}

/** Looking alone: what beats is alive, and only movement shows that it works. */
export function judgePassive(snapshot: CelerySnapshot): Conclusion | null {
  if (snapshot.via !== "passive") return null;
  const beats = snapshot.heartbeats ?? [];
  const waiting = waitingIn(snapshot);
  const moved = (startedSince(snapshot) ?? 0) > 0 || depthChange(snapshot) < 0;
  const names = beats.map(({ name }) => name).join(", ");
  if (beats.length > 0 && moved) {
    return { state: "healthy", condition: "healthy", because: `${names} beats, and tasks are being done` };
  }
  if (beats.length > 0 && waiting > 0) {
    return unknown(
      `${names} beats, but ${waiting} wait and nothing moved: busy, frozen or a zombie; ask without --passive`,
    );
  }
  if (beats.length > 0)
    return unknown(`${names} beats, and nothing waits: only a question (without --passive) tells more`);
  return unknown("no heartbeat: down, frozen, a busy solo pool, or another broker; ask without --passive");
}

export function unknown(because: string): Conclusion {
  return { state: "unknown", condition: "unknown", because };
}

export function waitingIn({ queues }: CelerySnapshot): number {
  return sum(queues.map(({ depth }) => depth));
}

export function depthChange(snapshot: CelerySnapshot): number {
  return snapshot.earlier === null ? 0 : waitingIn(snapshot) - waitingIn(snapshot.earlier);
}

function unheard({ workers, heartbeats }: CelerySnapshot): string[] {
  const answered = new Set(workers.map(({ name }) => name));
  return (heartbeats ?? []).map(({ name }) => name).filter((name) => !answered.has(name));
}
