import { describe, expect, test } from "vitest";
import { byPayment } from "../../../src/evidence/logs/by-sale.js";
import type { LoggedAttempt } from "../../../src/sales/logged.js";
import {
  ana,
  anasEvent,
  beto,
  betosEvent,
  data,
  ended,
  failed,
  none,
  notQueued,
  pixel,
  queued,
  queueing,
  received,
  request,
  sent,
  succeeded,
  success,
  task,
  tied,
  tiedExactly,
  web,
  worker,
} from "./lines.js";

const [P1, P2] = ["ForkPoolWorker-1", "ForkPoolWorker-2"];
const of = (attempts: readonly LoggedAttempt[], payment: string): LoggedAttempt[] =>
  attempts.filter((one) => one.paymentId === payment);

describe("requests that interleave", () => {
  test("are told apart by the line that bears payment and event id", async () => {
    const { attempts } = await tied([
      queueing("10:00:00.100", ana),
      queueing("10:00:00.110", beto),
      data("10:00:00.120", betosEvent),
      data("10:00:00.130", anasEvent),
      sent("10:00:01.000", ana, anasEvent),
    ]);
    expect(of(attempts, ana)).toMatchObject([{ eventId: anasEvent, result: "accepted", tiedBy: "ids" }]);
    // Of two, one is Ana's: so the other is Beto's.
    expect(of(attempts, beto)).toMatchObject([{ eventId: betosEvent, result: "unknown" }]);
  });

  test("stay apart where no line tells", async () => {
    const { attempts } = await tied(
      [
        queueing("10:00:00.100", ana),
        queueing("10:00:00.110", beto),
        data("10:00:00.120", betosEvent),
        data("10:00:00.130", anasEvent),
        queued("10:00:00.140", anasEvent, task(1)),
      ],
      [
        received("10:00:00.150", task(1)),
        success("10:00:00.200", P1, anasEvent),
        ended("10:00:00.210", P1, task(1), succeeded),
      ],
    );
    expect(attempts.map(({ paymentId, eventId, result }) => [paymentId, eventId, result])).toEqual([
      [ana, null, "unknown"],
      [beto, null, "unknown"],
      [null, betosEvent, "unknown"],
      [null, anasEvent, "accepted"],
    ]);
  });

  test("and the row's own event id joins what the lines could not", async () => {
    const { attempts } = await tied(
      [
        queueing("10:00:00.100", ana),
        queueing("10:00:00.110", beto),
        data("10:00:00.120", betosEvent),
        data("10:00:00.130", anasEvent),
        queued("10:00:00.140", anasEvent, task(1)),
      ],
      [
        received("10:00:00.150", task(1)),
        failed("10:00:00.200", P1),
        ended("10:00:00.210", P1, task(1), none),
      ],
    );
    const found = byPayment(attempts);
    expect(found.of({ id: 1, paymentId: ana, ownEventId: anasEvent })).toMatchObject([
      {
        saleId: 1,
        paymentId: ana,
        eventId: anasEvent,
        taskId: task(1),
        tiedBy: "event id",
        result: "refused",
      },
    ]);
    expect(found.of({ id: 2, paymentId: beto, ownEventId: null })).toMatchObject([
      { eventId: null, result: "unknown" },
    ]);
    expect(found.nobodys(betosEvent)).toHaveLength(1);
  });

  test("two beginnings of one sale are not joined to what follows one of them", async () => {
    const { attempts } = await tied([
      queueing("10:00:00.100", ana),
      queueing("10:00:00.110", ana),
      data("10:00:00.120", anasEvent),
    ]);
    const own = byPayment(attempts).of({ id: 1, paymentId: ana, ownEventId: anasEvent });
    expect(own.map(({ eventId }) => eventId)).toEqual([null, null, anasEvent]);
  });

  test("the page's first line joins the attempt of the sale that it names by its own id", async () => {
    const begins = web(
      "10:00:00.050",
      "[META DELIVERY] Delivery - Enviando Purchase via Server (Conversions API) para payment 9445",
    );
    const { attempts } = await tied([begins, ...request("10:00:00", ana, anasEvent, task(1))]);
    const found = byPayment(attempts);
    expect(found.of({ id: 9445, paymentId: ana, ownEventId: null })).toMatchObject([
      {
        saleId: 9445,
        paymentId: ana,
        eventId: anasEvent,
        facts: [{ text: expect.stringContaining("begins") }, {}, {}, {}],
      },
    ]);
    expect(found.of({ id: 9446, paymentId: beto, ownEventId: null })).toEqual([]);
  });

  test("a request that died leaves its payment without an event, and takes nobody else's", async () => {
    const { attempts } = await tied([
      queueing("10:00:00.100", ana),
      ...request("10:00:20", beto, betosEvent, task(2)), // Ana's process is dead by now.
    ]);
    expect(of(attempts, ana)).toMatchObject([{ eventId: null, taskId: null, result: "unknown" }]);
    expect(of(attempts, beto)).toMatchObject([{ eventId: betosEvent, taskId: task(2), mayStillRun: true }]);
  });

  test("in a log that begins in the middle of one, its event goes to nobody", async () => {
    const lines = [
      web("10:00:00.000", "boot"),
      queueing("10:00:00.050", beto),
      data("10:00:00.060", anasEvent),
    ];
    const { attempts } = await tiedExactly({ "gunicorn.log": lines });
    expect(of(attempts, beto)).toMatchObject([{ eventId: null }]);
    expect(of(attempts, beto)).toHaveLength(1);
  });
});

describe("lines of one worker process", () => {
  const seen = async (workers: readonly string[]): Promise<LoggedAttempt> => {
    const { attempts } = await tied(request("10:00:00", ana, anasEvent, task(1)), [
      received("10:00:00.200", task(1)),
      ...workers,
    ]);
    expect(of(attempts, ana)).toHaveLength(1);
    return of(attempts, ana)[0] as LoggedAttempt;
  };

  test("belong to the task that ends next", async () => {
    expect(await seen([failed("10:00:00.300", P1), ended("10:00:00.310", P1, task(1), none)])).toMatchObject({
      result: "refused",
      cause: "meta-refused",
      status: 400,
      code: 100,
      subcode: 2804003,
      mayStillRun: false,
      because: "Meta refused it (status 400, code 100/2804003): Invalid parameter",
    });
  });

  test.each([
    [
      "of another pixel",
      [failed("10:00:00.300", P1, 400, "1234567890129999"), ended("10:00:00.310", P1, task(1), none)],
    ],
    ["of another process", [failed("10:00:00.300", P2), ended("10:00:00.310", P1, task(1), none)]],
    [
      "two answers",
      [failed("10:00:00.290", P1), failed("10:00:00.300", P1), ended("10:00:00.310", P1, task(1), none)],
    ],
    [
      "longer ago than a task may run",
      [failed("10:00:00.300", P1), ended("10:06:00.000", P1, task(1), none)],
    ],
    ["from before it was queued", [failed("09:58:00.300", P1), ended("10:00:00.310", P1, task(1), none)]],
    [
      "whose process was killed",
      [
        failed("10:00:00.300", P1),
        worker(
          "10:00:00.302",
          "MainProcess",
          "Process 'ForkPoolWorker-1' pid:77 exited with 'signal 9 (SIGKILL)'",
        ),
        ended("10:00:00.310", P1, task(1), none),
      ],
    ],
    [
      "whose worker was started anew",
      [
        failed("10:00:00.300", P1),
        worker("10:00:00.302", "MainProcess", "celery@shop-1 ready."),
        ended("10:00:00.310", P1, task(1), none),
      ],
    ],
    [
      "after which the process did something else",
      [
        failed("10:00:00.300", P1),
        worker("10:00:00.304", P1, "FAILED | Meta Event | PageView | Status: 400 | Pixel: 1 | Error: x"),
        ended("10:00:00.310", P1, task(1), none),
      ],
    ],
    [
      "beside a line that cannot be read",
      [
        failed("10:00:00.300", P1),
        worker(
          "10:00:00.304",
          P1,
          `Task celery_app.send_meta_event[${task(1).slice(0, 20)}\u0000`.padEnd(120),
        ),
        ended("10:00:00.310", P1, task(1), none),
      ],
    ],
    [
      "of two workers in one file",
      [
        worker("09:30:00.000", "MainProcess", "celery@w1 ready."),
        worker("09:31:00.000", "MainProcess", "celery@w2 ready."),
        failed("10:00:00.300", P1),
        ended("10:00:00.310", P1, task(1), none),
      ],
    ],
    [
      "that a server error preceded",
      [
        worker(
          "10:00:00.290",
          P1,
          `RETRY | Meta Event | Purchase | Status: 503 | Attempt: 1/10 | Pixel: ${pixel}`,
        ),
        ended("10:00:00.310", P1, task(1), none),
      ],
    ],
    [
      "with a status that is no refusal",
      [failed("10:00:00.300", P1, 408), ended("10:00:00.310", P1, task(1), none)],
    ],
  ])("%s: no refusal is proven", async (_, lines) => {
    expect(await seen(lines)).toMatchObject({ result: "unknown" });
  });

  test("a task logger's prefix ties them by itself", async () => {
    const said = failed("10:00:00.300", P1).replace(
      "FAILED",
      `celery_app.send_meta_event[${task(1)}]: FAILED`,
    );
    expect(await seen([said, ended("10:00:00.310", P1, task(1), none)])).toMatchObject({ result: "refused" });
  });

  test("Celery's own line is proof without any other, and beats a wait that timed out", async () => {
    const { attempts } = await tied(
      [
        ...request("10:00:00", ana, anasEvent, task(1)),
        web(
          "10:00:10.200",
          `❌ Purchase FALHOU (timeout/erro): R$ 97.00 | Erro: The operation timed out. | Task: ${task(1)}`,
        ),
      ],
      [received("10:00:00.200", task(1)), ended("10:00:31.000", P1, task(1), succeeded)],
    );
    expect(attempts).toMatchObject([
      { paymentId: ana, result: "accepted", cause: "celery-timeout", mayStillRun: false },
    ]);
  });
});

describe("failed is not the end", () => {
  const rateLimited = (at: string): string[] => [
    worker(at, P1, `RATE_LIMIT | Meta Event | Purchase | Attempt: 1/10 | Pixel: ${pixel}`),
    ended(at.replace(/\d$/, "9"), P1, task(1), "retry: Retry in 60s: Exception('rate limit')"),
  ];
  const refusedAt = (at: string): string[] => [
    failed(`${at}.100`, P1),
    ended(`${at}.110`, P1, task(1), none),
  ];
  const story = async (workers: readonly string[]): Promise<LoggedAttempt | undefined> =>
    (await tied(request("10:00:00", ana, anasEvent, task(1)), workers)).attempts[0];

  test("a rate limit queues two copies, and both must have ended", async () => {
    const one = [
      received("10:00:00.200", task(1)),
      ...rateLimited("10:00:00.300"),
      received("10:00:00.400", task(1)),
      ...refusedAt("10:01:02"),
    ];
    expect(await story(one)).toMatchObject({ result: "unknown", mayStillRun: true });
    const both = [...one, received("10:01:02.500", task(1)), ...refusedAt("10:01:03")];
    expect(await story(both)).toMatchObject({ result: "refused", mayStillRun: false });
  });

  test("one run that may have arrived leaves it open, whatever came after", async () => {
    const timeout = [
      received("10:00:00.200", task(1)),
      worker("10:00:00.300", P1, `TIMEOUT | Meta Event | Purchase | Attempt: 1/10 | Pixel: ${pixel}`),
      ended("10:00:00.310", P1, task(1), "retry: Retry in 2s: ReadTimeout()"),
      received("10:00:00.320", task(1)),
      ...refusedAt("10:00:03"),
    ];
    expect(await story(timeout)).toMatchObject({
      result: "unknown",
      mayStillRun: false,
      because: "Meta did not answer in time, and may have it",
    });
  });

  test("a worker that died with the task may have sent it", async () => {
    const died = [
      received("10:00:00.200", task(1)),
      worker("10:00:30.000", "MainProcess", "celery@shop-1 ready."),
      received("11:00:30.000", task(1)),
      ...refusedAt("11:00:31"),
    ];
    expect(await story(died)).toMatchObject({
      result: "unknown",
      because: expect.stringContaining("a worker ended while it held the task"),
    });
  });

  test("runs before the worker's log began were not seen", async () => {
    const { attempts } = await tied(
      [...request("08:00:00", ana, anasEvent, task(1))],
      [received("10:00:00.200", task(1)), ...refusedAt("10:00:01")],
    );
    expect(attempts).toMatchObject([{ result: "unknown", mayStillRun: true }]);
  });

  test("the event's own fault is every copy's fault", async () => {
    const invalid = [
      received("10:00:00.200", task(1)),
      worker("10:00:00.300", P1, "Event data inválido: value ausente"),
      `Event: Purchase | ID: ${anasEvent}`,
      ended("10:00:00.310", P1, task(1), "retry: Retry in 2s: ValueError('Event data inválido')"),
    ];
    expect(await story(invalid)).toMatchObject({
      result: "not-sent",
      cause: "task-failed",
      eventId: anasEvent,
    });
  });
});

describe("a success under an event id", () => {
  const elsewhere = [success("10:05:00.000", P1, anasEvent), ended("10:05:00.010", P1, task(9), succeeded)];

  test("that one sale alone bears is that sale's", async () => {
    const { attempts } = await tied(
      [queueing("10:00:00.100", ana), data("10:00:00.110", anasEvent)],
      elsewhere,
    );
    expect(attempts).toMatchObject([
      { paymentId: ana, taskId: task(9), result: "accepted", tiedBy: "event id" },
    ]);
  });

  test("that two sales of a click share proves nothing for either", async () => {
    const { attempts } = await tied(
      [...request("10:00:00", ana, anasEvent, task(1)), ...request("10:02:00", beto, anasEvent, task(2))],
      elsewhere,
    );
    expect(attempts.map(({ paymentId, result }) => [paymentId, result])).toEqual([
      [ana, "unknown"],
      [beto, "unknown"],
      [null, "accepted"],
    ]);
  });

  test("that somebody unknown bears too proves nothing either", async () => {
    const { attempts } = await tied(
      [
        ...request("10:00:00", ana, anasEvent, task(1)),
        queueing("10:02:00.100", beto),
        queueing("10:02:00.110", "BOT1_3_x"),
        data("10:02:00.120", anasEvent),
      ],
      elsewhere,
    );
    expect(of(attempts, ana)).toMatchObject([{ result: "unknown" }]);
    expect(of(attempts, beto)).toMatchObject([{ result: "unknown" }]);
  });

  test("without the task's end is proof all the same", async () => {
    const { attempts } = await tied(request("10:00:00", ana, anasEvent, task(1)), [
      received("10:00:00.200", task(1)),
      success("10:00:00.300", P1, anasEvent),
    ]);
    expect(attempts).toMatchObject([{ paymentId: ana, result: "accepted", mayStillRun: true }]);
  });
});

describe("an enqueueing that failed", () => {
  const refusedConnection = "Error 111 connecting to localhost:6379. Connection refused.";
  const failing = (at: string, payment: string, event: string, error: string): string[] => [
    queueing(`${at}.100`, payment),
    data(`${at}.110`, event),
    notQueued(`${at}.500`, error),
  ];

  test.each([
    ["Object of type Decimal is not JSON serializable", "not-sent"],
    ["WRONGPASS invalid username-password pair", "not-sent"],
    [refusedConnection, "unknown"], // The first try may have been written before the connection broke.
    ["Connection closed by server.", "unknown"],
  ])("%s: %s", async (error, result) => {
    const { attempts } = await tied(failing("10:00:00", ana, anasEvent, error));
    expect(attempts).toMatchObject([
      { paymentId: ana, result, cause: "not-queued", mayStillRun: result === "unknown" },
    ]);
  });

  test("during an outage reached nobody", async () => {
    const lines = [
      ...failing("10:00:00", ana, anasEvent, refusedConnection),
      ...failing("10:00:10", beto, betosEvent, refusedConnection),
    ];
    const { attempts } = await tied(lines);
    expect(of(attempts, ana)).toMatchObject([{ result: "unknown" }]);
    expect(of(attempts, beto)).toMatchObject([{ result: "not-sent" }]);
  });

  test("after another failure is no outage yet", async () => {
    const lines = [
      ...failing("10:00:00", ana, anasEvent, "Object of type Decimal is not JSON serializable"),
      ...failing("10:00:10", beto, betosEvent, refusedConnection),
    ];
    expect(of((await tied(lines)).attempts, beto)).toMatchObject([{ result: "unknown" }]);
  });

  test("after something was queued is no outage any more", async () => {
    const lines = [
      ...failing("10:00:00", ana, anasEvent, refusedConnection),
      ...request("10:00:05", "BOT1_7_x", "pageview_7", task(7)),
      ...failing("10:00:10", beto, betosEvent, refusedConnection),
    ];
    expect(of((await tied(lines)).attempts, beto)).toMatchObject([{ result: "unknown" }]);
  });

  test("is nobody's where two requests may have written the line", async () => {
    const { attempts, untied } = await tied([
      queueing("10:00:00.100", ana),
      data("10:00:00.110", anasEvent),
      queueing("10:00:01.100", beto),
      data("10:00:01.110", betosEvent),
      notQueued("10:00:02.000", "EncodeError"),
    ]);
    expect(attempts).toMatchObject([
      { paymentId: ana, result: "unknown" },
      { paymentId: beto, result: "unknown" },
    ]);
    expect(untied.get("not-queued")).toBe(1);
  });

  test("is the other's where one of the two was queued", async () => {
    const { attempts } = await tied([
      queueing("10:00:00.100", ana),
      data("10:00:00.110", anasEvent),
      queueing("10:00:01.100", beto),
      data("10:00:01.110", betosEvent),
      notQueued("10:00:02.000", "EncodeError"),
      queued("10:00:02.100", betosEvent, task(2)),
    ]);
    expect(of(attempts, ana)).toMatchObject([{ result: "not-sent" }]);
    expect(of(attempts, beto)).toMatchObject([{ result: "unknown", taskId: task(2) }]);
  });
});

describe("single lines", () => {
  test("the application's own event id names the sale", async () => {
    const { attempts } = await tied([queued("10:00:00.100", "purchase_9445_1763643600", task(1))]);
    expect(attempts).toMatchObject([{ saleId: 9445, paymentId: null, tiedBy: "ids" }]);
  });

  test.each([
    ["Bot 19 não está associado a nenhum pool", ana],
    ["Pool 3 (Loja da Ana) SEM pixel_id ou access_token", "9445"],
  ])("a configuration that sends nothing: %s", async (why, payment) => {
    const { attempts } = await tied([
      web("10:00:00.100", `❌ PROBLEMA RAIZ: ${why} - nada enviado (Payment ${payment})`),
    ]);
    expect(attempts).toMatchObject([
      {
        result: "not-sent",
        cause: "configuration",
        mayStillRun: false,
        [payment === ana ? "paymentId" : "saleId"]: payment === ana ? ana : 9445,
      },
    ]);
  });

  test.each(["", "🔥 ", "📤️ ", "✅✅ "])("whatever emoji stand before them: '%s'", async (emoji) => {
    const { attempts } = await tied([sent("10:00:00.100", ana, anasEvent).replace("📤 ", emoji)]);
    expect(attempts).toMatchObject([{ paymentId: ana, result: "accepted" }]);
  });

  test("a cut id is tied where it fits one event alone", async () => {
    const long = `pageview_${"f".repeat(60)}`;
    const will = web(
      "10:00:00.050",
      `[META DELIVERY] Delivery - event_id que será usado (mesmo do client-side): ${long.slice(0, 50)}...`,
    );
    const one = await tied([will, ...request("10:00:00", ana, `${long}a`, task(1))]);
    expect(one.untied.get("will-use")).toBeUndefined();
    expect(one.attempts[0]?.facts[0]?.text).toContain(`${long.slice(0, 50)}…`);
    const two = await tied([
      will,
      ...request("10:00:00", ana, `${long}a`, task(1)),
      ...request("10:00:01", beto, `${long}b`, task(2)),
    ]);
    expect(two.untied.get("will-use")).toBe(1);
  });
});
