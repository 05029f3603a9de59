import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FernetKeyError, FernetTokenError, openFernet } from "../../src/meta/fernet.js";
import { Secret } from "../../src/redact.js";
const python = JSON.parse(readFileSync(new URL("fixtures/fernet-python.json", import.meta.url), "utf8"));
const read = (key, token) => openFernet(new Secret(key)).decrypt(token).reveal();
/** Key and token of the specification's generate.json and verify.json (github.com/fernet/spec). */
const spec = {
    secret: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
    token: "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==",
};
/** The specification's invalid.json. */
const invalid = [
    [
        "incorrect mac",
        "rn9hs9yS0GVWjk4hH822VIwQUWz-_WZWCLzsD7SgV2IAAAAAHcCesAABAgMEBQYHCAkKCwwNDg8tNtXKRlVimf3hMAhjOASy",
    ],
    ["too short", "91GVdgz7jmWR6vJiViEA4u-LhVMhCSr87INSeFwwkYAAAAAAHcCesAABAgMEBQYHCAkKCw=="],
    [
        "invalid base64",
        "%%%%%%%%%%%j-ztUarjDIfllJBmLiBMjfcmZesHVIhcAAAAAHcCesAABAgMEBQYHCAkKCwwNDg8tNtXKRlVimf3hMAhjOASy",
    ],
    [
        "size not multiple of block size",
        "r-pDJRzyfnW4rYfh-gZek3qA3lnFG8fGaf0qgmZlPL8AAAAAHcCesAABAgMEBQYHCAkKCwwNDg8tNtXKRlVimf3hMAhjOAQ=",
    ],
    [
        "payload padding error",
        "ApoqRxzlU8Z9-mPSV6ufXeIgKugRjI_-ugnnqqoCTjQAAAAAHcCesAABAgMEBQYHCAkKCwwNDg91rx5fbHkRnpZBxpOuEAjd",
    ],
    [
        "far-future time",
        "M0oOEQn9ZTWz212mKeX0qRyi7-wYxJFfsmDMhRazEeAAAAAAVigfvAABAgMEBQYHCAkKCwwNDg8tNtXKRlVimf3hMAhjOASy",
    ],
    [
        "expired",
        "2woUxqnnpRAj-ztUarjDIfllJBmLiBMjfcmZesHVIhcAAAAAHcCesAABAgMEBQYHCAkKCwwNDg8tNtXKRlVimf3hMAhjOASy",
    ],
    [
        "incorrect IV",
        "fe5sCHPyF13H837yvtc65xAlWfXXP3fEUX_jMiB74EwAAAAAHcCesHV0d3ZxcHNyfXx_fnl4e3otNtXKRlVimf3hMAhjOASy",
    ],
];
describe("a token that the application can read", () => {
    test("is read: the specification's own", () => {
        expect(read(spec.secret, spec.token)).toBe("hello");
    });
    test.each(python.cases)("is read: Python's, $text.length characters with key $key", ({ key, text, token }) => {
        expect(read(python.keys[key], token)).toBe(text);
    });
    test("is read with white space around it and around the key, as files and variables have it", () => {
        expect(read(` ${spec.secret}\n`, `${spec.token}\n`)).toBe("hello");
    });
    test("is read whichever of several keys made it", () => {
        const both = `${python.keys.two},${python.keys.one}`;
        for (const { token, text } of python.cases)
            expect(read(both, token)).toBe(text);
    });
    test("comes out as a secret: printing it shows nothing", () => {
        const plain = openFernet(new Secret(python.keys.one)).decrypt(python.cases[4]?.token ?? "");
        expect(`${String(plain)} ${JSON.stringify(plain)}`).toBe('[secret] "[secret]"');
    });
});
describe("a token that the application cannot read", () => {
    test.each(invalid)("is refused by the specification: %s", (_what, token) => {
        expect(() => read(spec.secret, token)).toThrow(FernetTokenError);
    });
    test.each(python.corrupt)("is refused by Python: $what", ({ token }) => {
        expect(() => read(python.keys.one, token)).toThrow(FernetTokenError);
    });
    test.each([
        ["empty", ""],
        ["unencrypted", "plain-text-of-a-token"],
        ["a whole byte of padding too much", `${spec.token}====`],
    ])("is refused: %s", (_what, token) => {
        expect(() => read(spec.secret, token)).toThrow(FernetTokenError);
    });
    test("is named by reason, and neither token nor key is in the message", () => {
        for (const { token } of python.corrupt) {
            const fault = thrown(() => read(python.keys.one, token));
            expect(fault.message).not.toBe("");
            expect(fault.message).not.toContain(token.slice(0, 12));
            expect(fault.message).not.toContain(python.keys.one.slice(0, 12));
        }
    });
    test("with any single byte changed is never read", () => {
        const bytes = Buffer.from(spec.token, "base64url");
        for (let at = 0; at < bytes.length; at += 1) {
            const altered = Buffer.from(bytes);
            altered.writeUInt8(bytes.readUInt8(at) ^ 1, at);
            expect(() => read(spec.secret, altered.toString("base64"))).toThrow(FernetTokenError);
        }
    });
});
describe("a key that is none", () => {
    test.each([
        ["empty", ""],
        ["in quotes", `"${spec.secret}"`],
        ["without its padding", spec.secret.slice(0, -1)],
        ["too short", Buffer.alloc(31).toString("base64")],
        ["too long", Buffer.alloc(33).toString("base64")],
        ["a password", "correct horse battery staple"],
        ["one of several", `${spec.secret},oops`],
    ])("is told apart from a corrupt token: %s", (_what, key) => {
        const fault = thrown(() => openFernet(new Secret(key)));
        expect(fault).toBeInstanceOf(FernetKeyError);
        if (key.length > 12)
            expect(JSON.stringify(fault) + fault.message).not.toContain(key.slice(0, 12));
    });
});
function thrown(action) {
    try {
        action();
    }
    catch (error) {
        if (error instanceof Error)
            return error;
    }
    throw new Error("nothing was thrown");
}
