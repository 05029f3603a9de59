import { invalidParameter } from "./errors.js";
/** State of November 2026: v21.0 ends on 2027-01-21, v20.0 and older have ended. */
const oldest = 21;
const current = 26;
/** Why Graph does not serve this version: it has ended, never was, or is not named at all. */
export function versionOffence(segment) {
    const version = /^v(\d{1,3})\.(\d)$/.exec(segment ?? "");
    const major = Number(version?.[1] ?? 0);
    if (version !== null && (major > current || (major >= oldest && version[2] !== "0"))) {
        return invalidParameter(`Unknown API version: ${segment}`);
    }
    if (major >= oldest)
        return null;
    const message = `(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v${current}.0.`;
    return { status: 400, code: 2635, message };
}
