/** How the cases of one row of the table ended. */
export interface Tally {
  cases: number;
  struck: number;
  violations: number;
}

/** Figures under a head, for a terminal as for a log. */
export function table(tallies: ReadonlyMap<string, Tally>): string {
  const all = [...tallies.values()];
  const sum = (of: (tally: Tally) => number) => all.reduce((total, tally) => total + of(tally), 0);
  const total = {
    cases: sum((one) => one.cases),
    struck: sum((one) => one.struck),
    violations: sum((one) => one.violations),
  };
  const width = Math.max(...[...tallies.keys()].map((name) => name.length));
  const line = (name: string, { cases, struck, violations }: Tally) =>
    `${name.padEnd(width)}  ${[cases, struck, violations].map((n) => String(n).padStart(12)).join("")}`;
  return [
    `${"".padEnd(width)}  ${["cases", "struck", "violations"].map((word) => word.padStart(12)).join("")}`,
    ...[...tallies].map(([name, tally]) => line(name, tally)),
    line("all", total),
  ].join("\n");
}
