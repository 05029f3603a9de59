import { eventError } from "./errors.js";
import { isObject } from "./types.js";
const names = new Set([
    ...[
        "stored-no-answer",
        "no-answer",
        "reset",
        "stored-reset",
        "reset-midway",
        "truncated",
        "huge",
    ],
    ...["transient-400", "policy", "credentials", "500-1", "500-2", "html-502", "rate", "too-few"],
    ...["slow", "unknown-4xx", "redirect", "event-refused"],
]);
/** Takes what came over the admin path; a misspelt fault must fail its test, not be ignored. */
export function parseRule(value) {
    if (!isObject(value) || typeof value["fault"] !== "string" || !names.has(value["fault"])) {
        throw new Error(`unknown fault: ${JSON.stringify(value)}`);
    }
    if (value["fault"] === "slow" && typeof value["ms"] !== "number")
        throw new Error("slow needs ms");
    if (value["fault"] === "event-refused" && typeof value["eventId"] !== "string") {
        throw new Error("event-refused needs eventId");
    }
    return value;
}
/** The ordered faults: the first rule that fits and is not used up strikes. */
export class FaultRules {
    #standing = [];
    add(rule) {
        this.#standing.push({ rule, passed: 0, left: rule.times ?? (rule.fault === "event-refused" ? -1 : 1) });
    }
    clear() {
        this.#standing = [];
    }
    /** The fault of this request. Each fitting rule counts the request, so that `after` does not depend on the others. */
    strike(target) {
        let struck = null;
        for (const standing of this.#standing) {
            if (standing.rule.fault === "event-refused" || !fits(standing.rule, target))
                continue;
            if (standing.passed++ < (standing.rule.after ?? 0) || standing.left === 0 || struck !== null)
                continue;
            if (standing.left > 0)
                standing.left -= 1;
            struck = standing.rule;
        }
        return struck;
    }
    /** The refusal ordered for this event: a rule of its own kind, since it comes with validation and not instead of it. */
    refusal(pixel, eventId) {
        for (const standing of this.#standing) {
            const { rule } = standing;
            if (rule.fault !== "event-refused" || rule.eventId !== eventId)
                continue;
            if ((rule.pixel ?? pixel) !== pixel || standing.left === 0)
                continue;
            if (standing.passed++ < (rule.after ?? 0))
                continue;
            if (standing.left > 0)
                standing.left -= 1;
            return eventError(rule.subcode ?? 2804050, rule.code);
        }
        return null;
    }
}
function fits(rule, target) {
    const wanted = rule.match?.eventId;
    return ((rule.pixel ?? target.pixel) === target.pixel &&
        (wanted === undefined || target.eventIds.includes(wanted)));
}
