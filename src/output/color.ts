import type { Tone } from "../context.js";

/** What decides about colour. `color` is `--color` (true), `--no-color` (false) or neither. */
export interface ColorWishes {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly color: boolean | undefined;
}

/** The one rule, asked per stream: flag > NO_COLOR > FORCE_COLOR > TERM=dumb > is it a terminal. An empty variable says nothing. */
export function wantsColor(stream: { readonly isTTY?: boolean }, { env, color }: ColorWishes): boolean {
  if (color !== undefined) return color;
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0" && env["FORCE_COLOR"] !== "false";
  return env["TERM"] !== "dumb" && stream.isTTY === true;
}

/** Colours a text that is already safe to print. */
export type Paint = (text: string, tone: Tone | undefined) => string;

export const plain: Paint = (text) => text;

/**
 * Loads chalk only where something is coloured. Sixteen colours, so that the terminal's own theme decides;
 * grey instead of faint, because cli-table3 carries no faint text over the lines of a wrapped cell.
 */
export async function loadPaint(enabled: boolean): Promise<Paint> {
  if (!enabled) return plain;
  const { Chalk } = await import("chalk");
  const { green, yellow, red, gray, bold } = new Chalk({ level: 1 });
  const styles = { good: green, warn: yellow, bad: red, dim: gray, strong: bold };
  return (text, tone) => (tone === undefined ? text : styles[tone](text));
}

/** Blocks and rules other than ASCII, where the locale says UTF-8 (POSIX order; `C.UTF-8` counts). */
export function showsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  return /utf-?8/i.test(env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "");
}
