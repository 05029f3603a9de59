import { LogBook, logPerson, seeded, uuid, type Outcome, type Random, type Sending } from "./logs.js";

/** What happened at Meta: it has the sale's event from the server, it never got it, or a task may still bring it. */
export type Truth = "received" | "lost" | "open";

export interface LabelledSale extends Sending {
  readonly route: string;
  readonly truth: Truth;
  /** When its delivery page was opened. */
  readonly at: number;
}

/** A task that had not ended when the story did. */
export interface LivingTask {
  readonly task: string;
  readonly sale: Sending;
  readonly copies: number;
  /** Its worker is dead, and nobody has it yet. */
  readonly orphan: boolean;
  readonly retries: number;
}

export interface Corpus {
  readonly book: LogBook;
  readonly sales: readonly LabelledSale[];
  readonly living: readonly LivingTask[];
  readonly from: number;
  readonly to: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PIXELS = ["1234567890123401", "1234567890123402", "1234567890123403"];

/** What a route does with one sale, from a moment on; it says what became of it at Meta. */
type Route = (world: World, at: number, sale: Sending) => Truth;

interface World {
  readonly book: LogBook;
  readonly random: Random;
  readonly living: LivingTask[];
}

function lives({ living }: World, task: string, sale: Sending, more: Partial<LivingTask> = {}): Truth {
  living.push({ task, sale, copies: 1, orphan: false, retries: 0, ...more });
  return "open";
}

/** Queues, and lets a worker take it. */
function enqueue(
  { book, random }: World,
  at: number,
  sale: Sending,
  told = true,
): { task: string; at: number } {
  const ready = book.prepare(at, sale);
  const task = uuid(random);
  if (told) book.queued(ready + 5 + random.below(60), sale, task);
  book.received(ready + 8 + random.below(80), task);
  return { task, at: ready + 200 };
}

/** A run that tries again: two messages of one task id after a 5xx or a 429, one after anything else. */
function retry(
  { book }: World,
  at: number,
  task: string,
  sale: Sending,
  outcome: Outcome,
  attempt = 1,
): number[] {
  const end = book.run(at, task, sale, outcome, { attempt });
  const copies = outcome === "5xx" || outcome === "429" ? 2 : 1;
  const wait = outcome === "429" ? 60_000 * 2 ** attempt : 1000 * 2 ** attempt;
  return Array.from({ length: copies }, (_, copy) => {
    book.received(end + 5 + copy, task);
    return end + wait + copy * 40;
  });
}

const answered = (world: World, at: number, sale: Sending, outcome: Outcome): string => {
  const { task, at: start } = enqueue(world, at, sale);
  const end = world.book.run(start, task, sale, outcome);
  if (outcome === "refused" || outcome === "expired-token") world.book.silent(end + 20, task);
  return task;
};

const timedOut = (world: World, at: number, sale: Sending, after = 30_000): { task: string; at: number } => {
  const { task, at: start } = enqueue(world, at, sale);
  world.book.waitedInVain(start + 10_000, task);
  return { task, at: start + after };
};

/** Every route of the incident, and every way in which "failed" is not the end. */
export const routes: Readonly<Record<string, Route>> = {
  "all went well": (world, at, sale) => {
    const { task, at: start } = enqueue(world, at, sale);
    world.book.confirmed(world.book.run(start, task, sale, "success") + 15, sale);
    return "received";
  },
  "web process died before it queued": ({ book, random }, at, sale) => {
    book.prepare(at, sale, random.pick(["flag", "queueing", "data"] as const));
    return "lost";
  },
  "web process died while it waited": (world, at, sale) => {
    answered(world, at, sale, "success");
    return "received";
  },
  "web process died before it told the task id": (world, at, sale) => {
    const { task, at: start } = enqueue(world, at, sale, false);
    const outcome = world.random.pick(["success", "refused"] as const);
    world.book.run(start, task, sale, outcome);
    return outcome === "success" ? "received" : "lost";
  },
  "wait timed out, then Meta accepted": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale);
    world.book.run(start, task, sale, "success");
    return "received";
  },
  "wait timed out, then Meta refused": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale);
    world.book.run(start, task, sale, world.random.pick(["refused", "expired-token"] as const));
    return "lost";
  },
  "wait timed out, still waiting for a retry": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    const copies = retry(world, start, task, sale, "429").length;
    return lives(world, task, sale, { copies, retries: 1 });
  },
  "wait timed out, queue lost": (world, at, sale) => {
    const ready = world.book.prepare(at, sale);
    const task = uuid(world.random);
    world.book.queued(ready + 20, sale, task);
    world.book.waitedInVain(ready + 10_000, task);
    return "lost";
  },
  "Meta answered 5xx and had stored it": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    for (const copy of retry(world, start, task, sale, "5xx")) world.book.run(copy, task, sale, "refused");
    return "received";
  },
  "Meta answered 5xx, both copies then arrived": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    for (const copy of retry(world, start, task, sale, "5xx")) world.book.run(copy, task, sale, "success");
    return "received";
  },
  "no answer in time, then Meta refused": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    const outcome = world.random.pick(["timeout", "exception"] as const);
    for (const copy of retry(world, start, task, sale, outcome)) world.book.run(copy, task, sale, "refused");
    return world.random.pick(["received", "lost"] as const);
  },
  "rate limit, then Meta accepted": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    for (const copy of retry(world, start, task, sale, "429")) world.book.run(copy, task, sale, "success");
    return "received";
  },
  "rate limit, then Meta refused both copies": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    for (const copy of retry(world, start, task, sale, "429")) world.book.run(copy, task, sale, "refused");
    return "lost";
  },
  "rate limit, one copy refused, the other still to come": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    const [first = start] = retry(world, start, task, sale, "429");
    world.book.run(first, task, sale, "refused");
    return lives(world, task, sale, { retries: 1 });
  },
  "Meta accepted, the id was not stored": (world, at, sale) => {
    const { task, at: start } = enqueue(world, at, sale);
    world.book.confirmed(world.book.run(start, task, sale, "success") + 15, sale, false);
    return "received";
  },
  "delivery script alone": () => "lost",
  "Meta refused": (world, at, sale) => {
    answered(world, at, sale, world.random.pick(["refused", "expired-token"] as const));
    return "lost";
  },
  "failed before sending": (world, at, sale) => {
    const { task, at: start } = enqueue(world, at, sale);
    const end = world.book.run(start, task, sale, "invalid");
    world.book.waitedInVain(end + 10, task, `Event data inválido: {'em': '${logPerson}'}`);
    return "lost";
  },
  "not allowed by the configuration": ({ book, random }, at, sale) => {
    book.prepare(at, sale, "flag");
    const faults = [
      "Bot 19 não está associado a nenhum pool",
      "Meta tracking DESABILITADO para pool 3",
      "Pool 3 (Loja da Ana) SEM pixel_id ou access_token",
      "Evento Purchase DESABILITADO para pool 3",
    ];
    book.say(
      at + 900,
      `❌ PROBLEMA RAIZ: ${random.pick(faults)} - Purchase não enviado (Payment ${sale.paymentId})`,
      "ERROR",
    );
    return "lost";
  },
  "access token cannot be decrypted": ({ book }, at, sale) => {
    book.prepare(at, sale, "flag");
    book.say(
      at + 900,
      `❌ Erro ao descriptografar access_token do pool 3: InvalidToken (Payment ${sale.paymentId})`,
      "ERROR",
    );
    return "lost";
  },
  "first refused, then accepted": (world, at, sale) => {
    answered(world, at, sale, "refused");
    const { task, at: start } = enqueue(world, at + 9 * MINUTE, sale);
    world.book.confirmed(world.book.run(start, task, sale, "success") + 15, sale, false);
    return "received";
  },
  "first timed out and accepted, then refused": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale);
    world.book.run(start, task, sale, "success");
    answered(world, at + 8 * MINUTE, sale, "expired-token");
    return "received";
  },
  "worker killed before it sent, redelivered": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    world.book.run(start, task, sale, "success", { dies: "before" });
    world.book.received(start + HOUR + 50_000, task);
    const outcome = world.random.pick(["success", "refused"] as const);
    world.book.run(start + HOUR + 51_000, task, sale, outcome);
    return outcome === "success" ? "received" : "lost";
  },
  "worker killed after it sent, then refused": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    world.book.run(start, task, sale, "success", { dies: world.random.pick(["after", "before"] as const) });
    world.book.received(start + HOUR + 50_000, task);
    world.book.run(start + HOUR + 51_000, task, sale, "refused");
    return "received";
  },
  "ended by the time limit": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    world.book.run(start, task, sale, "limit");
    return world.random.pick(["received", "lost"] as const);
  },
};

/** Routes that logs tell like others, and only the broker tells apart from them. */
export const queuedRoutes: Readonly<Record<string, Route>> = {
  "wait timed out, still in the queue": (world, at, sale) => {
    const ready = world.book.prepare(at, sale);
    const task = uuid(world.random);
    world.book.queued(ready + 20, sale, task);
    world.book.waitedInVain(ready + 10_000, task);
    return lives(world, task, sale);
  },
  "web process died after it queued, still in the queue": (world, at, sale) => {
    world.book.prepare(at, sale);
    return lives(world, uuid(world.random), sale);
  },
  "worker killed, not handed out again yet": (world, at, sale) => {
    const { task, at: start } = timedOut(world, at, sale, 1_000);
    world.book.run(start, task, sale, "success", { dies: "before" });
    return lives(world, task, sale, { orphan: true });
  },
};

/** Routes whose worker dies: they need a restart soon after. */
const fatal = /^worker killed/;

/** How often each route comes; the rest come once. */
export type Mix = Readonly<Record<string, number>>;

/**
 * At least `count` sales of all routes over two days, some at the same moment. With a mix also those that only a broker
 * can tell.
 */
export function corpus(seed: number, count = 320, mix: Mix | null = null): Corpus {
  const random = seeded(seed);
  const book = new LogBook(random);
  const living: LivingTask[] = [];
  const world = { book, random, living };
  const known = mix === null ? routes : { ...routes, ...queuedRoutes };
  const from = Date.UTC(2025, 10, 20, 3);
  const to = from + 48 * HOUR;
  background(world, from, to);
  const names = Object.keys(known);
  const sales: LabelledSale[] = [];
  // Half an hour with no sales around each death of the worker keeps its victims apart from everybody else.
  const deaths = [from + 11 * HOUR, from + 30 * HOUR];
  const plain = names
    .filter((name) => !fatal.test(name))
    .flatMap((name) => Array.from({ length: mix?.[name] ?? 1 }, () => name));
  for (let n = 0; n < count; n++) {
    const route = (
      n < count - 16 ? plain[n % plain.length] : random.pick(names.filter((name) => fatal.test(name)))
    ) as string;
    const death = deaths[n % 2] as number;
    const at = fatal.test(route) ? death - 2_000 - random.below(20_000) : moment(world, sales, from, deaths);
    const sale = saleOf(world, n);
    sales.push({ ...sale, route, truth: (known[route] as Route)(world, at, sale), at });
  }
  for (const death of deaths) book.restart(death + 30_000);
  sales.push(...outage(world, from + 40 * HOUR, count), ...sharedClicks(world, from + 20 * HOUR, count + 50));
  return { book, sales, living, from, to };
}

let together: number | null = null;

/** A third of all sales come within a second of another one. */
function moment(
  { random }: World,
  sales: readonly unknown[],
  from: number,
  deaths: readonly number[],
): number {
  if (sales.length === 0) together = null;
  if (together !== null && random.next() < 0.35) return together + random.below(800);
  const at = from + 10 * MINUTE + random.below(46 * HOUR);
  together = deaths.some((death) => Math.abs(at - death) < 30 * MINUTE) ? at + HOUR : at;
  return together;
}

function saleOf({ random }: World, n: number): Sending {
  const saleId = 9_000 + n;
  const hex = (length: number): string =>
    Array.from({ length }, () => random.below(16).toString(16)).join("");
  const eventId = random.next() < 0.15 ? `purchase_${saleId}_${1_763_600_000 + n}` : `pageview_${hex(32)}`;
  return {
    saleId,
    paymentId: `BOT${random.below(60)}_${1_763_600_000 + n}_${hex(6)}`,
    eventId,
    pixelId: random.pick(PIXELS),
  };
}

/** The broker is gone for a while: the first publisher may have been heard, the others were not. */
function outage(world: World, at: number, offset: number): LabelledSale[] {
  const { book } = world;
  return Array.from({ length: 12 }, (_, n): LabelledSale => {
    const sale = saleOf(world, offset + n);
    const ready = book.prepare(at + n * 20_000, sale);
    const why =
      n === 0
        ? "Connection closed by server."
        : "Error 111 connecting to localhost:6379. Connection refused.";
    book.say(ready + 400, `❌ ERRO CRÍTICO ao enfileirar Purchase no Celery: ${why}`, "ERROR");
    if (n === 0) {
      const task = uuid(world.random);
      book.received(ready + 10 * MINUTE, task);
      book.run(ready + 10 * MINUTE + 50, task, sale, "success");
    }
    return {
      ...sale,
      route: "never handed to the broker",
      truth: n === 0 ? "received" : "lost",
      at: at + n * 20_000,
    };
  });
}

/** Sale and upsell of one click: one event id, and each its own fate. */
function sharedClicks(world: World, at: number, offset: number): LabelledSale[] {
  const fates: readonly (readonly [Outcome, Outcome])[] = [
    ["success", "refused"],
    ["refused", "success"],
    ["success", "success"],
    ["refused", "refused"],
  ];
  return Array.from({ length: 16 }, (_, n) => n).flatMap((n): LabelledSale[] => {
    const first = {
      ...saleOf(world, offset + 2 * n),
      eventId: `pageview_${"c".repeat(24)}${String(n).padStart(8, "0")}`,
    };
    const second = { ...saleOf(world, offset + 2 * n + 1), eventId: first.eventId, pixelId: first.pixelId };
    const outcomes = fates[n % 4] as readonly [Outcome, Outcome];
    return [first, second].map((sale, which) => {
      const outcome = outcomes[which] as Outcome;
      const start = at + n * 4 * MINUTE + which * (n % 8 < 4 ? 90_000 : 300);
      const { task, at: ran } = timedOut(world, start, sale);
      world.book.run(ran, task, sale, outcome);
      return {
        ...sale,
        route: "shared click",
        truth: outcome === "success" ? ("received" as const) : ("lost" as const),
        at: start,
      };
    });
  });
}

/** Page views (the same task, the same event ids), other tasks and other programs. */
function background({ book, random }: World, from: number, to: number): void {
  for (let at = from; at < to; at += MINUTE + random.below(2 * MINUTE)) {
    const task = uuid(random);
    const click = {
      paymentId: "",
      saleId: 0,
      eventId: `pageview_${task.replaceAll("-", "")}`,
      pixelId: random.pick(PIXELS),
    };
    book.say(
      at,
      `[META PAGEVIEW] PageView - Event Data: event_name=PageView, event_id=${click.eventId}, event_time=1`,
    );
    book.received(at + 30, task);
    book.run(at + 40, task, click, random.pick(["success", "success", "refused"] as const), {
      name: "PageView",
    });
    book.tell(at + 50, "MainProcess", `Task celery_app.send_telegram[${uuid(random)}] received`);
    if (random.next() < 0.3) book.say(at + 60, '127.0.0.1 - - "GET /delivery/x HTTP/1.1" 200 – ok ✅');
  }
}
