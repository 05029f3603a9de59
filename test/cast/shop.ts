/** The rows of the shop (demo/shop.ts) as tests import them: from the cast, like everything else that plays along. */
export * from "../../demo/shop.js";
export { encryptToken, newFernetKey } from "../../demo/fernet.js";
