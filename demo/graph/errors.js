import { randomBytes } from "node:crypto";
export function traceId() {
    return `A${randomBytes(12).toString("base64url")}`;
}
/** Graph's error envelope. Nearly everything is an "OAuthException", which is why `type` says little. */
export function errorAnswer(error, headers = {}) {
    const body = {
        error: {
            message: error.message,
            type: "OAuthException",
            code: error.code,
            ...(error.subcode === undefined ? {} : { error_subcode: error.subcode }),
            ...(error.transient === undefined ? {} : { is_transient: error.transient }),
            ...(error.user === undefined ? {} : { error_user_title: error.user[0], error_user_msg: error.user[1] }),
            fbtrace_id: traceId(),
        },
    };
    return { status: error.status, headers, body };
}
export function invalidParameter(message) {
    return { status: 400, code: 100, message: `(#100) ${message}` };
}
/** About one event, and for once it says which: these answers carry a JSON path. */
export function atPath(index, keys, complaint) {
    const path = `$['data'][${index}]${keys.map((key) => `['${key}']`).join("")}`;
    return invalidParameter(`Param "${path}" ${complaint}`);
}
export const unknownToken = {
    status: 401,
    code: 190,
    message: "Invalid OAuth access token - Cannot parse access token",
};
export const expiredToken = {
    status: 401,
    code: 190,
    subcode: 463,
    message: "Error validating access token: Session has expired.",
};
export const missingToken = {
    status: 400,
    code: 104,
    message: "An access token is required to request this resource.",
};
export const withoutPermission = {
    status: 403,
    code: 200,
    message: "(#200) You do not have the necessary permissions required to send CAPI events on behalf of this pixel",
};
/** Graph does not tell a pixel that is missing from one that the token may not see. */
export function noSuchObject(method, id) {
    return {
        status: 400,
        code: 100,
        subcode: 33,
        message: `Unsupported ${method} request. Object with ID '${id}' does not exist, cannot be loaded due to missing ` +
            "permissions, or does not support this operation. Please read the Graph API documentation.",
    };
}
/** Refusals of one event that do not say which one: the reason why a sender must bisect. */
const eventErrors = {
    2804001: [
        "ID de clique inválido",
        "O parâmetro fbc não está no formato esperado. Verifique o valor e tente de novo.",
    ],
    2804003: [
        "Registro de data e hora do evento muito antigo",
        "O evento ocorreu há mais de 7 dias. Envie somente eventos dos últimos 7 dias.",
    ],
    2804009: ["Falta o valor da compra", "Eventos de compra precisam do parâmetro value em custom_data."],
    2804010: ["Falta a moeda da compra", "Eventos de compra precisam do parâmetro currency em custom_data."],
    2804016: [
        "Parâmetro de informações do cliente sem hash",
        "Um dos parâmetros de informações do cliente precisa ser enviado com hash SHA-256.",
    ],
    2804050: [
        "Informações do cliente insuficientes",
        "Este evento não tem informações do cliente suficientes para uma correspondência. Adicione mais parâmetros.",
    ],
};
/** An "Invalid parameter" with a subcode, in Portuguese, without the event's place in the batch. */
export function eventError(subcode, code = 100) {
    const user = eventErrors[subcode] ?? ["Parâmetro inválido", "Um dos eventos contém um parâmetro inválido."];
    return { status: 400, code, subcode, message: "Invalid parameter", transient: false, user };
}
