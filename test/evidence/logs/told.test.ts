import { expect, test } from "vitest";
import { byPayment } from "../../../src/evidence/logs/by-sale.js";
import { toldBy } from "../../../src/evidence/logs/told.js";
import { readAll } from "../../cast/reading.js";
import {
  ana,
  anasEvent,
  beto,
  betosEvent,
  data,
  ended,
  failed,
  folderOf,
  moment,
  none,
  queued,
  queueing,
  quietWeb,
  quietWorker,
  received,
  request,
  succeeded,
  success,
  task,
  tied,
  web,
  worker,
  write,
} from "./lines.js";

/* What is handed to whoever judges: how far an attempt came, when Meta had it, what may be anybody's. */

const toldOf = async (application: readonly string[], workers: readonly string[]) => {
  const files = { "gunicorn.log": [quietWeb, ...application], "celery.log": [quietWorker, ...workers] };
  const { events, stats } = await readAll(write(folderOf(), files));
  return toldBy(events, stats).told;
};
const begins = (time: string, id: number) =>
  web(time, `[META DELIVERY] Delivery - Enviando Purchase via Server (Conversions API) para payment ${id}`);
const willUse = (time: string, event: string) =>
  web(time, `[META DELIVERY] Delivery - event_id que será usado (mesmo do client-side): ${event}...`);

test.each([
  ["page", [begins("10:00:00.050", 9445)], []],
  ["queueing", [queueing("10:00:00.100", ana)], []],
  ["built", [queueing("10:00:00.100", ana), data("10:00:00.110", anasEvent)], []],
  ["queued", request("10:00:00", ana, anasEvent, task(1)), []],
  ["taken", request("10:00:00", ana, anasEvent, task(1)), [received("10:00:01.000", task(1))]],
  [
    "run",
    request("10:00:00", ana, anasEvent, task(1)),
    [
      received("10:00:01.000", task(1)),
      failed("10:00:02.000", "ForkPoolWorker-1"),
      ended("10:00:02.010", "ForkPoolWorker-1", task(1), none),
    ],
  ],
  [
    "run",
    request("10:00:00", ana, anasEvent, task(1)),
    [received("10:00:01.000", task(1)), received("11:00:01.000", task(1))],
  ],
] as const)("an attempt came as far as %s", async (reached, application, workers) => {
  const { attempts } = await tied(application, workers);
  expect(attempts.map((one) => one.reached)).toEqual([reached]);
});

test("a retry waits until its time, unless a run followed it", async () => {
  const retry = [
    received("10:00:01.000", task(1)),
    worker(
      "10:00:02.000",
      "ForkPoolWorker-1",
      "RATE_LIMIT | Meta Event | Purchase | Attempt: 2/10 | Pixel: 1234567890123401",
    ),
    ended("10:00:02.010", "ForkPoolWorker-1", task(1), "retry: Retry in 240s: Exception('rate limit')"),
    received("10:00:02.020", task(1)),
  ];
  const again = [
    success("10:04:03.000", "ForkPoolWorker-1", anasEvent),
    ended("10:04:03.010", "ForkPoolWorker-1", task(1), succeeded),
  ];
  const retryAt = async (workers: readonly string[]) => {
    const { attempts } = await tied(request("10:00:00", ana, anasEvent, task(1)), workers);
    return attempts.map((one) => [one.retryAt, one.acceptedAt]);
  };
  expect(await retryAt(retry)).toEqual([[moment("10:04:02.010"), null]]);
  expect(await retryAt([...retry, ...again])).toEqual([[null, moment("10:04:03.000")]]);
});

test("Meta had it when it accepted it first, whatever its task's other copies said later", async () => {
  const { attempts } = await tied(request("10:00:00", ana, anasEvent, task(1)), [
    received("10:00:01.000", task(1)),
    success("10:00:02.000", "ForkPoolWorker-1", anasEvent),
    ended("10:00:02.010", "ForkPoolWorker-1", task(1), succeeded),
    received("11:00:01.000", task(1)),
    failed("11:00:02.000", "ForkPoolWorker-1"),
    ended("11:00:02.010", "ForkPoolWorker-1", task(1), none),
  ]);
  expect(attempts).toMatchObject([{ acceptedAt: moment("10:00:02.000"), lastAt: moment("11:00:02.010") }]);
});

test("a run of a Purchase that no line names may be anybody's, from then on backwards", async () => {
  const run = [
    failed("10:00:02.000", "ForkPoolWorker-1"),
    ended("10:00:02.010", "ForkPoolWorker-1", task(9), none),
  ];
  const told = await toldOf(request("10:00:00", ana, anasEvent, task(1)), [
    received("10:00:01.000", task(9)),
    ...run,
  ]);
  expect([
    told.nobodysRunSince(moment("10:00:00.000")),
    told.nobodysRunSince(moment("10:00:03.000")),
  ]).toEqual([true, false]);
});

test("a run whose task is known is nobody else's, and a worker that was started anew may have had anything", async () => {
  const own = [
    received("10:00:01.000", task(1)),
    failed("10:00:02.000", "ForkPoolWorker-1"),
    ended("10:00:02.010", "ForkPoolWorker-1", task(1), none),
  ];
  const asked = request("10:00:00", ana, anasEvent, task(1));
  expect((await toldOf(asked, own)).nobodysRunSince(0)).toBe(false);
  const restart = worker("10:05:00.000", "MainProcess", "celery@shop-1 ready.");
  expect((await toldOf(asked, [...own, restart])).nobodysRunSince(moment("10:04:00.000"))).toBe(true);
  const killed = worker(
    "10:05:00.000",
    "MainProcess",
    `Hard time limit (300.0s) exceeded for celery_app.send_meta_event[${task(9)}]`,
  );
  // The web process's log goes on for an hour, so that what concerns no Purchase is not kept for its sake.
  const more = Array.from({ length: 12 }, (_, n) =>
    web(`10:${String(5 + n * 4).padStart(2, "0")}:00.000`, "GET /"),
  );
  const told = await toldOf([...asked, ...more], [...own, killed]);
  expect(told.nobodysRunSince(moment("10:04:00.000"))).toBe(true);
});

test("an event that is tied to nobody may have been built for whoever was about to", async () => {
  const together = [
    queueing("10:00:00.100", ana),
    queueing("10:00:00.101", beto),
    data("10:00:00.110", anasEvent),
    data("10:00:00.111", betosEvent),
  ];
  const told = await toldOf(together, [received("10:00:01.000", task(1))]);
  expect(told.mayBeBuilt(moment("10:00:00.100"), moment("10:00:10.000"))).toBe(true);
  expect(told.mayBeBuilt(moment("10:01:00.000"), moment("10:01:10.000"))).toBe(false);
  expect(told.workerLogs).toBe(1);
});

test("a request whose event bears the row's id is one attempt, the page's earlier mention of that id included", async () => {
  const { attempts } = await tied(
    [
      begins("10:00:00.050", 9445),
      willUse("10:00:00.060", anasEvent),
      queueing("10:00:00.100", ana),
      // Somebody else's, so that the event alone tells nobody whose it is.
      queueing("10:00:00.101", beto),
      data("10:00:00.110", anasEvent),
      queued("10:00:00.190", anasEvent, task(1)),
    ],
    [],
  );
  const own = byPayment(attempts).of({ id: 9445, paymentId: ana, ownEventId: anasEvent });
  expect(own.map(({ at: first, taskId, facts }) => [first, taskId, facts.length])).toEqual([
    [moment("10:00:00.050"), task(1), 5],
  ]);
});
