import type { Ora } from "ora";
import type { Progress } from "../context.js";
import type { Sink } from "./pipe.js";
import { safeLine } from "./visible.js";

/** Work that ends sooner shows no spinner, and does not pay for loading ora (three times an empty Node). */
const PATIENCE_MS = 300;

/** Each frame takes almost a millisecond: at ora's own 80 ms they took more than a hundredth of a core. */
const FRAME_MS = 200;

export const noProgress: Progress = { update: () => undefined, stop: () => undefined };

/**
 * A spinner that appears after a moment, for a terminal only. It hides no cursor, grabs no signal and reads no key:
 * ora's defaults would, and would leave the terminal so when the process is killed.
 */
export function startSpinner(label: string, stderr: Sink, colored: boolean): Progress {
  let text = safeLine(label);
  let spinner: Ora | undefined;
  let stopped = false;
  const show = async () => {
    const { default: ora } = await import("ora");
    if (stopped) return;
    const color = colored ? "cyan" : false;
    spinner = ora({
      text,
      color,
      stream: stderr,
      isEnabled: true,
      interval: FRAME_MS,
      hideCursor: false,
      discardStdin: false,
    }).start();
  };
  const timer = setTimeout(() => void show().catch(() => undefined), PATIENCE_MS);
  timer.unref();
  return {
    update(next) {
      text = safeLine(next);
      if (spinner !== undefined) spinner.text = text;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      spinner?.stop();
      spinner = undefined;
    },
  };
}
