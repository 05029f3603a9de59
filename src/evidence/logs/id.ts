import { redact } from "../../redact.js";

/**
 * What stands in an id's place on a line, or an empty text: a broken line may have a token or a customer's address
 * there, and ids are kept for nine days.
 */
export function idOf(text: string): string {
  return text.includes("@") || redact(text) !== text ? "" : text;
}
