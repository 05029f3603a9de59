import type { BrokerPass, ReportedTask, TaskMessage, TaskResult } from "../../src/sales/tasks.js";

/** Looks at a broker, for the pure rules: a test says only what is special. */

export const first = Date.UTC(2025, 10, 20, 13, 30);
export const second = first + 3_000;
export const click = "pageview_3f";
export const pixelId = "1234567890";

export const queued = (differing: Partial<TaskMessage> = {}): TaskMessage => ({
  taskId: "t-1",
  eventId: click,
  pixelId,
  place: "queue",
  tag: `d-${differing.taskId ?? "t-1"}`,
  eta: null,
  retries: 0,
  redelivered: false,
  deliveredAt: null,
  ...differing,
});

export const unacked = (differing: Partial<TaskMessage> = {}): TaskMessage =>
  queued({ place: "unacked", deliveredAt: first - 60_000, ...differing });

export const report = (differing: Partial<ReportedTask> = {}): ReportedTask => ({
  taskId: "t-1",
  worker: "w1@lab",
  place: "active",
  eta: null,
  startedAt: null,
  purchase: { eventId: click, pixelId },
  ...differing,
});

export interface Look {
  readonly messages?: readonly TaskMessage[];
  readonly reports?: readonly ReportedTask[];
  readonly workers?: Partial<NonNullable<BrokerPass["workers"]>> | null;
  readonly undecodable?: number;
  readonly troubles?: readonly string[];
  readonly broker?: BrokerPass["broker"];
  readonly at?: number;
}

/** One clean look at which one worker answered. */
export function look({
  messages = [],
  reports = [],
  workers = {},
  at = first,
  ...rest
}: Look = {}): BrokerPass {
  return {
    startedAt: at,
    endedAt: at + 100,
    messages,
    workers: workers && {
      receivers: 1,
      answered: ["w1@lab"],
      heard: ["w1@lab"],
      queues: ["celery"],
      tasks: reports,
      ...workers,
    },
    counts: {
      messages: messages.length,
      purchases: messages.length,
      otherEvents: 0,
      otherTasks: 0,
      undecodable: rest.undecodable ?? 0,
    },
    queues: ["celery"],
    broker: rest.broker ?? { run: "a", startedAt: first - 86_400_000 },
    troubles: rest.troubles ?? [],
  };
}

/** The same seen twice, unless told otherwise. */
export const twice = (one: Look = {}, other: Look = one): [BrokerPass, BrokerPass] => [
  look(one),
  look({ ...other, at: second }),
];

export const result = (differing: Partial<TaskResult> = {}): TaskResult => ({
  taskId: "t-1",
  status: "SUCCESS",
  outcome: "accepted",
  final: true,
  doneAt: first - 30_000,
  because: "Meta received it",
  ...differing,
});
