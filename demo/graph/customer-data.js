import { atPath, eventError, invalidParameter } from "./errors.js";
import { isObject } from "./types.js";
const hashed = new Set(["em", "ph", "fn", "ln", "ct", "st", "zp", "country", "ge", "db"]);
/** Strictness towards unknown keys here is assumed (the page says it of the event): it finds misspelt fields. */
const known = new Set([
    ...hashed,
    ...`external_id client_ip_address client_user_agent fbp fbc subscription_id fb_login_id lead_id madid anon_id
   page_id page_scoped_user_id ctwa_clid ig_account_id ig_sid whatsapp_business_account_id`.split(/\s+/),
]);
/** Meta, Customer information parameters: any subset of one of these is too little to match anybody. */
const tooLittle = [
    new Set(["ct", "country", "st", "zp", "ge", "client_user_agent"]),
    new Set(["db", "client_user_agent"]),
    new Set(["fn", "ge"]),
    new Set(["ln", "ge"]),
];
/** A digest, alone or with the eight characters that Meta's own builders append to it. */
const digest = /^[0-9a-f]{64}(\.[A-Za-z0-9_-]{8})?$/;
/** `fb.<n>.<ms>.<fbclid>`, with the suffix of two or eight characters that Meta's builders append. */
const clickId = /^fb\.\d+\.\d+\.[^\s.]+(\.([A-Za-z0-9_-]{2}|[A-Za-z0-9_-]{8}))?$/;
/** The keys that carry something; `[""]` and `[]` carry nothing. */
export function filledKeys(userData) {
    if (!isObject(userData))
        return [];
    return Object.keys(userData).filter((key) => valuesOf(userData[key]).length > 0);
}
export function customerDataOffence(userData, index) {
    if (userData === undefined || userData === null)
        return eventError(2804050);
    if (!isObject(userData))
        return atPath(index, ["user_data"], "must be an object.");
    for (const key of Object.keys(userData)) {
        if (!known.has(key)) {
            return invalidParameter(`Unexpected key "${key}" on param "$['data'][${index}]['user_data']".`);
        }
        if (!valuesOf(userData[key]).every((value) => typeof value === "string")) {
            return atPath(index, ["user_data", key], "must be a string or a list of strings.");
        }
        if (hashed.has(key) && !valuesOf(userData[key]).every((value) => digest.test(String(value)))) {
            return eventError(2804016);
        }
    }
    if (!valuesOf(userData["fbc"]).every((value) => clickId.test(String(value))))
        return eventError(2804001);
    const keys = filledKeys(userData);
    return tooLittle.some((set) => keys.every((key) => set.has(key))) ? eventError(2804050) : null;
}
function valuesOf(field) {
    const list = Array.isArray(field) ? field : [field];
    return list.filter((value) => value !== undefined && value !== null && value !== "");
}
