import type { UndoingContext } from "../context.js";
import type { ExitCode } from "../errors.js";
import { KnownError, exitCode } from "../errors.js";
import type { PastRun, RowState, Undoing } from "../ports.js";
import type { Left, Plan, Planned } from "../sales/plan.js";
import type { Change } from "../sales/undo.js";
import { hindranceOf } from "../sales/undo.js";
import type { Judged } from "../sales/verdict.js";
import type { CarryOptions, Work } from "./carry.js";
import { carryThrough } from "./carry.js";
import { shifted } from "./perform.js";
import { Rows } from "./rows.js";
import { LOCKED, touchedInWords } from "./state.js";
import { surveyAll } from "./survey.js";
import type { Undo } from "./undo-report.js";
import { showUndo, undoQuestion } from "./undo-report.js";

export interface UndoOptions extends CarryOptions {
  readonly run: string;
  readonly evenAccepted: boolean;
}

/** Makes the rows that a run changed what they were before, where nobody touched them since; a run of its own. */
export async function undo(opened: UndoingContext, options: UndoOptions): Promise<ExitCode> {
  const past = await pastRun(opened, options.run);
  const asked = opened.clock.now();
  const { now, judged } = await surveyAll(
    opened,
    past.changes.map(({ saleId }) => saleId),
  );
  const ctx = { ...opened, clock: shifted(opened.clock, now - asked) };
  const known = new Map(judged.map((one) => [one.sale.id, one]));
  const gone = past.changes.filter(({ saleId }) => !known.has(saleId)).map(({ saleId }) => saleId);
  const changes = new Map(past.changes.map((change) => [change.saleId, change]));
  const plan = planUndo(past.changes, known, options.evenAccepted, now);
  const told: Undo = { past, changes, gone, now };
  return await carryThrough(
    ctx,
    {
      plan,
      now,
      needs: 3, // An earlier one has no word for a sale that is flagged again.
      work: restore(past, changes),
      question: () => undoQuestion(ctx, told, plan),
      show: (full, result) => showUndo(ctx, told, full, result),
      judge: (left) => (left.length + gone.length > 0 ? exitCode.attention : exitCode.ok),
    },
    options,
  );
}

/** @throws KnownError where there is no such run, or it changed nothing */
async function pastRun({ pastRuns }: UndoingContext, run: string): Promise<PastRun> {
  const next = "purchase-fix journal lists the runs";
  const past = await pastRuns.find(run);
  if (past === null)
    throw new KnownError({
      what: `There is no run ${run} in this journal`,
      why: "nothing was changed",
      next,
    });
  if (past.changes.length > 0) return past;
  throw new KnownError({
    what: `Run ${run} (${past.command}) changed no row: there is nothing to undo`,
    next,
  });
}

/** In the order of the run's own entries. */
function planUndo(
  changes: readonly Change[],
  known: ReadonlyMap<number, Judged>,
  evenAccepted: boolean,
  now: number,
): Plan {
  const act: Planned[] = [];
  const left: Left[] = [];
  for (const change of changes) {
    const judged = known.get(change.saleId);
    if (judged === undefined) continue;
    const touched = touchedInWords(undoingOf(change, judged, ""), stateOf(judged));
    const hindrance =
      touched === LOCKED
        ? hindranceOf(change, judged.evidence, evenAccepted, now)
        : { because: touched, wouldAllow: null };
    if (hindrance === null)
      act.push({ action: "undo", judged, before: Infinity, mayDouble: false, revertIfRefused: false });
    else left.push({ judged, ...hindrance, person: hindrance.because });
  }
  return { action: "undo", act, left, allowed: act.length };
}

function undoingOf({ was, wrote }: Change, { sale, evidence }: Judged, because: string): Undoing {
  return { saleId: sale.id, lastAttempt: evidence.lastAttempt, from: wrote, to: was, because };
}

/** The row as it was read with its evidence. */
function stateOf({ sale, evidence }: Judged): RowState {
  const { status, flagged, metaEventId, mark } = sale;
  return { status, flagged, metaEventId, mark, lastAttempt: evidence.lastAttempt };
}

function restore(past: PastRun, changes: ReadonlyMap<number, Change>): Work<UndoingContext> {
  const because = `as it was before run ${past.id} (${past.command})`;
  const undoing = ({ judged }: Planned): Undoing => {
    const change = changes.get(judged.sale.id);
    if (change === undefined) throw new RangeError(`run ${past.id} did not change sale ${judged.sale.id}`);
    return undoingOf(change, judged, because);
  };
  return (ports, planned, options) =>
    new Rows(ports, options, {
      because,
      write: (lease, chunk) => ports.attempts.undo(lease, chunk.map(undoing)),
      left: (item, row) => touchedInWords(undoing(item), row),
    }).run(planned);
}
