import { execFileSync } from "node:child_process";
/** Command lines of the processes, zombies left out, that name this text. */
export function processesNaming(text) {
    const rows = execFileSync("ps", ["-A", "-ww", "-o", "stat=,args="], { encoding: "utf8" }).split("\n");
    return rows.filter((row) => row.includes(text) && !row.trimStart().startsWith("Z"));
}
