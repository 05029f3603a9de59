import { confirm } from "../src/commands/confirm.js";
import { resend } from "../src/commands/resend.js";
import { reconcile } from "../src/commands/reconcile.js";
import { revert } from "../src/commands/revert.js";
import type { ReconcilingContext } from "../src/context.js";
import { KnownError } from "../src/errors.js";
import { noRules } from "../src/sales/reconcile.js";
import { DAY, HOUR } from "../src/sales/sale.js";
import { options } from "../test/cast/doubles.js";
import type { Reply, RequestDouble } from "../test/cast/doubles/graph.js";
import { accepted, lost, refused, short, unreached } from "../test/cast/doubles/graph.js";
import { Process } from "./process.js";
import type { Answer, RunDraft, Schedule } from "./schedule.js";
import { OURS, SECOND_PIXEL } from "./schedule.js";
import { World } from "./world.js";

const asked = options({ selection: { by: "span", hours: 240 }, maxRuntimeMs: 4 * HOUR });
const commands: Readonly<Record<RunDraft["command"], (ctx: ReconcilingContext) => Promise<unknown>>> = {
  confirm: (ctx) => confirm(ctx, asked),
  resend: (ctx) => resend(ctx, asked),
  revert: (ctx) => revert(ctx, asked),
  reconcile: (ctx) =>
    reconcile(ctx, { ...asked, window: { by: "last", hours: 240 }, rules: () => noRules, quiet: false }),
};

const replies: Readonly<Record<Answer, (size: number) => Reply>> = {
  accepted,
  "no answer, stored": lost,
  "no answer": () => lost(0),
  "5xx, stored": (size) => ({
    answer: { kind: "unknown", because: "status 500", status: 500, fbtraceId: null },
    stored: size,
  }),
  short: (size) => short(size - 1),
  "429": () => refused("rate", { code: 4 }),
  unreached,
  "token refused": () => refused("credentials", { code: 190 }),
};

/** What a schedule came to, for whoever holds it against the guarantees. */
export interface Played {
  readonly world: World;
  /** Sales of which we sent a copy, or which we gave back, because every attempt was proven not to have arrived. */
  readonly provenLost: ReadonlySet<number>;
  /** The last run's document: Meta was well, and nothing befell it. */
  readonly last: {
    readonly outcomes: readonly {
      readonly id: number;
      readonly answer: string | null;
      readonly effect: string;
    }[];
    readonly left: readonly { readonly id: number; readonly because: string }[];
  };
  readonly died: number;
}

/** Plays a schedule, then lets a clean run follow, and waits until nothing more can happen. */
export async function play(schedule: Schedule, folder: string): Promise<Played> {
  const until = schedule.world.start + 4 * DAY;
  const world = new World(schedule.world, { folder: schedule.sources ? folder : null, until });
  const provenLost = new Set<number>();
  let died = 0;
  const start = async (draft: RunDraft) => {
    const name = `${draft.command}${schedule.sources ? " with logs and broker" : ""}`;
    world.say(`purchase-fix ${name} begins`);
    answerWith(world, draft.answers);
    const off = draft.poolOff ? schedule.world.sales.filter(({ pixelId }) => pixelId === SECOND_PIXEL) : [];
    const faults = new Map(off.map(({ id }) => [id, "redirect_pools 2: tracking is off"]));
    const { ctx } = world.context(draft.command, world.evidence(schedule), faults);
    const process = new Process(world.timeline, draft.mishaps, world.say);
    void process.died.then(() => (died += 1));
    await Promise.race([go(world, draft, watched(process.inside(ctx), provenLost)), process.died]);
  };
  world.timeline.pass(OURS);
  const all: Promise<void>[] = [];
  let at = OURS;
  for (const draft of schedule.runs) {
    at += draft.after;
    all.push(
      new Promise((resolve, reject) => world.timeline.at(at, () => void start(draft).then(resolve, reject))),
    );
  }
  await world.timeline.during(Promise.all(all));
  world.timeline.pass(world.timeline.now() + 2 * HOUR);
  answerWith(world, []);
  const command = schedule.lastly;
  world.say(`purchase-fix ${command} once more: Meta is well`);
  const { ctx, output } = world.context(command, world.evidence(schedule));
  await world.timeline.during(go(world, { command }, watched(ctx, provenLost)));
  const last = output.documents.at(-1) as unknown as Played["last"];
  world.timeline.pass(world.timeline.now() + 4 * DAY);
  return { world, provenLost, last, died };
}

async function go(
  world: World,
  { command }: Pick<RunDraft, "command">,
  ctx: ReconcilingContext,
): Promise<void> {
  try {
    await commands[command](ctx);
    world.say(`${ctx.record.id} (${command}) ends`);
  } catch (error) {
    // Another run at work, or a lease that was lost, is what a schedule is to bring about; anything else is a defect.
    if (!(error instanceof KnownError)) throw error;
    world.say(`${ctx.record.id} (${command}) ends: ${error.message}`);
  }
}

/** Notes what was concluded about each sale at the moment at which the world is changed for it. */
function watched(ctx: ReconcilingContext, provenLost: Set<number>): ReconcilingContext {
  const { sender, attempts } = ctx;
  return {
    ...ctx,
    sender: {
      ...sender,
      build: async (planned, now) => {
        for (const { judged } of planned)
          if (judged.kind === "lost" && judged.foldedUntil === null) provenLost.add(judged.sale.id);
        return await sender.build(planned, now);
      },
      post: (to, events, once) => sender.post(to, events, once),
    },
    attempts: {
      ...attempts,
      claim: (lease, claims) => attempts.claim(lease, claims),
      answer: (lease, settlements) => attempts.answer(lease, settlements),
      settle: (lease, settlements) => attempts.settle(lease, settlements),
      close: (lease, open, because) => attempts.close(lease, open, because),
      confirm: (lease, sales) => attempts.confirm(lease, sales),
      states: (ids) => attempts.states(ids),
      revert: async (lease, sales) => {
        const done = await attempts.revert(lease, sales);
        for (const { saleId } of done.written) provenLost.add(saleId);
        return done;
      },
    },
  };
}

function answerWith(world: World, answers: readonly Answer[]): void {
  const rest = [...answers];
  world.graph.script = ({ sales, eventIds, pixelId }: RequestDouble) => {
    const isUnfit = sales.some((id) => world.isUnfit(id));
    const answer = rest.shift() ?? "accepted";
    const refuses = isUnfit && answer !== "429" && answer !== "unreached" && answer !== "token refused";
    const told = sales.map((id, at) => `${id} as ${eventIds[at]}`).join(", ");
    world.say(
      `we send to pixel …${pixelId.slice(-4)} sale ${told}: ${refuses ? "one of them refused" : answer}`,
    );
    return refuses ? refused("event", { subcode: 2804050 }) : replies[answer](sales.length);
  };
}
