import { setTimeout as sleep } from "node:timers/promises";
import { errorAnswer } from "./errors.js";
import { reset, write, writeEndlessly, writeHalf, writeTruncated } from "./write.js";
/** Does what the fault says instead of answering properly. */
export async function misbehave(fault, { res, entry, receive }) {
    const refuse = (error, headers) => write(res, errorAnswer(error, headers), entry);
    switch (fault.fault) {
        case "stored-no-answer":
            receive();
            return;
        case "no-answer":
            return;
        case "stored-reset":
            receive();
            return reset(res);
        case "reset":
            return reset(res);
        case "reset-midway":
            return await writeHalf(res, receive(), entry);
        case "truncated":
            return writeTruncated(res, receive(), entry);
        case "huge":
            return writeEndlessly(res, receive(), entry);
        case "too-few":
            return write(res, receive(fault.received ?? entry.events - 1), entry);
        case "slow": {
            const answer = receive();
            await sleep(fault.ms, undefined, { ref: false });
            return write(res, answer, entry);
        }
        case "500-1":
        case "500-2":
            if (fault.stored === true)
                receive();
            return refuse(fault.fault === "500-1" ? unknownError : serviceError);
        case "html-502":
            if (fault.stored === true)
                receive();
            return write(res, { status: 502, body: badGateway }, entry);
        case "transient-400":
            return refuse({ ...serviceError, status: 400 });
        case "rate": {
            const code = fault.code ?? 80004;
            const usage = rateUsage(entry.pixel, fault.minutes ?? 5);
            return refuse({ status: 400, code, message: tooMany(code) }, { "X-Business-Use-Case-Usage": usage });
        }
        case "policy":
            return refuse({
                status: 400,
                code: 368,
                message: "The action attempted has been deemed abusive or disallowed",
            });
        case "credentials":
            return refuse({ status: 401, code: 190, subcode: 460, message: passwordChanged });
        case "unknown-4xx":
            return refuse({
                status: fault.status ?? 422,
                code: fault.code ?? 987_654,
                message: "An error of a new kind",
            });
        case "redirect": {
            const location = fault.location ?? "https://elsewhere.invalid/login";
            return write(res, { status: 302, headers: { location }, body: "" }, entry);
        }
        case "event-refused":
            return write(res, receive(), entry);
    }
}
const unknownError = {
    status: 500,
    code: 1,
    message: "An unknown error has occurred.",
    transient: true,
};
const serviceError = {
    status: 500,
    code: 2,
    message: "An unexpected error has occurred. Please retry your request later.",
    transient: true,
    user: ["Erro inesperado", "Ocorreu um erro inesperado. Tente de novo mais tarde."],
};
const passwordChanged = "Error validating access token: The session has been invalidated because the user changed their password or " +
    "Facebook has changed the session for security reasons.";
const badGateway = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Sorry.</body></html>";
function tooMany(code) {
    return code === 4
        ? "(#4) Application request limit reached"
        : `(#${code}) There have been too many calls to this ad-account. Wait a bit and try again.`;
}
/** The header's unit is minutes, which clients like to mistake for seconds. */
function rateUsage(business, minutes) {
    const usage = { type: "ads_management", call_count: 100, total_cputime: 25, total_time: 25 };
    return JSON.stringify({ [business ?? "0"]: [{ ...usage, estimated_time_to_regain_access: minutes }] });
}
